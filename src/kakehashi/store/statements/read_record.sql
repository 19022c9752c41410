-- read_record --
-- A person's record as one act: its window opened before it and its log entries written after it. What stands in braces is
-- filled in by store/read_record.py. Of the kinds `always` all rows come, and first; of the kinds `wanted` the newest of a
-- period. How the planner is kept from looking before the window is open, and what an entry says: read_page in read.sql.
-- Uses the first column of resource_pkey: some thousand rows a person.
WITH opened AS MATERIALIZED (
  SELECT set_config('kakehashi.window', {panes}, true) AS panes
), found AS MATERIALIZED (
  SELECT row_number() OVER (ORDER BY part, at DESC, rid) AS place, page.*
    FROM opened
   CROSS JOIN LATERAL (
     (SELECT 1 AS part, r.rid, r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin,
             r.at, r.changed_at, r.body
        FROM resource r
       WHERE opened.panes IS NOT NULL AND r.person = ANY ({persons}) AND r.kind = ANY ({always}) AND {seen}
       ORDER BY r.at DESC, r.rid LIMIT {most})
     UNION ALL
     (SELECT 2, r.rid, r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin,
             r.at, r.changed_at, r.body
        FROM resource r
       WHERE opened.panes IS NOT NULL AND r.person = ANY ({persons}) AND r.kind = ANY ({wanted})
         AND r.at >= {since} AND r.at < {before} AND {seen}
       ORDER BY r.at DESC, r.rid LIMIT {limit})
   ) AS page
), touched AS (
  SELECT person, place, type, id, version, row_number() OVER (PARTITION BY person ORDER BY place) AS number FROM found
), logged AS (
  INSERT INTO log (person, at, entry)
  SELECT person, {at}, {head} || convert_to(
           format('"count":%s,"items":[%s]}}', count(*), string_agg(
             format('"%s/%s/_history/%s"', ({names})[type], id, version), ',' ORDER BY place
           ) FILTER (WHERE number <= {named})),
           'UTF8')
    FROM touched GROUP BY person
  UNION ALL
  SELECT 0, {at}, {nothing} WHERE NOT EXISTS (SELECT FROM touched)
)
SELECT person, type, id, version, kind, custodian, addressee, flags, origin, at, changed_at, false, body
  FROM found ORDER BY place;
