-- link_of --
-- The account of an identity. Uses openid_link_pkey. $1 issuer, $2 subject.
SELECT account FROM openid_link WHERE issuer = $1 AND subject = $2;

-- link_put --
-- $1 issuer, $2 subject, $3 account, $4 at, $5 by.
INSERT INTO openid_link (issuer, subject, account, linked_at, linked_by) VALUES ($1, $2, $3, $4, $5);

-- link_end --
-- Every link of an account. Uses the unique index on (issuer, account), read whole: a few thousand rows. $1 account.
DELETE FROM openid_link WHERE account = $1 RETURNING issuer;

-- linked --
-- Whether an account is linked anywhere. $1 account.
SELECT EXISTS (SELECT FROM openid_link WHERE account = $1);

-- invitation_put --
-- What is prepared for an account; it takes the former's place. $1 issuer, $2 account, $3 hash, $4 username, $5 at, $6 by,
-- $7 ends at.
INSERT INTO openid_invitation (issuer, account, hash, username, made_at, made_by, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (issuer, account) DO UPDATE SET hash = $3, username = $4, made_at = $5, made_by = $6, ends_at = $7;

-- invitation_take --
-- Uses up an invitation: by its code or by the name. $1 issuer, $2 hash or null, $3 username or null, $4 at.
-- Uses openid_invitation_hash, openid_invitation_username.
DELETE FROM openid_invitation
 WHERE issuer = $1 AND (hash = $2 OR username = $3) AND ends_at > $4 RETURNING account, made_by;

-- invitation_end --
-- $1 account.
DELETE FROM openid_invitation WHERE account = $1;

-- arrival_put --
-- $1 hash, $2 sealed, $3 expires at.
INSERT INTO openid_arrival (hash, sealed, expires_at) VALUES ($1, $2, $3);

-- arrival_look --
-- Uses openid_arrival_pkey. $1 hash, $2 at.
SELECT sealed FROM openid_arrival WHERE hash = $1 AND expires_at > $2;

-- arrival_take --
-- Uses it up. $1 hash, $2 at.
DELETE FROM openid_arrival WHERE hash = $1 AND expires_at > $2 RETURNING sealed;

-- seen_put --
-- No row: it was seen before. $1 hash, $2 expires at.
INSERT INTO openid_seen (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING RETURNING true;

-- seen --
-- $1 hash.
SELECT EXISTS (SELECT FROM openid_seen WHERE hash = $1);

-- session_rest --
-- Has a session rest on a provider's word: proven no later than there, and over when that is too old.
-- $1 token hash, $2 issuer, $3 subject, $4 sid, $5 id_token, sealed, $6 proven at, $7 ends at the latest.
WITH held AS (
  UPDATE signin_session SET proven_at = least(proven_at, $6), ends_at = least(ends_at, $7) WHERE hash = $1 RETURNING id
)
INSERT INTO openid_session (session, issuer, subject, sid, sealed) SELECT id, $2, $3, $4, $5 FROM held
ON CONFLICT (session) DO UPDATE SET sid = excluded.sid, sealed = excluded.sealed;

-- session_leaves --
-- Takes the id_token of an open session out, to sign out there. Uses signin_session_pkey. $1 token hash.
UPDATE openid_session AS o SET sealed = NULL
  FROM (SELECT p.session, p.sealed FROM openid_session p JOIN signin_session s ON s.id = p.session
         WHERE s.hash = $1 AND s.ended_at IS NULL FOR UPDATE OF p) AS was
 WHERE o.session = was.session RETURNING was.sealed;

-- session_rests --
-- Whether a session rests on a provider's word. Uses openid_session_pkey. $1 session.
SELECT EXISTS (SELECT FROM openid_session WHERE session = $1);

-- sessions_there --
-- The open sessions of an identity, or of one of its sessions there. Uses openid_session_subject, and for a `sid` alone
-- reads the provider's. $1 issuer, $2 subject or '', $3 sid or ''.
SELECT s.hash FROM openid_session o JOIN signin_session s ON s.id = o.session
 WHERE o.issuer = $1 AND ($2 = '' OR o.subject = $2) AND ($3 = '' OR o.sid = $3) AND s.ended_at IS NULL;

-- roll --
-- How an institution's accounts are linked, and what is prepared for them. $1 institution, $2 issuer, $3 at.
SELECT DISTINCT a.id AS account, a.login, a.name, l.linked_at, i.username, i.ends_at, i.account IS NOT NULL AS invited
  FROM membership m
  JOIN account a ON a.id = m.account
  LEFT JOIN openid_link l ON l.account = a.id AND l.issuer = $2
  LEFT JOIN openid_invitation i ON i.account = a.id AND i.issuer = $2 AND i.ends_at > $3
 WHERE m.institution = $1 AND m.ended_at IS NULL
 ORDER BY a.login;

-- reserve --
-- How many operators are open and linked nowhere: those who get in while a provider is not there.
SELECT count(DISTINCT a.id) FROM account a JOIN membership m ON m.account = a.id AND m.role = 'operator' AND m.ended_at IS NULL
 WHERE a.disabled_at IS NULL AND NOT EXISTS (SELECT FROM openid_link l WHERE l.account = a.id);

-- is_reserve --
-- Whether an account is one of them. $1 account.
SELECT EXISTS (SELECT FROM membership m WHERE m.account = $1 AND m.role = 'operator' AND m.ended_at IS NULL)
   AND NOT EXISTS (SELECT FROM openid_link l WHERE l.account = $1);

-- tidy_arrivals --
-- $1 at.
DELETE FROM openid_arrival WHERE expires_at < $1;

-- tidy_seen --
-- $1 at.
DELETE FROM openid_seen WHERE expires_at < $1;

-- tidy_invitations --
-- $1 at.
DELETE FROM openid_invitation WHERE ends_at < $1;

-- tidy_tokens --
-- id_tokens of sessions that are over: nobody signs out of them any more. $1 at.
UPDATE openid_session SET sealed = NULL
  FROM signin_session s WHERE s.id = openid_session.session AND sealed IS NOT NULL AND (s.ended_at IS NOT NULL OR s.ends_at < $1);
