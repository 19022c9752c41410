-- session_put --
-- $1 token hash, $2 id, $3 csrf, $4 account, $5 factors, $6 must change, $7 at, $8 ends at.
INSERT INTO signin_session (hash, id, csrf, account, factors, must_change, created_at, used_at, proven_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8);

-- session_of --
-- A session with all that decides whether it is good. Uses signin_session_pkey. $1 token hash.
SELECT s.id, s.csrf, s.account, s.factors, s.must_change, s.institution, s.role, s.purpose, s.person, s.acts_for,
       s.only_at, s.break_glass, s.created_at, s.used_at, s.proven_at, s.ends_at, s.ended_at,
       a.login, a.name, a.disabled_at, a.person AS own_person,
       i.code, i.name AS institution_name, i.type,
       m.account IS NOT NULL
         AND NOT EXISTS (SELECT FROM quarantine q WHERE q.institution = s.institution AND q.lifted_at IS NULL) AS member, coalesce(m.emergency_right, false) AS emergency_right,
       coalesce(m.manages, false) AS manages,
       coalesce(l.number, '') AS licence
  FROM signin_session s
  JOIN account a ON a.id = s.account
  LEFT JOIN institution i ON i.key = s.institution
  LEFT JOIN membership m ON m.account = s.account AND m.institution = s.institution AND m.role = s.role
        AND m.ended_at IS NULL
  LEFT JOIN account_licence l ON l.account = s.account AND l.role = s.role
 WHERE s.hash = $1;

-- session_used --
-- $1 token hash, $2 at.
UPDATE signin_session SET used_at = $2 WHERE hash = $1 AND ended_at IS NULL AND used_at < $2;

-- session_raise --
-- More was proven: a new token takes the old one's place (no fixation). No row: it ended meanwhile.
-- $1 old hash, $2 new hash, $3 csrf, $4 factors, $5 must change, $6 at, $7 a second factor was proven just now.
UPDATE signin_session SET hash = $2, csrf = $3, factors = $4, must_change = $5, used_at = $6,
       proven_at = CASE WHEN $7 THEN $6 ELSE proven_at END
 WHERE hash = $1 AND ended_at IS NULL RETURNING id;

-- session_break_glass --
-- Binds a session to a break-glass credential. $1 hash, $2 institution, $3 credential, $4 ends at the latest.
UPDATE signin_session SET only_at = $2, break_glass = $3, ends_at = least(ends_at, $4) WHERE hash = $1;

-- session_choose --
-- $1 old hash, $2 new hash, $3 csrf, $4 institution, $5 role, $6 purpose, $7 person, $8 acts for, $9 at.
UPDATE signin_session SET hash = $2, csrf = $3, institution = $4, role = $5, purpose = $6, person = $7,
       acts_for = $8, used_at = $9
 WHERE hash = $1 AND ended_at IS NULL RETURNING id;

-- session_end --
-- $1 token hash, $2 at, $3 why. Returns the account when there was one to end.
UPDATE signin_session SET ended_at = $2, ended_because = $3 WHERE hash = $1 AND ended_at IS NULL RETURNING account;

-- sessions_end --
-- All of an account. Uses signin_session_account. $1 account, $2 at, $3 why, $4 a token hash to keep, or null.
UPDATE signin_session SET ended_at = $2, ended_because = $3
 WHERE account = $1 AND ended_at IS NULL AND hash IS DISTINCT FROM $4;

-- sessions_end_break_glass --
-- All that rest on one credential. $1 credential, $2 at, $3 account.
UPDATE signin_session SET ended_at = $2, ended_because = 'break-glass revoked'
 WHERE account = $3 AND break_glass = $1 AND ended_at IS NULL;

-- break_glass_put --
-- $1 id, $2 account, $3 institution, $4 reason, $5 hours, $6 at.
INSERT INTO break_glass (id, account, institution, reason, hours, asked_at) VALUES ($1, $2, $3, $4, $5, $6);

-- break_glass_lock --
-- $1 id.
SELECT id, account, institution, reason, hours, asked_at, approved_by, approved_at, ends_at, revoked_at,
       reviewed_at, verdict
  FROM break_glass WHERE id = $1 FOR UPDATE;

-- break_glass_approve --
-- $1 id, $2 by, $3 at, $4 code hash, $5 ends at.
UPDATE break_glass SET approved_by = $2, approved_at = $3, hash = $4, ends_at = $5
 WHERE id = $1 AND approved_at IS NULL AND revoked_at IS NULL;

-- break_glass_revoke --
-- $1 id, $2 at.
UPDATE break_glass SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL;

-- break_glass_find --
-- The good credential with this code. $1 account, $2 code hash, $3 at.
SELECT id, institution, ends_at FROM break_glass
 WHERE account = $1 AND hash = $2 AND ends_at > $3 AND revoked_at IS NULL;

-- break_glass_open --
-- What waits for approval. $1 institution or null, $2 not asked before. Uses break_glass_institution.
SELECT id, account, institution, reason, hours, asked_at, approved_by, approved_at, ends_at, revoked_at,
       reviewed_at, verdict
  FROM break_glass
 WHERE ($1::integer IS NULL OR institution = $1) AND approved_at IS NULL AND revoked_at IS NULL AND asked_at >= $2
 ORDER BY asked_at;

-- break_glass_of --
-- What an account asked for, newest first. Uses break_glass_account. $1 account, $2 not asked before.
SELECT id, account, institution, reason, hours, asked_at, approved_by, approved_at, ends_at, revoked_at,
       reviewed_at, verdict
  FROM break_glass WHERE account = $1 AND asked_at >= $2 ORDER BY asked_at DESC;

-- break_glass_approved --
-- What was approved, newest first. Uses break_glass_institution. $1 institution or null, $2 not approved before.
SELECT id, account, institution, reason, hours, asked_at, approved_by, approved_at, ends_at, revoked_at,
       reviewed_at, verdict
  FROM break_glass WHERE ($1::integer IS NULL OR institution = $1) AND approved_at >= $2 ORDER BY approved_at DESC;

-- break_glass_unreviewed --
-- What waits for a review, oldest first. Uses break_glass_review. $1 institution or null, $2 account whose own are left out.
SELECT id, account, institution, reason, hours, asked_at, approved_by, approved_at, ends_at, revoked_at,
       reviewed_at, verdict
  FROM break_glass
 WHERE approved_at IS NOT NULL AND reviewed_at IS NULL AND ($1::integer IS NULL OR institution = $1)
   AND account <> $2 AND approved_by <> $2
 ORDER BY approved_at LIMIT 200;

-- break_glass_judge --
-- Uses break_glass_pkey. $1 id, $2 institution or null, $3 verdict, $4 remark, $5 by, $6 moment.
UPDATE break_glass SET verdict = $3, remark = $4, reviewed_by = $5, reviewed_at = $6
 WHERE id = $1 AND ($2::integer IS NULL OR institution = $2) AND approved_at IS NOT NULL AND reviewed_at IS NULL
   AND account <> $5 AND approved_by <> $5
RETURNING id;
