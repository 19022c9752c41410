-- revocation_put --
-- $1 kind, $2 value, $3 at, $4 expires at (by then every token it strikes has expired).
INSERT INTO token_revocation (kind, value, at, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, value) DO UPDATE
  SET at = greatest(token_revocation.at, excluded.at),
      expires_at = greatest(token_revocation.expires_at, excluded.expires_at);

-- revocations --
-- All that are in force. $1 at, $2 since when what ended can still have tokens, $3 a moment after now: with both ends a
-- plan for any moment goes by the index, and LATERAL … OFFSET 0 from the few sessions to their grants. Uses
-- token_revocation_expires_at, app_grant_ended_at, signin_session_ended_at, app_grant_session. A handful of rows.
SELECT kind, value, at FROM token_revocation WHERE expires_at >= $1
UNION ALL
SELECT 'grant', id, ended_at FROM app_grant WHERE ended_at BETWEEN $2 AND $3
UNION ALL
SELECT 'grant', g.id, s.ended_at FROM signin_session s
 CROSS JOIN LATERAL (SELECT id FROM app_grant WHERE session = s.id AND NOT outlives OFFSET 0) g
 WHERE s.ended_at BETWEEN $2 AND $3;

-- tidy_tokens_revocations --
-- $1 at.
DELETE FROM token_revocation WHERE expires_at < $1;

-- standing_client --
-- How a client stands now; in quarantine it is suspended. $1 id.
SELECT CASE WHEN EXISTS (SELECT FROM quarantine q WHERE q.institution = c.institution AND q.lifted_at IS NULL)
            THEN 'suspended' ELSE c.status END AS status,
       i.key, i.code, i.name, i.type
  FROM client c JOIN institution i ON i.key = c.institution WHERE c.id = $1;

-- standing_account --
-- How an account stands now at an institution in a role; no row: not (or no longer). $1 account, $2 institution, $3 role.
SELECT m.emergency_right, coalesce(l.number, '') AS licence, i.key, i.code, i.name, i.type, a.person
  FROM account a JOIN membership m ON m.account = a.id AND m.ended_at IS NULL
  JOIN institution i ON i.key = m.institution
  LEFT JOIN account_licence l ON l.account = a.id AND l.role = m.role
 WHERE a.id = $1 AND m.institution = $2 AND m.role = $3 AND a.disabled_at IS NULL
   AND NOT EXISTS (SELECT FROM quarantine q WHERE q.institution = m.institution AND q.lifted_at IS NULL);

-- signing_key_put --
-- $1 kid, $2 sealed, $3 at, $4 signs until, $5 trusted until, $6 algorithm.
INSERT INTO signing_key (kid, sealed, made_at, signs_until, trusted_until, algorithm)
VALUES ($1, $2, $3, $4, $5, $6);

-- signing_keys --
-- Keys still trusted, the newest first. $1 at. Two or three rows.
SELECT kid, sealed, made_at, signs_until, trusted_until, algorithm FROM signing_key
 WHERE trusted_until > $1 AND withdrawn_at IS NULL ORDER BY number DESC;

-- signing_keys_of_late --
-- Keys trusted since a moment, withdrawn ones too, the newest first. $1 moment.
SELECT kid, made_at, signs_until, trusted_until, withdrawn_at, algorithm FROM signing_key
 WHERE trusted_until > $1 ORDER BY number DESC;

-- signing_key_withdraw --
-- At once, because it may be known to others. $1 kid, $2 at.
UPDATE signing_key SET withdrawn_at = $2 WHERE kid = $1 AND withdrawn_at IS NULL RETURNING kid;

-- signing_key_lock --
-- Lets one new key be made, not two at once.
SELECT pg_advisory_xact_lock(7262021);
