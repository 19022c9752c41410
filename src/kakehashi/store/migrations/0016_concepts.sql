-- Code systems, value sets and maps in the form in which they are looked into (docs/adr/0014): made of the row with the same
-- rid and version, and made anew where it is missing. Nothing here tells of a person. On Citus: a reference table.

CREATE TABLE terminology (
  rid     bigint  NOT NULL PRIMARY KEY,
  row     integer NOT NULL,  -- version of the row that it was made of
  form    integer NOT NULL,  -- terms.packing.FORM
  version text    NOT NULL COLLATE "C",  -- business version, "" for none
  status  text    NOT NULL COLLATE "C",
  dated   text    NOT NULL COLLATE "C",  -- as the resource writes it, "" for none
  frame   bytea   NOT NULL
);
ALTER TABLE terminology ALTER COLUMN frame SET STORAGE EXTERNAL;  -- a zstd frame does not shrink further
GRANT SELECT, INSERT, DELETE ON terminology TO kakehashi_app;

-- The second wall: frames are seen through a window that shows all that is about nobody (Kind.SHARED), whoever wrote it.
ALTER TABLE terminology ENABLE ROW LEVEL SECURITY;
ALTER TABLE terminology FORCE ROW LEVEL SECURITY;
CREATE POLICY window_select ON terminology FOR SELECT USING (
  (SELECT EXISTS (
     SELECT FROM unnest(open_panes()) AS p
      WHERE p.kinds & 1 = 1
        AND (p.persons IS NULL OR 0 = ANY (p.persons))
        AND p.custodians IS NULL
        AND p.not_custodians = '{}'
        AND p.addressees IS NULL
        AND p.hidden = 0
        AND p.since IS NULL))
);
CREATE POLICY window_insert ON terminology FOR INSERT WITH CHECK (true);
CREATE POLICY window_delete ON terminology FOR DELETE USING (true);
