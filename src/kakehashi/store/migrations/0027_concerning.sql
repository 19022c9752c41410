-- Whose rows they are stands in the index of tokens too: a search over all persons by one institution meets its own rows
-- only, however many others have the same code (store/search_hints.py). It costs no byte of the row, and about one and a
-- half of the index. Both keys are institutions'; which of the two it is, the window's own test says.

CREATE INDEX resource_concerning ON resource USING gin (tokens, (ARRAY[custodian, addressee]))
  WITH (fastupdate = on, gin_pending_list_limit = 256);
DROP INDEX resource_tokens;
ALTER INDEX resource_concerning RENAME TO resource_tokens;
