-- whereabouts --
-- Whose current rows are. $1 types, $2 rids, $3 ids. Uses resource_type_rid; at most one row a key.
SELECT r.type, r.id, r.person, r.custodian, r.version, r.origin
  FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS k (type, rid, id)
  JOIN resource r ON r.type = k.type AND r.rid = k.rid AND r.id = k.id;

-- whereabouts_flagged --
-- Which of these have, or ever had, one of some flags. $1 types, $2 rids, $3 ids, $4 flags (migration 0008).
SELECT type, id FROM flagged($1, $2, $3, $4);
