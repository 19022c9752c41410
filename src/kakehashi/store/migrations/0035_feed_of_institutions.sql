-- An institution's own changes are met by an index (store/read_changes.py): each entry of the feed says whose version it
-- tells of. That narrows; what may be seen the window says, of the version itself.

-- custodian: institution that wrote the version; 0: everybody's (core.kinds.Kind.SHARED). addressee: as the version has
-- it now; 0: none. Both null: the entry tells of no version that can be shown (moved to another person, removed).
ALTER TABLE feed ADD COLUMN custodian integer, ADD COLUMN addressee integer;

-- Entries from before. Row by row as they lie, some minutes for tens of millions.
SELECT set_config('kakehashi.window', '{"(9223372036854775807,,,{},,0,)"}', true);
UPDATE feed AS f SET custodian = x.custodian, addressee = x.addressee
  FROM (
    SELECT person, rid, version, type, CASE kind WHEN 0 THEN 0 ELSE custodian END AS custodian, addressee, false AS deleted
      FROM resource
    UNION ALL
    SELECT person, rid, version, type, CASE kind WHEN 0 THEN 0 ELSE custodian END, addressee, mark > 0
      FROM resource_version
  ) AS x
 WHERE x.person = f.person AND x.rid = f.rid AND x.version = f.version AND x.type = f.type
   AND (f.change = 1 OR x.deleted);
SELECT set_config('kakehashi.window', '', true);

-- Without `seq`, so that entries of one transaction are one entry of the index: a third of the bytes.
CREATE INDEX feed_of_custodian ON feed (custodian, type, xid) WHERE custodian IS NOT NULL;
CREATE INDEX feed_of_addressee ON feed (addressee, type, xid) WHERE addressee <> 0;

-- A document's addressee changes with the person's word, in its entries too (mark_row): nothing else of one ever does.
GRANT UPDATE (addressee) ON feed TO kakehashi_app;

-- As in 0030, and the entries.
CREATE OR REPLACE FUNCTION mark_row(
  persons bigint[], wanted bigint, unseen integer, set_flags integer, clear_flags integer, new_addressee integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before text := current_setting('kakehashi.window', true);
  met integer;
BEGIN
  PERFORM set_config(
    'kakehashi.window',
    ARRAY[ROW(~0::bigint, persons, NULL, ARRAY[]::integer[], NULL, unseen, NULL)::pane]::text, true
  );
  UPDATE resource
     SET flags = flags & ~clear_flags | set_flags, addressee = coalesce(new_addressee, addressee)
   WHERE person = ANY (persons) AND rid = wanted;
  GET DIAGNOSTICS met = ROW_COUNT;
  UPDATE resource_version
     SET flags = flags & ~clear_flags | set_flags, addressee = coalesce(new_addressee, addressee)
   WHERE person = ANY (persons) AND rid = wanted;
  PERFORM set_config('kakehashi.window', coalesce(before, ''), true);
  IF new_addressee IS NOT NULL THEN
    UPDATE feed SET addressee = new_addressee
     WHERE person = ANY (persons) AND rid = wanted AND addressee <> new_addressee;
  END IF;
  RETURN met;
END
$$;

-- Resources that are new, each for itself: whose it is is looked up, and row, feed entry and log entry are written, in one
-- round trip and one commit for all that came at the same moment (store/write_once.py). One whose Patient is not the
-- writer's, or of which there is or ever was a version, is left out of the answer and of the store: the caller then takes
-- the long way (store/write.py), which says what is wrong or writes the next version.
--
-- rows: their `person` is set here. patients, patient_ids: rid and id of the Patient that each is about, null for nobody's. Row and
-- entry are one statement, so that what the row's trigger decides (keep_decisions) meets the entry too.
CREATE FUNCTION write_new(
  panes text, rows resource[], patient_type smallint, patients bigint[], patient_ids text[], entries bytea[]
) RETURNS TABLE (place integer, person bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  new resource;
  whose bigint;
BEGIN
  PERFORM set_config('kakehashi.window', panes, true);
  FOR i IN 1 .. cardinality(rows) LOOP
    new := rows[i];
    whose := 0;
    IF patients[i] IS NOT NULL THEN
      SELECT p.person INTO whose FROM resource p
       WHERE p.type = patient_type AND p.rid = patients[i] AND p.id = patient_ids[i] AND p.custodian = new.custodian;
      CONTINUE WHEN NOT FOUND;
    END IF;
    CONTINUE WHEN EXISTS (SELECT FROM resource_version v WHERE v.type = new.type AND v.rid = new.rid);
    new.person := whose;
    WITH kept AS (INSERT INTO resource VALUES (new.*) ON CONFLICT DO NOTHING RETURNING 1)
    INSERT INTO feed (person, rid, at, version, type, change, custodian, addressee)
    SELECT whose, new.rid, new.changed_at, new.version, new.type, 1, CASE new.kind WHEN 0 THEN 0 ELSE new.custodian END,
           new.addressee
      FROM kept;
    CONTINUE WHEN NOT FOUND;
    INSERT INTO log (person, at, entry) VALUES (whose, new.changed_at, entries[i]);
    place := i;
    person := whose;
    RETURN NEXT;
  END LOOP;
  PERFORM set_config('kakehashi.window', '', true);
END
$$;

GRANT EXECUTE ON FUNCTION write_new TO kakehashi_app;
