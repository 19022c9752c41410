-- record_heads --
-- Locks current rows and tells their versions. $1 types, $2 rids. Uses resource_type_rid; at most one row a key.
SELECT r.type, r.rid, r.person, r.version
  FROM unnest($1::smallint[], $2::bigint[]) AS k (type, rid)
  JOIN resource r ON r.type = k.type AND r.rid = k.rid
 ORDER BY r.person, r.rid
   FOR UPDATE OF r;

-- record_graves --
-- Deletions that still stand among these keys. $1 types, $2 rids. Uses resource_version_type_rid.
SELECT v.type, v.rid, v.person, v.version
  FROM unnest($1::smallint[], $2::bigint[]) AS k (type, rid)
  JOIN resource_version v ON v.type = k.type AND v.rid = k.rid AND v.mark = 1;

-- record_current --
-- One current row, locked for the transaction. $1 type, $2 rid, $3 id. Uses resource_type_rid.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r WHERE r.type = $1 AND r.rid = $2 AND r.id = $3
   FOR UPDATE;

-- record_of_origin --
-- A person's rows that came in by one submission, locked. $1 person, $2 origin, $3 rids to leave aside.
-- Uses the first column of resource_pkey: some thousand rows a person.
SELECT r.type, r.rid, r.id, r.person, r.version
  FROM resource r WHERE r.person = $1 AND r.origin = $2 AND r.rid <> ALL ($3::bigint[])
 ORDER BY r.rid
   FOR UPDATE;

-- record_supersede --
-- Moves current rows among the former versions. $1 persons, $2 rids. Uses resource_pkey.
WITH old AS (
  DELETE FROM resource r USING unnest($1::bigint[], $2::bigint[]) AS k (person, rid)
   WHERE r.person = k.person AND r.rid = k.rid RETURNING r.*
)
INSERT INTO resource_version
  (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags, mark, id, body, tokens, ranges)
SELECT person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags, 0, id, body, tokens, ranges
  FROM old;

-- record_returns --
-- Marks deletions as past, because the resource comes back. $1 persons, $2 rids. Uses resource_version_pkey.
UPDATE resource_version v SET mark = 2
  FROM unnest($1::bigint[], $2::bigint[]) AS k (person, rid)
 WHERE v.person = k.person AND v.rid = k.rid AND v.mark = 1;

-- record_insert --
-- Stores rows, and their entries in the feed (whose each is: migration 0035). $1 rows of `resource`.
WITH new AS MATERIALIZED (SELECT * FROM unnest($1::resource[])),
     kept AS (INSERT INTO resource SELECT * FROM new)
INSERT INTO feed (person, rid, at, version, type, change, custodian, addressee)
SELECT person, rid, changed_at, version, type, 1, CASE kind WHEN 0 THEN 0 ELSE custodian END, addressee FROM new;

-- write_new --
-- Resources that are new, each for itself (migration 0035). $1 window, $2 rows of `resource`, $3 number of Patient,
-- $4 and $5 rid and id of the Patient that each is about, null for nobody's, $6 entries of the log.
SELECT place, person FROM write_new($1, $2, $3, $4, $5, $6);

-- composite_types --
-- The composite types of which arrays are sent in binary form (store/binary.py). Catalogue only.
SELECT t.oid AS array, t.typelem AS element, t.typname AS name, n.nspname AS schema
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN ('resource[]'::regtype, 'ask[]'::regtype);

-- record_moved --
-- Tells the followers of a person that a resource is no longer that person's. $1 persons, $2 rids, $3 versions,
-- $4 types, $5 moment.
INSERT INTO feed (person, rid, at, version, type, change)
SELECT k.person, k.rid, $5, k.version, k.type, 2
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::smallint[]) AS k (person, rid, version, type);

-- record_delete --
-- Deletes rows: the last version goes among the former ones, a mark of deletion (the next version, without body, with the
-- last one's entries) beside it, and an entry into the feed. $1 persons, $2 rids, $3 moment. Uses resource_pkey.
WITH old AS (
  DELETE FROM resource r USING unnest($1::bigint[], $2::bigint[]) AS k (person, rid)
   WHERE r.person = k.person AND r.rid = k.rid RETURNING r.*
), kept AS (
  INSERT INTO resource_version
    (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags, mark, id, body, tokens, ranges)
  SELECT person, rid, origin, at, CASE m.mark WHEN 0 THEN changed_at ELSE $3 END, version + m.mark, custodian,
         addressee, type, kind, flags, m.mark, id, CASE m.mark WHEN 0 THEN body ELSE '' END, tokens, ranges
    FROM old CROSS JOIN (VALUES (0::smallint), (1::smallint)) AS m (mark)
)
INSERT INTO feed (person, rid, at, version, type, change, custodian, addressee)
SELECT person, rid, $3, version + 1, type, 2, CASE kind WHEN 0 THEN 0 ELSE custodian END, addressee FROM old;
