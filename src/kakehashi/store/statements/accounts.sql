-- account_put --
-- A new account. $1 id, $2 login, $3 name, $4 kana, $5 birth date, $6 person, $7 at. UniqueViolation: login or person taken.
INSERT INTO account (id, login, name, kana, birth_date, person, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- account_by_login --
-- Uses account_login_key. $1 login. One row at most.
SELECT id, login, name, kana, birth_date, person, created_at, used_at, disabled_at FROM account WHERE login = $1;

-- account_by_id --
-- Uses account_pkey. $1 id. One row at most.
SELECT id, login, name, kana, birth_date, person, created_at, used_at, disabled_at FROM account WHERE id = $1;

-- account_by_person --
-- A person's own account. Uses account_person_key. $1 person. One row at most.
SELECT id, login, name, kana, birth_date, person, created_at, used_at, disabled_at FROM account WHERE person = $1;

-- account_lock --
-- One account, held against other changes until the transaction ends. $1 id.
SELECT id, login, name, kana, birth_date, person, created_at, used_at, disabled_at FROM account WHERE id = $1 FOR UPDATE;

-- account_used --
-- Last use. $1 id, $2 at.
UPDATE account SET used_at = $2 WHERE id = $1;

-- account_disable --
-- Disables ($2 at) or enables ($2 null) an account. $1 id.
UPDATE account SET disabled_at = $2 WHERE id = $1;

-- account_unused --
-- Accounts not used since $1 (made before, never used, or used before), for the review of rights. Scans accounts.
SELECT id, login, name, kana, birth_date, person, created_at, used_at, disabled_at
  FROM account WHERE disabled_at IS NULL AND coalesce(used_at, created_at) < $1 ORDER BY login;

-- operator_exists --
-- Whether anybody holds the operator's role.
SELECT EXISTS (SELECT FROM membership WHERE role = 'operator' AND ended_at IS NULL);

-- setup_lock --
-- Lets one first operator be made, not two at once.
SELECT pg_advisory_xact_lock(7262020);

-- licence_put --
-- $1 role, $2 number, $3 account. UniqueViolation: another account has this licence, or this account another one.
INSERT INTO account_licence (role, number, account) VALUES ($1, $2, $3)
ON CONFLICT (role, number) DO UPDATE SET account = excluded.account WHERE account_licence.account = excluded.account
RETURNING account;

-- membership_put --
-- A person begins to work at an institution in a role, or begins again. $1 account, $2 institution, $3 role, $4 at.
INSERT INTO membership (account, institution, role, since) VALUES ($1, $2, $3, $4)
ON CONFLICT (account, institution, role) DO UPDATE
  SET since = excluded.since, ended_at = NULL, manages = false, emergency_right = false
  WHERE membership.ended_at IS NOT NULL;

-- membership_end --
-- $1 account, $2 institution, $3 role, $4 at. Returns the account when there was one to end.
UPDATE membership SET ended_at = $4, manages = false, emergency_right = false
 WHERE account = $1 AND institution = $2 AND role = $3 AND ended_at IS NULL RETURNING account;

-- membership_rights --
-- $1 account, $2 institution, $3 role, $4 manages, $5 emergency right.
UPDATE membership SET manages = $4, emergency_right = $5
 WHERE account = $1 AND institution = $2 AND role = $3 AND ended_at IS NULL RETURNING account;

-- memberships --
-- Where a person works, in what role. Uses membership_pkey. $1 account. A few rows.
SELECT m.institution, i.code, i.name, i.type, m.role, m.manages, m.emergency_right, coalesce(l.number, '') AS licence
  FROM membership m JOIN institution i ON i.key = m.institution
  LEFT JOIN account_licence l ON l.account = m.account AND l.role = m.role
 WHERE m.account = $1 AND m.ended_at IS NULL ORDER BY m.institution, m.role;

-- password_put --
-- $1 account, $2 hash, $3 at, $4 initial.
INSERT INTO account_password (account, hash, changed_at, initial) VALUES ($1, $2, $3, $4)
ON CONFLICT (account) DO UPDATE
  SET hash = excluded.hash, changed_at = excluded.changed_at, initial = excluded.initial, spent_at = NULL;

-- password_of --
-- $1 account. One row at most.
SELECT hash, changed_at, initial, spent_at FROM account_password WHERE account = $1;

-- password_spend --
-- Uses up an initial password: of two at once, one gets a row. $1 account, $2 hash, $3 at.
UPDATE account_password SET spent_at = $3 WHERE account = $1 AND hash = $2 AND spent_at IS NULL RETURNING account;

-- totp_offer --
-- A secret shown, to be proven by a code. $1 account, $2 sealed secret, $3 at.
INSERT INTO account_totp_offer (account, sealed, made_at) VALUES ($1, $2, $3)
ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, made_at = excluded.made_at;

-- totp_offered --
-- $1 account, $2 not made before.
SELECT sealed FROM account_totp_offer WHERE account = $1 AND made_at >= $2;

-- totp_confirm --
-- The secret shown takes the place of the one in use; of two at once, one gets a row. $1 account, $2 sealed, $3 step, $4 at.
WITH taken AS (DELETE FROM account_totp_offer WHERE account = $1 AND sealed = $2 RETURNING account, sealed)
INSERT INTO account_totp (account, sealed, confirmed_at, last_step) SELECT account, sealed, $4, $3 FROM taken
ON CONFLICT (account) DO UPDATE
  SET sealed = excluded.sealed, confirmed_at = excluded.confirmed_at, last_step = excluded.last_step
RETURNING account;

-- totp_of --
-- $1 account. One row at most.
SELECT sealed, last_step FROM account_totp WHERE account = $1;

-- totp_take --
-- Uses up a code: of two with the same step, one gets a row. $1 account, $2 sealed, $3 step.
UPDATE account_totp SET last_step = $3 WHERE account = $1 AND sealed = $2 AND last_step < $3 RETURNING account;

-- totp_drop --
-- $1 account.
DELETE FROM account_totp WHERE account = $1;

-- recovery_clear --
-- $1 account.
DELETE FROM account_recovery WHERE account = $1;

-- recovery_put --
-- $1 account, $2 hashes.
INSERT INTO account_recovery (account, hash) SELECT $1, unnest($2::bytea[]);

-- recovery_take --
-- Uses up a recovery code: of two at once, one gets a row. $1 account, $2 hash, $3 at.
UPDATE account_recovery SET used_at = $3 WHERE account = $1 AND hash = $2 AND used_at IS NULL RETURNING account;

-- recovery_left --
-- How many are left. $1 account.
SELECT count(*) FROM account_recovery WHERE account = $1 AND used_at IS NULL;

-- passkey_put --
-- $1 id, $2 account, $3 public key, $4 sign count, $5 label, $6 at.
INSERT INTO account_passkey (id, account, public_key, sign_count, label, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- passkey_by_id --
-- Uses account_passkey_pkey. $1 id.
SELECT id, account, public_key, sign_count, label, created_at, used_at, suspended_at FROM account_passkey WHERE id = $1;

-- passkeys_of --
-- Uses account_passkey_account. $1 account.
SELECT id, account, public_key, sign_count, label, created_at, used_at, suspended_at
  FROM account_passkey WHERE account = $1 ORDER BY created_at;

-- passkey_use --
-- Moves the counter on; no row when it would stand still or go back (0 stays 0). $1 id, $2 new count, $3 at.
UPDATE account_passkey SET sign_count = $2, used_at = $3
 WHERE id = $1 AND suspended_at IS NULL AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING account;

-- passkeys_suspend --
-- All of an account. $1 account, $2 at.
UPDATE account_passkey SET suspended_at = $2 WHERE account = $1 AND suspended_at IS NULL;

-- passkey_suspend --
-- $1 id, $2 at, $3 account.
UPDATE account_passkey SET suspended_at = $2 WHERE id = $1 AND account = $3 AND suspended_at IS NULL RETURNING account;

-- challenge_put --
-- $1 hash, $2 account or null, $3 expires at.
INSERT INTO passkey_challenge (hash, account, expires_at) VALUES ($1, $2, $3);

-- challenge_take --
-- Uses up a challenge. $1 hash, $2 at. One row when it was there and still good.
DELETE FROM passkey_challenge WHERE hash = $1 AND expires_at > $2 RETURNING account;

-- has_second_factor --
-- Whether a second factor is enrolled. $1 account.
SELECT EXISTS (SELECT FROM account_totp WHERE account = $1)
    OR EXISTS (SELECT FROM account_passkey WHERE account = $1 AND suspended_at IS NULL);

-- attempt_count --
-- Counts one more attempt, unless the bucket is blocked (then no row). Forgets after a day without any.
-- $1 bucket, $2 at, $3 attempts that are free, $4 longest wait in seconds.
INSERT INTO signin_attempt AS a (bucket, failures, last_at, blocked_until) VALUES ($1, 1, $2, $2)
ON CONFLICT (bucket) DO UPDATE SET
  failures = CASE WHEN a.last_at < $2 - interval '1 day' THEN 1 ELSE a.failures + 1 END,
  last_at = $2,
  blocked_until = CASE
    WHEN a.last_at < $2 - interval '1 day' OR a.failures < $3 THEN $2
    ELSE $2 + make_interval(secs => least($4::float8, 2.0 ^ least(a.failures + 1 - $3, 30))) END
WHERE a.blocked_until <= $2
RETURNING failures;

-- attempt_forget --
-- A success: these buckets begin anew. $1 buckets.
DELETE FROM signin_attempt WHERE bucket = ANY ($1::bytea[]);

-- attempt_forgive --
-- A success takes back the one attempt it counted as. $1 bucket.
UPDATE signin_attempt SET failures = greatest(failures - 1, 0), blocked_until = last_at WHERE bucket = $1;

-- known_put --
-- $1 bucket, $2 at.
INSERT INTO signin_known (bucket, seen_at) VALUES ($1, $2) ON CONFLICT (bucket) DO UPDATE SET seen_at = excluded.seen_at;

-- known --
-- $1 bucket, $2 not older than.
SELECT EXISTS (SELECT FROM signin_known WHERE bucket = $1 AND seen_at >= $2);

-- tidy_accounts_attempts --
-- $1 at. What no longer counts.
DELETE FROM signin_attempt WHERE last_at < $1::timestamptz - interval '1 day' AND blocked_until < $1;

-- tidy_accounts_known --
-- $1 at.
DELETE FROM signin_known WHERE seen_at < $1::timestamptz - interval '180 days';

-- tidy_accounts_challenges --
-- $1 at.
DELETE FROM passkey_challenge WHERE expires_at < $1;
