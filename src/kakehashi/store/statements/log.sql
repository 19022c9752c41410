-- log_append --
-- Appends entries. $1 persons, $2 moment, $3 entries.
INSERT INTO log (person, at, entry) SELECT person, $2, entry FROM unnest($1::bigint[], $3::bytea[]) AS new (person, entry);
