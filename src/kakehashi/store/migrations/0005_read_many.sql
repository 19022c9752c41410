-- Reads by id in one round trip and one commit: for each, open its window, read, log what was really returned, answer.
-- A commit waits for the disk, so reads that come at the same moment share one (docs/adr/0004-read-path.md). Each has
-- its own window and its own log entry. The entry comes in pieces, so that the version found can be written into it:
-- head || version || tail when a row is returned, `nothing` (an entry that names no item) when none is.

CREATE FUNCTION read_many(
  panes text[], types smallint[], rids bigint[], ids text[], moments timestamptz[],
  heads bytea[], tails bytea[], nothings bytea[]
) RETURNS TABLE (
  place integer, person bigint, version integer, kind smallint, custodian integer, addressee integer,
  flags smallint, origin bigint, "at" timestamptz, changed_at timestamptz, deleted boolean, body bytea
) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  FOR i IN 1 .. cardinality(rids) LOOP
    PERFORM set_config('kakehashi.window', panes[i], true);
    SELECT i, r.person, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at, false, r.body
      INTO place, person, version, kind, custodian, addressee, flags, origin, "at", changed_at, deleted, body
      FROM resource r
     WHERE r.type = types[i] AND r.rid = rids[i] AND r.id = ids[i];
    IF NOT FOUND THEN
      SELECT i, v.person, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at, true, v.body
        INTO place, person, version, kind, custodian, addressee, flags, origin, "at", changed_at, deleted, body
        FROM resource_version v
       WHERE v.type = types[i] AND v.rid = rids[i] AND v.id = ids[i] AND v.mark = 1;
    END IF;
    IF FOUND THEN
      INSERT INTO log (person, at, entry)
      VALUES (person, moments[i], heads[i] || convert_to(version::text, 'UTF8') || tails[i]);
      RETURN NEXT;
    ELSE
      INSERT INTO log (person, at, entry) VALUES (0, moments[i], nothings[i]);
    END IF;
  END LOOP;
  PERFORM set_config('kakehashi.window', '', true);
END
$$;
