-- check_ask --
-- Asks for a check of the log; nothing when one is under way. Uses log_check_open. $1 by, $2 moment, $3 entries.
INSERT INTO log_check (asked_by, asked_at, entries, moved_at) VALUES ($1, $2, $3, $2) ON CONFLICT DO NOTHING
RETURNING number;

-- check_take --
-- The check that waits, or one whose server has not moved since $2, for this server alone. $1 moment, $2 not moved since.
UPDATE log_check SET step = 'reading', done = 0, moved_at = $1
 WHERE number = (
   SELECT number FROM log_check WHERE step = 'waiting' OR (step <> 'done' AND moved_at < $2)
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
 )
RETURNING number;

-- check_move --
-- How far it is. Uses log_check_pkey. $1 number, $2 step, $3 entries read, $4 moment.
UPDATE log_check SET step = $2, done = $3, moved_at = $4 WHERE number = $1 AND step <> 'done';

-- check_end --
-- Uses log_check_pkey. $1 number, $2 verdict, $3 what was said, $4 moment.
UPDATE log_check SET step = 'done', verdict = $2, said = $3, moved_at = $4 WHERE number = $1 AND step <> 'done';

-- check_last --
-- The newest check. Uses log_check_pkey. One row at most.
SELECT number, asked_at, entries, done, step, moved_at, verdict, said FROM log_check ORDER BY number DESC LIMIT 1;
