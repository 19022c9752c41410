-- app_grant_put --
-- $1 id, $2 client, $3 account, $4 session, $5 institution, $6 role, $7 purpose, $8 factors, $9 person, $10 acts for,
-- $11 context, $12 scopes, $13 outlives, $14 renews, $15 proven at, $16 nonce, $17 hash of the code, $18 redirect,
-- $19 challenge, $20 code ends, $21 at, $22 ends at.
INSERT INTO app_grant (id, client, account, session, institution, role, purpose, factors, person, acts_for, context,
                       scopes, outlives, renews, proven_at, nonce, code, redirect, challenge, code_ends, given_at,
                       used_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $21, $22);

-- app_grant_crowd --
-- Ends the oldest beyond the newest few of one account for one app. Uses app_grant_account. $1 account, $2 client,
-- $3 how many stay, $4 at.
UPDATE app_grant SET ended_at = $4, ended_because = 'too many'
 WHERE id IN (SELECT id FROM app_grant WHERE account = $1 AND client = $2 AND ended_at IS NULL
               ORDER BY given_at DESC, id OFFSET $3);

-- app_grant_of_code --
-- Locks what a code stands for. Uses app_grant_code_key. $1 hash of the code.
SELECT g.*, s.ended_at AS session_ended, s.ends_at AS session_ends, s.used_at AS session_used,
       s.institution AS session_institution, s.role AS session_role
  FROM app_grant g JOIN signin_session s ON s.id = g.session WHERE g.code = $1 FOR UPDATE OF g;

-- app_grant_of_refresh --
-- Locks what a refresh token stands for. Uses app_refresh_pkey. $1 hash of the token.
SELECT g.*, s.ended_at AS session_ended, s.ends_at AS session_ends, s.used_at AS session_used,
       s.institution AS session_institution, s.role AS session_role, r.used_at AS refresh_used
  FROM app_refresh r JOIN app_grant g ON g.id = r.app_grant JOIN signin_session s ON s.id = g.session
 WHERE r.hash = $1 FOR UPDATE OF g, r;

-- app_grant_of --
-- One grant, ended or not. $1 id.
SELECT g.*, s.ended_at AS session_ended, s.ends_at AS session_ends, s.used_at AS session_used,
       s.institution AS session_institution, s.role AS session_role
  FROM app_grant g JOIN signin_session s ON s.id = g.session WHERE g.id = $1;

-- app_grant_code_used --
-- $1 id, $2 at.
UPDATE app_grant SET code_used = $2, used_at = $2 WHERE id = $1;

-- app_grant_used --
-- $1 id, $2 at.
UPDATE app_grant SET used_at = $2 WHERE id = $1;

-- app_grant_end --
-- $1 id, $2 at, $3 why. No row: it had ended.
UPDATE app_grant SET ended_at = $2, ended_because = $3 WHERE id = $1 AND ended_at IS NULL RETURNING id;

-- app_grant_end_own --
-- By who allowed it. $1 id, $2 account, $3 at. No row: not theirs, or it had ended.
UPDATE app_grant SET ended_at = $3, ended_because = 'by its account'
 WHERE id = $1 AND account = $2 AND ended_at IS NULL RETURNING client, person;

-- app_grants_end_subject --
-- All of an account, or of an app. Uses app_grant_account, app_grant_client. $1 account or client, $2 at.
UPDATE app_grant SET ended_at = $2, ended_because = 'struck'
 WHERE (account = $1 OR client = $1) AND ended_at IS NULL;

-- app_grants_end_institution --
-- All of an institution's people, and of its apps. $1 institution, $2 at. Reads what stands: once in a quarantine.
UPDATE app_grant SET ended_at = $2, ended_because = 'struck'
 WHERE ended_at IS NULL
   AND (institution = $1 OR client IN (SELECT id FROM client WHERE institution = $1));

-- app_grants_mine --
-- What an account allowed and an app took up, the newest first; over when it or its session is. Uses app_grant_account.
-- $1 account, $2 at, $3 sessions that are not idle were used since.
SELECT g.id, g.client, c.name, i.name AS institution, g.scopes, g.outlives, g.given_at, g.used_at, g.ends_at, g.person,
       g.acts_for
  FROM app_grant g JOIN client c ON c.id = g.client JOIN institution i ON i.key = c.institution
  JOIN signin_session s ON s.id = g.session
 WHERE g.account = $1 AND g.ended_at IS NULL AND g.ends_at > $2 AND g.code_used IS NOT NULL
   AND (g.outlives OR (s.ended_at IS NULL AND s.ends_at > $2 AND s.used_at > $3))
 ORDER BY g.given_at DESC, g.id LIMIT 200;

-- app_refresh_put --
-- $1 hash, $2 grant, $3 at.
INSERT INTO app_refresh (hash, app_grant, made_at) VALUES ($1, $2, $3);

-- app_refresh_used --
-- $1 hash, $2 at.
UPDATE app_refresh SET used_at = $2 WHERE hash = $1;

-- app_launch_put --
-- $1 hash, $2 client, $3 session, $4 person, $5 encounter, $6 ends at.
INSERT INTO app_launch (hash, client, session, person, encounter, ends_at) VALUES ($1, $2, $3, $4, $5, $6);

-- app_launch_of --
-- What a launch token stands for in this session, for this app, while it is good. $1 hash, $2 session, $3 client, $4 at.
SELECT person, encounter FROM app_launch
 WHERE hash = $1 AND session = $2 AND client = $3 AND ends_at > $4 AND used_at IS NULL;

-- app_launch_take --
-- Uses it up: of two at once, one gets a row. $1 hash, $2 session, $3 client, $4 at.
UPDATE app_launch SET used_at = $4
 WHERE hash = $1 AND session = $2 AND client = $3 AND ends_at > $4 AND used_at IS NULL RETURNING person, encounter;

-- tidy_app_launches --
-- $1 before.
DELETE FROM app_launch WHERE ends_at < $1;

-- tidy_app_grants --
-- What no app ever took up. Uses app_grant_code_ends. $1 before.
DELETE FROM app_grant WHERE code_used IS NULL AND code_ends < $1;

-- tidy_app_refresh --
-- Tokens of what ended long ago. Uses app_grant_ended_at, app_refresh_grant. $1 before.
DELETE FROM app_refresh WHERE app_grant IN (SELECT id FROM app_grant WHERE ended_at < $1);
