-- read_many --
-- Reads by id, each through its own window and logged (migrations 0005, 0019). $1 ask[], written by read_binary.py.
SELECT place, person, version, kind, custodian, addressee, flags, origin, at, changed_at, deleted, body
  FROM read_many($1);

-- read_page --
-- A page of a search, its window opened before it and its log entries written after it, as one act. What stands in
-- braces is filled in by store/read_once.py: the search as search_sql wrote it, and further arguments. `OFFSET 0` and the
-- test of `opened` keep the planner from looking before the window is open (if it did, row-level security would raise an
-- error and show nothing). The row beyond the page only says that there is a next one: it is neither shown nor logged.
-- One entry for each person touched, which names some of its items (core/logentry.py); without any, one for person 0.
WITH opened AS MATERIALIZED (
  SELECT set_config('kakehashi.window', {panes}, true) AS panes
), found AS MATERIALIZED (
  SELECT page.*
    FROM opened
   CROSS JOIN LATERAL (
     SELECT row_number() OVER () AS place, p.* FROM ({page}) AS p WHERE opened.panes IS NOT NULL OFFSET 0
   ) AS page
), touched AS (
  SELECT place, person, format('"%s/%s/_history/%s"', {type}, id, version) AS item,
         row_number() OVER (PARTITION BY person ORDER BY place) AS number
    FROM found WHERE place <= {count}
), logged AS (
  INSERT INTO log (person, at, entry)
  SELECT person, {at}, {head} || convert_to(
           format('"count":%s,"items":[%s]}}', count(*), string_agg(item, ',' ORDER BY place) FILTER (WHERE number <= {named})),
           'UTF8')
    FROM touched GROUP BY person
  UNION ALL
  SELECT 0, {at}, {nothing} WHERE NOT EXISTS (SELECT FROM touched)
)
SELECT * FROM found ORDER BY place;

-- read_current --
-- The current row, else the deletion that still stands. $1 type, $2 rid, $3 id. Uses resource_type_rid.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r WHERE r.type = $1 AND r.rid = $2 AND r.id = $3 AND {r}
UNION ALL
SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
       true, v.body
  FROM resource_version v WHERE v.type = $1 AND v.rid = $2 AND v.id = $3 AND v.mark = 1 AND {v};

-- read_versions --
-- Every version of one resource, newest first, if its current state is seen. $1 type, $2 rid, $3 id, $4 at most,
-- $5 versions below this one only, $6 not older than, $7 and $8 in force before and after, $9 deletions too. Uses resource_type_rid, resource_version_type_rid.
WITH head AS (
  SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
         false AS deleted, r.body
    FROM resource r WHERE r.type = $1 AND r.rid = $2 AND r.id = $3 AND {r}
  UNION ALL
  SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
         true, v.body
    FROM resource_version v WHERE v.type = $1 AND v.rid = $2 AND v.id = $3 AND v.mark = 1 AND {v}
), every AS (
  SELECT * FROM head
  UNION ALL
  SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
         v.mark = 2, v.body
    FROM resource_version v
   WHERE v.type = $1 AND v.rid = $2 AND v.id = $3 AND v.mark <> 1 AND {v} AND EXISTS (SELECT FROM head)
), lived AS (
  SELECT *, lead(changed_at, 1, 'infinity') OVER (ORDER BY version) AS until FROM every
)
SELECT person, type, id, version, kind, custodian, addressee, flags, origin, at, changed_at, deleted, body
  FROM lived
 WHERE version < $5 AND changed_at >= $6 AND changed_at < $7 AND until > $8 AND ($9 OR NOT deleted)
 ORDER BY version DESC LIMIT $4;

-- read_changes --
-- Versions in the order in which they were written, newest first, each only if it and its current state are seen.
-- What stands in braces is filled in by store/read_changes.py: the window; the entries, which are the feed or what
-- changes_own finds; and whether an entry of which nothing is seen makes a record too, so that one knows how far it came.
-- $1 type or 0, $2 persons or null, $3 and $4 before this xid and seq, $5 not older than, $6 at most; $7 and $8 null, or
-- only what was in force before the one and after the other, which a deletion never is.
-- Uses feed_order, or feed_pkey for persons, or what changes_own uses.
SELECT f.xid, f.seq, x.*
  FROM {entries} AS f
  LEFT JOIN LATERAL (
   SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
          false AS deleted, r.body
     FROM resource r
    WHERE r.type = f.type AND r.rid = f.rid AND r.person = f.person AND r.version = f.version AND {r}
   UNION ALL
   SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
          v.mark > 0, v.body
     FROM resource_version v
    WHERE v.person = f.person AND v.rid = f.rid AND v.version = f.version AND v.type = f.type AND {v}
      AND (EXISTS (SELECT FROM resource c WHERE c.type = f.type AND c.rid = f.rid AND {c})
           OR EXISTS (SELECT FROM resource_version g
                       WHERE g.type = f.type AND g.rid = f.rid AND g.mark = 1 AND {g}))
 ) AS x ON (f.change = 1 OR x.deleted)
   AND ($7::timestamptz IS NULL OR (NOT x.deleted AND NOT EXISTS (
         SELECT FROM feed n WHERE n.person = f.person AND n.rid = f.rid AND n.type = f.type AND n.version > f.version AND n.at <= $8)))
 WHERE (f.type = $1 OR $1 = 0)
   AND ($2::bigint[] IS NULL OR f.person = ANY ($2))
   AND (f.xid, f.seq) < ($3, $4)
   AND f.at >= $5
   AND ($7::timestamptz IS NULL OR f.at < $7)
   AND (x.person IS NOT NULL OR {empty})
 ORDER BY f.xid DESC, f.seq DESC
 LIMIT $6;

-- changes_own --
-- The newest entries about versions of some institutions: so many of each lane (and what the last one's transaction wrote
-- besides, for the index knows no seq), and of these so many. It stands within read_changes, whose $3 to $7 it takes. In
-- braces: lanes by who wrote, 0 for what is everybody's; then lanes by whom it is addressed to. One that is in both comes
-- once. Uses feed_of_custodian and feed_of_addressee, a look into one of them for each lane.
SELECT DISTINCT ON (xid, seq) * FROM (
  SELECT e.*
    FROM unnest({types}, {custodians}) AS lane (type, institution)
   CROSS JOIN LATERAL (
     SELECT n.* FROM feed n
      WHERE n.custodian = lane.institution AND n.type = lane.type AND (n.xid, n.seq) < ($3, $4)
        AND n.at >= $5 AND ($7::timestamptz IS NULL OR n.at < $7)
      ORDER BY n.xid DESC FETCH FIRST $6 ROWS WITH TIES
   ) AS e
  UNION ALL
  SELECT e.*
    FROM unnest({sent}, {addressees}) AS lane (type, institution)
   CROSS JOIN LATERAL (
     SELECT n.* FROM feed n
      WHERE n.addressee = lane.institution AND n.addressee <> 0 AND n.type = lane.type AND (n.xid, n.seq) < ($3, $4)
        AND n.at >= $5 AND ($7::timestamptz IS NULL OR n.at < $7)
      ORDER BY n.xid DESC FETCH FIRST $6 ROWS WITH TIES
   ) AS e
) AS either ORDER BY xid DESC, seq DESC LIMIT $6;

-- read_keys --
-- Current rows by their keys, in no order. $1 types, $2 rids, $3 ids. Uses resource_type_rid.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS k (type, rid, id)
  JOIN resource r ON r.type = k.type AND r.rid = k.rid AND r.id = k.id
 WHERE {r};

-- read_rows --
-- A person's rows, newest first by clinical time. $1 persons, $2 kinds, $3 and $4 from and before, $5 at most.
-- Uses the first column of resource_pkey: some thousand rows a person.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r
 WHERE r.person = ANY ($1::bigint[]) AND r.kind = ANY ($2::smallint[]) AND r.at >= $3 AND r.at < $4 AND {r}
 ORDER BY r.at DESC, r.rid
 LIMIT $5;

-- read_place --
-- Where a version that was shown stands in the feed, be it seen still, removed or given to another person.
-- $1 person, $2 type, $3 rid, $4 version. Uses feed_pkey: some thousand entries a person.
SELECT f.xid, f.seq
  FROM feed f
 WHERE f.person = $1 AND f.type = $2 AND f.rid = $3 AND f.version = $4 AND f.change < 3
 ORDER BY f.xid, f.seq
 LIMIT 1;

-- read_everything --
-- A page of persons' rows: Patients first, then newest first. $1 persons, $2 types or null, $3 stored since,
-- $4 number of Patient, $5 to $7 the last row of the page before, $8 at most; but for Patients, $9 and $10 clinical time
-- from and before.
-- Uses the first column of resource_pkey: some thousand rows a person.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r
 CROSS JOIN LATERAL (
   SELECT CASE r.type WHEN $4 THEN 0 ELSE 1 END AS rank, (-1000000 * extract(epoch FROM r.at))::bigint AS age
 ) AS o
 WHERE r.person = ANY ($1::bigint[]) AND ($2::smallint[] IS NULL OR r.type = ANY ($2)) AND r.changed_at >= $3 AND {r}
   AND (o.rank, o.age, r.rid) > ($5::integer, $6::bigint, $7::bigint)
   AND (o.rank = 0 OR (r.at >= $9 AND r.at < $10))
 ORDER BY o.rank, o.age, r.rid
 LIMIT $8;

-- read_every --
-- Every row that the window sees, in the order of the primary key, after one of them. $1 person, $2 rid, $3 at most.
-- Uses resource_pkey: an export walks the table once, page by page.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r WHERE (r.person, r.rid) > ($1, $2) AND {r}
 ORDER BY r.person, r.rid LIMIT $3;

-- read_every_of --
-- The same of one type. $4 type, $5 stored since, $6 persons or null. Uses resource_pkey: in the order of persons a page
-- is about few of them, and so leaves few entries in the log. `+ 0` keeps the planner from gathering and sorting the type.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM resource r
 WHERE (r.person, r.rid) > ($1, $2) AND r.type + 0 = $4 AND r.changed_at >= $5
   AND ($6::bigint[] IS NULL OR r.person = ANY ($6)) AND {r}
 ORDER BY r.person, r.rid LIMIT $3;

-- read_every_in --
-- Rows of some types in the order of the primary key: at most $3, and no more of them than $8 bytes as stored (one at
-- least), so that a page of scanned images is a short one. The last column says how many there were without the bytes.
-- $1 person, $2 rid to begin after, $4 types, $5 and $6 stored from and before, $7 persons or null. Uses resource_pkey.
SELECT p.person, p.type, p.id, p.version, p.kind, p.custodian, p.addressee, p.flags, p.origin, p.at, p.changed_at,
       false, p.body, p.there
  FROM (
    SELECT f.*, count(*) OVER () AS there,
           sum(octet_length(f.body)) OVER (ORDER BY f.person, f.rid) - octet_length(f.body) AS before
      FROM (
        SELECT r.* FROM resource r
         WHERE (r.person, r.rid) > ($1, $2) AND r.type + 0 = ANY ($4::smallint[]) AND r.changed_at >= $5
           AND r.changed_at < $6 AND ($7::bigint[] IS NULL OR r.person = ANY ($7)) AND {r}
         ORDER BY r.person, r.rid LIMIT $3
      ) AS f
  ) AS p
 WHERE p.before < $8
 ORDER BY p.person, p.rid;

-- read_deleted --
-- Marks of deletion that still stand, in the order of the primary key. $1 person, $2 rid to begin after, $3 at most,
-- $4 types, $5 and $6 deleted from and before, $7 persons or null. Uses resource_version_deleted.
SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
       true, v.body
  FROM resource_version v
 WHERE v.mark = 1 AND (v.person, v.rid) > ($1, $2) AND v.type = ANY ($4::smallint[]) AND v.changed_at >= $5
   AND v.changed_at < $6 AND ($7::bigint[] IS NULL OR v.person = ANY ($7)) AND {v}
 ORDER BY v.person, v.rid LIMIT $3;
