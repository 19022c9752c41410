-- Words of `_text` and `_content` (docs/adr/0022): marks of 16 bits of the letters of all texts of a row
-- (fhir/indexing/grams.py). They narrow; what decides is the text, in `texts`. Rows that were stored before have none until
-- `kakehashi reindex` has renewed them.

ALTER TABLE resource ADD COLUMN grams smallint[] NOT NULL DEFAULT '{}';

-- The pending list (kB) as that of resource_tokens (0014).
CREATE INDEX resource_grams ON resource USING gin (grams) WITH (fastupdate = on, gin_pending_list_limit = 256);
