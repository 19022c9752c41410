-- institution_put --
-- Registers an institution or corrects its name. $1 key, $2 code, $3 name, $4 type.
INSERT INTO institution (key, code, name, type) VALUES ($1, $2, $3, $4)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, type = excluded.type;

-- institution_by_code --
-- One institution by its official code. Uses institution_code_key.
SELECT key, code, name, type FROM institution WHERE code = $1;

-- institution_all --
-- Every institution, for the console and the viewer's legend.
SELECT key, code, name, type FROM institution ORDER BY key;

-- institution_some --
-- Some institutions. Uses institution_pkey. $1 keys.
SELECT key, code, name, type FROM institution WHERE key = ANY ($1::integer[]);
