-- matching_ask --
-- Asks for a run over everyone; nothing when one is under way. Counts person_description; uses matching_run_open.
-- $1 by, $2 moment.
INSERT INTO matching_run (asked_by, asked_at, entries, moved_at)
SELECT $1, $2, count(*), $2 FROM person_description
ON CONFLICT DO NOTHING RETURNING number;

-- matching_take --
-- The run that waits, or one that nobody has moved since $2, for this process alone. $1 moment, $2 not moved since.
UPDATE matching_run SET step = 'reading', done = 0, moved_at = $1
 WHERE number = (
   SELECT number FROM matching_run WHERE step = 'waiting' OR (step <> 'done' AND moved_at < $2)
    ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
 )
RETURNING number;

-- matching_move --
-- How far it is. Uses matching_run_pkey. $1 number, $2 step, $3 descriptions read, $4 moment.
UPDATE matching_run SET step = $2, done = $3, moved_at = $4 WHERE number = $1 AND step <> 'done';

-- matching_end --
-- What it found. Uses matching_run_pkey. $1 number, $2 descriptions read, $3 pairs, $4 new ones, $5 megabytes, $6 moment.
UPDATE matching_run SET step = 'done', done = $2, pairs = $3, fresh = $4, megabytes = $5, moved_at = $6
 WHERE number = $1 AND step <> 'done';

-- matching_fail --
-- Why it found nothing. Uses matching_run_pkey. $1 number, $2 what was said, $3 moment.
UPDATE matching_run SET step = 'done', fault = $2, moved_at = $3 WHERE number = $1 AND step <> 'done';

-- matching_last --
-- The newest run. Uses matching_run_pkey. One row at most.
SELECT asked_at, entries, done, step, moved_at, pairs, fresh, megabytes, fault
  FROM matching_run ORDER BY number DESC LIMIT 1;
