-- reindex_lock --
-- Takes the lock of the renewal for the session; false: another has it. Given back by reindex_unlock, or with the
-- connection.
SELECT pg_try_advisory_lock(7262023);

-- reindex_unlock --
SELECT pg_advisory_unlock(7262023);

-- reindex_state --
-- How it stands: the oldest scheme, the renewal under way, and about how many rows there are. One row.
SELECT s.number, s.toward, s.looked, s.changed, s.unreadable,
       (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'resource'::regclass) AS about
  FROM index_scheme s;

-- reindex_begin --
-- Begins a renewal from the first row. $1 scheme, $2 and $3 the key before every other.
WITH gone AS (DELETE FROM index_part)
UPDATE index_scheme SET toward = $1, person = $2, rid = $3, looked = 0, changed = 0, unreadable = 0;

-- reindex_place --
-- Up to which row everything is dealt out, locked for the transaction: parts are dealt one after the other.
SELECT person, rid FROM index_scheme FOR UPDATE;

-- reindex_next --
-- The last key of the next part: $1 and $2 after this key, $3 rows at most, and $4 packed bytes unless one row alone has
-- more. Uses resource_pkey; the length of a body out of line is known without fetching it.
SELECT person, rid FROM (
  SELECT person, rid, row_number() OVER places AS place, sum(size) OVER places AS size FROM (
    SELECT person, rid, octet_length(body) AS size FROM resource
     WHERE (person, rid) > ($1, $2) ORDER BY person, rid LIMIT $3
  ) AS ahead WINDOW places AS (ORDER BY person, rid)
) AS measured WHERE size <= $4 OR place = 1 ORDER BY person DESC, rid DESC LIMIT 1;

-- reindex_dealt --
-- Notes a part as dealt out. $1 and $2 after this key, $3 and $4 up to this one.
WITH dealt AS (INSERT INTO index_part VALUES ($1, $2, $3, $4))
UPDATE index_scheme SET person = $3, rid = $4;

-- reindex_left --
-- Parts that a broken run left. Some at most.
SELECT person, rid, upto_person, upto_rid FROM index_part ORDER BY person, rid;

-- reindex_rows --
-- The rows of a part. $1 and $2 after this key, $3 and $4 up to this one. Uses resource_pkey.
SELECT person, rid, type, id, version, changed_at, body FROM resource
 WHERE (person, rid) > ($1, $2) AND (person, rid) <= ($3, $4) ORDER BY person, rid;

-- reindex_renew --
-- Gives rows other entries where they have others, unless somebody stored them anew since they were read. Locks in the
-- order of keys, as writers do. $1 rows of `resource`. Uses resource_pkey.
WITH new AS MATERIALIZED (SELECT * FROM unnest($1::resource[])),
held AS MATERIALIZED (
  SELECT r.person, r.rid
    FROM new n JOIN resource r ON r.person = n.person AND r.rid = n.rid
   WHERE r.version = n.version AND r.changed_at = n.changed_at
     AND (r.tokens, r.ranges, r.texts, r.grams) IS DISTINCT FROM (n.tokens, n.ranges, n.texts, n.grams)
   ORDER BY r.person, r.rid
     FOR NO KEY UPDATE OF r
), renewed AS (
  UPDATE resource r SET tokens = n.tokens, ranges = n.ranges, texts = n.texts, grams = n.grams
    FROM new n JOIN held h ON h.person = n.person AND h.rid = n.rid
   WHERE r.person = n.person AND r.rid = n.rid AND r.version = n.version AND r.changed_at = n.changed_at
  RETURNING 1
)
SELECT count(*) FROM renewed;

-- reindex_done --
-- A part is finished. $1 and $2 its first key, $3 rows looked at, $4 changed, $5 unreadable.
WITH done AS (DELETE FROM index_part WHERE person = $1 AND rid = $2 RETURNING 1)
UPDATE index_scheme SET looked = looked + $3, changed = changed + $4, unreadable = unreadable + $5
 WHERE EXISTS (SELECT FROM done);

-- reindex_finish --
-- The renewal is over; all rows are of its scheme when none was unreadable.
UPDATE index_scheme SET number = CASE WHEN unreadable = 0 THEN toward ELSE number END, toward = NULL
 WHERE toward IS NOT NULL AND NOT EXISTS (SELECT FROM index_part);
