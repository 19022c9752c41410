-- transfer_put --
-- A job that waits. $1 id, $2 person, $3 institution, $4 account, $5 direction, $6 actor, $7 what for, $8 moment, $9 files.
INSERT INTO transfer (id, person, institution, account, direction, actor, asked, asked_at, moved_at, state, files)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 'waiting', $9);

-- transfer_open --
-- How many jobs within the reach are not done. Uses transfer_open.
SELECT count(*) FROM transfer WHERE state IN ('waiting', 'running');

-- transfer_of --
-- A job within the reach. Uses transfer_pkey. $1 id.
SELECT id::text, person, institution, account, direction, actor, asked, asked_at, began_at, expires_at, state, attempt,
       place, files, problem
  FROM transfer WHERE id = $1;

-- transfer_take --
-- The job that waited longest, or one whose server has not moved since $2, for this server alone. $1 moment, $2 not moved
-- since. Uses transfer_open.
UPDATE transfer SET state = 'running', attempt = attempt + 1, moved_at = $1, began_at = coalesce(began_at, $1)
 WHERE id = (
   SELECT id FROM transfer WHERE state = 'waiting' OR (state = 'running' AND moved_at < $2)
    ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
 )
RETURNING id::text, person, institution, account, direction, actor, asked, asked_at, began_at, expires_at, state, attempt,
          place, files, problem;

-- transfer_move --
-- How far it is; no row when it was cancelled or another server has it. Uses transfer_pkey. $1 id, $2 attempt, $3 place,
-- $4 files, $5 moment.
UPDATE transfer SET place = $3, files = $4, moved_at = $5
 WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING attempt;

-- transfer_release --
-- Gives a job back for another server to take up at once. $1 id, $2 attempt.
UPDATE transfer SET state = 'waiting' WHERE id = $1 AND attempt = $2 AND state = 'running';

-- transfer_end --
-- $1 id, $2 attempt, $3 state, $4 files, $5 problem, $6 moment, $7 expires at; no row when it was cancelled or another's.
UPDATE transfer SET state = $3, files = $4, problem = $5, moved_at = $6, expires_at = $7
 WHERE id = $1 AND attempt = $2 AND state = 'running' RETURNING attempt;

-- transfer_cancel --
-- $1 id, $2 moment: it may be removed from then on.
UPDATE transfer SET state = 'cancelled', files = '[]', asked = '', place = '', expires_at = $2
 WHERE id = $1 AND state <> 'cancelled' RETURNING attempt;

-- transfers_expired --
-- Removes what has expired. Uses transfer_expires. $1 moment.
DELETE FROM transfer WHERE expires_at <= $1 RETURNING id::text;

-- transfers_known --
-- Which of these jobs there are. $1 ids.
SELECT id::text FROM transfer WHERE id = ANY ($1::uuid[]);

-- writers_now --
-- The first transaction number that is not given out yet.
SELECT pg_snapshot_xmax(pg_current_snapshot())::text;

-- writers_done --
-- Whether every transaction before this number has ended. $1 number.
SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8;
