-- concepts_named --
-- Current rows of terminology resources by the tokens of their URLs, without bodies, and what is kept of each in the
-- present form. $1 types, $2 tokens, $3 form. Uses resource_tokens (`type + 0`: docs/adr/0009); a handful of versions each.
SELECT r.person, r.type, r.id, r.version, r.rid, r.changed_at, t.version AS business, t.status, t.dated, k.place
  FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS k (type, token, place)
  JOIN resource r ON r.type + 0 = k.type AND r.tokens @> ARRAY[k.token] AND {r}
  LEFT JOIN terminology t ON t.rid = r.rid AND t.row = r.version AND t.form = $3;

-- concepts_one --
-- The same of one row by its key. $1 type, $2 rid, $3 id, $4 form. Uses resource_type_rid.
SELECT r.person, r.type, r.id, r.version, r.rid, r.changed_at, t.version AS business, t.status, t.dated, 1 AS place
  FROM resource r
  LEFT JOIN terminology t ON t.rid = r.rid AND t.row = r.version AND t.form = $4
 WHERE r.type = $1 AND r.rid = $2 AND r.id = $3 AND {r};

-- concepts_frame --
-- The frame that is kept of a row. $1 rid, $2 version of the row, $3 form. Uses terminology_pkey.
SELECT frame FROM terminology WHERE rid = $1 AND row = $2 AND form = $3;

-- concepts_body --
-- The body of a row, to make its frame of. $1 type, $2 rid, $3 version. Uses resource_type_rid.
SELECT r.body FROM resource r WHERE r.type = $1 AND r.rid = $2 AND r.version = $3 AND {r};

-- concepts_forget --
-- Takes away what is kept of rows. $1 rids. Uses terminology_pkey.
DELETE FROM terminology WHERE rid = ANY ($1::bigint[]);

-- concepts_keep --
-- Keeps frames. Arrays: $1 rids, $2 versions of the rows, $4 business versions, $5 statuses, $6 dates, $7 frames; $3 form.
INSERT INTO terminology (rid, row, form, version, status, dated, frame)
SELECT k.rid, k.row, $3, k.version, k.status, k.dated, k.frame
  FROM unnest($1::bigint[], $2::integer[], $4::text[], $5::text[], $6::text[], $7::bytea[])
       AS k (rid, row, version, status, dated, frame)
ON CONFLICT DO NOTHING;
