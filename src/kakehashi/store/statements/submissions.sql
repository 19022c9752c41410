-- submission_origins --
-- The Bundles by which resources with these identifiers came in. $1 persons, $2 types; of identifiers, $3 tokens of the
-- values, $4 of the systems, $5 of the systems beside a value (fhir/indexing/forms.py); $6 rids of the Bundles that do
-- not count; $7 custodian. Goes once over the rows of each person by the first column of resource_pkey (some thousand;
-- OFFSET 0 keeps the token index out, whose pending entries would be walked for each). Few rows, most often none.
WITH asked AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    WITH ORDINALITY AS k (person, type, value, alone, beside, besides, place)
), kept AS MATERIALIZED (
  SELECT r.person, r.type, r.origin, r.changed_at, r.tokens
    FROM (SELECT person, array_agg(value) AS some FROM asked GROUP BY person) AS one
   CROSS JOIN LATERAL (
     SELECT o.person, o.type, o.origin, o.changed_at, o.tokens FROM resource o
      WHERE o.person = one.person AND o.custodian = $7 AND o.origin <> 0 OFFSET 0
   ) AS r
   WHERE r.tokens && one.some
)
SELECT DISTINCT ON (k.place) k.place, b.body
  FROM asked k
  JOIN kept r ON r.person = k.person AND r.type = k.type AND r.origin <> k.besides AND r.tokens @> ARRAY[k.value]
   AND (r.tokens @> ARRAY[k.alone]
        OR EXISTS (SELECT FROM generate_series(1, cardinality(r.tokens) - 1) AS i
                    WHERE r.tokens[i] = k.value AND r.tokens[i + 1] = k.beside))
  JOIN resource b ON b.person = k.person AND b.rid = r.origin
 ORDER BY k.place, r.changed_at DESC;

-- submission_documents --
-- The documents of one kind that an institution keeps of a person. $1 person, $2 the type Bundle, $3 custodian,
-- $4 kind, $5 rid of a Bundle that does not count. Uses the first column of resource_pkey: some ten rows.
SELECT body FROM resource
 WHERE person = $1 AND type = $2 AND custodian = $3 AND kind = $4 AND rid <> $5;
