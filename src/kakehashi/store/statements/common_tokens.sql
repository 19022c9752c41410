-- rows --
-- How many rows the store has, as PostgreSQL last counted them.
SELECT greatest(reltuples, 0)::float8 FROM pg_class WHERE oid = 'resource'::regclass;

-- common --
-- Tokens, and marks of letters (16 bits), that more than so many rows of a sample have. $1 percent of the table's pages, $2 rows of the sample.
SELECT t.token
  FROM resource AS r TABLESAMPLE SYSTEM ($1) CROSS JOIN LATERAL unnest(r.tokens || r.grams::bigint[]) AS t (token)
 GROUP BY t.token HAVING count(*) > $2;
