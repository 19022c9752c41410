-- key_claim --
-- Takes a key; waits for another transaction that holds it. One row when taken, none when it was used before.
-- $1 institution, $2 key, $3 digest, $4 moment. Uses idempotency_pkey.
INSERT INTO idempotency (institution, key, digest, outcome, at) VALUES ($1, $2, $3, '', $4)
ON CONFLICT DO NOTHING RETURNING true;

-- key_outcome --
-- What came of the request that had the key. $1 institution, $2 key.
SELECT digest, outcome FROM idempotency WHERE institution = $1 AND key = $2;

-- key_settle --
-- Keeps the outcome. $1 institution, $2 key, $3 outcome.
UPDATE idempotency SET outcome = $3 WHERE institution = $1 AND key = $2;

-- key_forget --
-- Removes old keys and counts them. $1 moment. Uses idempotency_at.
WITH gone AS (DELETE FROM idempotency WHERE at < $1 RETURNING 1) SELECT count(*) FROM gone;
