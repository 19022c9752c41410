-- proof_put --
-- What was checked. $1 account, $2 moment, $3 for what, $4 papers, $5 institution, $6 by.
INSERT INTO account_proof (account, at, what, papers, institution, by) VALUES ($1, $2, $3, $4, $5, $6);

-- proofs_of --
-- Newest first. Uses account_proof_account. $1 account.
SELECT at, what, papers, institution, by FROM account_proof WHERE account = $1 ORDER BY number DESC;

-- review_put --
-- $1 institution, $2 moment, $3 by, $4 members, $5 of them unused for long.
INSERT INTO account_review (institution, at, by, members, unused) VALUES ($1, $2, $3, $4, $5);

-- review_last --
-- Uses account_review_institution. $1 institution. One row at most.
SELECT at, by, members, unused FROM account_review WHERE institution = $1 ORDER BY number DESC LIMIT 1;
