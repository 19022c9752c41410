-- emergency_add --
-- Records an emergency opening. $1 person, $2 id, $3 institution, $4 account, $5 reason code, $6 reason, $7 opened,
-- $8 ends.
INSERT INTO emergency_opening (person, id, institution, account, reason_code, reason, opened_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- emergency_list --
-- Every emergency opening of a person, newest first. Uses emergency_opening_pkey. $1 persons.
SELECT person, id, institution, account, reason_code, reason, opened_at, ends_at, reviewed_at, verdict, remark,
       reviewed_by
  FROM emergency_opening WHERE person = ANY ($1::bigint[]) ORDER BY opened_at DESC;

-- emergency_queue --
-- Openings that nobody has reviewed, oldest first. Uses emergency_opening_review. $1 institution or null for all,
-- $2 account that may not review its own, $3 how many at most.
SELECT person, id, institution, account, reason_code, reason, opened_at, ends_at, reviewed_at, verdict, remark,
       reviewed_by
  FROM emergency_opening
 WHERE reviewed_at IS NULL AND ($1::integer IS NULL OR institution = $1) AND account <> $2
 ORDER BY opened_at, id LIMIT $3;

-- emergency_verdicts --
-- Openings that were reviewed, the newest verdict first. Uses emergency_opening_reviewed. $1 institution or null for
-- all, $2 account whose own are left out, $3 how many at most.
SELECT person, id, institution, account, reason_code, reason, opened_at, ends_at, reviewed_at, verdict, remark,
       reviewed_by
  FROM emergency_opening
 WHERE reviewed_at IS NOT NULL AND ($1::integer IS NULL OR institution = $1) AND account <> $2
 ORDER BY reviewed_at DESC, id LIMIT $3;

-- emergency_review --
-- Records the review of an opening, once. Uses emergency_opening_pkey. $1 person, $2 id, $3 institution or null for
-- all, $4 account that may not review its own, $5 moment, $6 by, $7 verdict, $8 remark.
UPDATE emergency_opening SET reviewed_at = $5, reviewed_by = $6, verdict = $7, remark = $8
 WHERE person = $1 AND id = $2 AND ($3::integer IS NULL OR institution = $3) AND account <> $4
   AND reviewed_at IS NULL
RETURNING id;
