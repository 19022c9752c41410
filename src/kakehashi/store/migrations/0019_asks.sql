-- Reads by id are asked for as one array of composites, which the application writes in binary form at a fifth of what
-- eight arrays cost it (store/read_binary.py). What each read does is what 0005 and 0006 say.

CREATE TYPE ask AS (
  type smallint, rid bigint, at timestamptz, panes text, id text, head bytea, tail bytea, nothing bytea
);

DROP FUNCTION read_many(text[], smallint[], bigint[], text[], timestamptz[], bytea[], bytea[], bytea[]);

CREATE FUNCTION read_many(asks ask[]) RETURNS TABLE (
  place integer, person bigint, version integer, kind smallint, custodian integer, addressee integer,
  flags smallint, origin bigint, "at" timestamptz, changed_at timestamptz, deleted boolean, body bytea
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  one ask;
BEGIN
  place := 0;
  FOREACH one IN ARRAY asks LOOP
    place := place + 1;
    PERFORM set_config('kakehashi.window', one.panes, true);
    SELECT r.person, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at, false, r.body
      INTO person, version, kind, custodian, addressee, flags, origin, "at", changed_at, deleted, body
      FROM resource r
     WHERE r.type = one.type AND r.rid = one.rid AND r.id = one.id;
    IF NOT FOUND THEN
      SELECT v.person, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at, true, v.body
        INTO person, version, kind, custodian, addressee, flags, origin, "at", changed_at, deleted, body
        FROM resource_version v
       WHERE v.type = one.type AND v.rid = one.rid AND v.id = one.id AND v.mark = 1;
    END IF;
    IF FOUND THEN
      INSERT INTO log (person, at, entry)
      VALUES (person, one.at, one.head || convert_to(version::text, 'UTF8') || one.tail);
      RETURN NEXT;
    ELSIF one.nothing IS NOT NULL THEN
      INSERT INTO log (person, at, entry) VALUES (0, one.at, one.nothing);
    END IF;
  END LOOP;
  PERFORM set_config('kakehashi.window', '', true);
END
$$;

GRANT EXECUTE ON FUNCTION read_many TO kakehashi_app;
