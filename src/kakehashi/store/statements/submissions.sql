-- submission_origins --
-- The Bundles by which resources with these identifiers came in. $1 person, $2 custodian, $3 types, $4 tokens of
-- identifiers, $5 rid of a Bundle that does not count. Uses the first column of resource_pkey: some thousand rows.
SELECT DISTINCT ON (k.place) k.place, b.body
  FROM unnest($3::smallint[], $4::bigint[]) WITH ORDINALITY AS k (type, token, place)
  JOIN resource r ON r.person = $1 AND r.custodian = $2 AND r.type = k.type AND r.tokens @> ARRAY[k.token]
   AND r.origin <> 0 AND r.origin <> $5
  JOIN resource b ON b.person = $1 AND b.rid = r.origin
 ORDER BY k.place, r.changed_at DESC;
