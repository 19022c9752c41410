-- proxy_add --
-- Records a proxy's grant. $1 person, $2 id, $3 account, $4 kinds, $5 basis, $6 starts, $7 ends, $8 moment, $9 by,
-- $10 evidence.
INSERT INTO proxy_grant (person, id, account, kinds, basis, starts_at, ends_at, granted_at, granted_by, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- proxy_list --
-- Every proxy of a person, newest first. Uses proxy_grant_pkey. $1 persons.
SELECT person, id, account, kinds, basis, starts_at, ends_at, granted_at, withdrawn_at, evidence
  FROM proxy_grant WHERE person = ANY ($1::bigint[]) ORDER BY granted_at DESC, id;

-- proxy_for --
-- For whom an account may act at a moment. Uses proxy_grant_account. $1 account, $2 moment.
SELECT person, id, account, kinds, basis, starts_at, ends_at, granted_at, withdrawn_at, evidence
  FROM proxy_grant
 WHERE account = $1 AND withdrawn_at IS NULL AND starts_at <= $2 AND ends_at > $2 ORDER BY person;

-- proxy_withdraw --
-- Ends a grant at once; with $5, only that account's own. Uses proxy_grant_pkey. $1 persons, $2 id, $3 moment, $4 by,
-- $5 account or null.
UPDATE proxy_grant SET withdrawn_at = $3, withdrawn_by = $4
 WHERE person = ANY ($1::bigint[]) AND id = $2 AND withdrawn_at IS NULL AND ($5::text IS NULL OR account = $5)
RETURNING id;
