-- hold_place --
-- Places a legal hold. $1 person, $2 kinds, $3 reason, $4 by whom, $5 moment.
INSERT INTO legal_hold (person, kinds, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5) RETURNING hold;

-- hold_lift --
-- Lifts a legal hold. $1 persons, $2 its number, $3 moment, $4 by whom, $5 reason. The person it was on, or no row.
UPDATE legal_hold SET lifted_at = $3, lifted_by = $4, lift_reason = $5
 WHERE person = ANY ($1::bigint[]) AND hold = $2 AND lifted_at IS NULL RETURNING person;

-- holds_of --
-- Every hold on a person, newest first. Uses legal_hold_pkey. $1 persons.
SELECT person, hold, kinds, reason, placed_by, placed_at, lifted_at, lifted_by, lift_reason
  FROM legal_hold WHERE person = ANY ($1::bigint[]) ORDER BY placed_at DESC, hold DESC;

-- holds_live --
-- Holds in force, oldest first. Uses legal_hold_live. $1 at most.
SELECT person, hold, kinds, reason, placed_by, placed_at, lifted_at, lifted_by, lift_reason
  FROM legal_hold WHERE lifted_at IS NULL ORDER BY placed_at, hold LIMIT $1;
