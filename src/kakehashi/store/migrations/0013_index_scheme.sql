-- The scheme of index entries that rows were stored under (fhir/indexing/scheme.py), and how far `kakehashi reindex` is.

CREATE TABLE index_scheme (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  number     integer NOT NULL,  -- the oldest among the rows; 0: before schemes had numbers, or several
  toward     integer,           -- the scheme that a renewal under way makes; null: none is
  person     bigint  NOT NULL DEFAULT 0,  -- rows up to this key were dealt out to be renewed
  rid        bigint  NOT NULL DEFAULT 0,
  looked     bigint  NOT NULL DEFAULT 0,  -- rows that it has gone through, those that it changed, those it could not read
  changed    bigint  NOT NULL DEFAULT 0,
  unreadable bigint  NOT NULL DEFAULT 0
);
INSERT INTO index_scheme (number) VALUES (0);

-- Dealt out and not finished: after one key, up to another. What is here when nobody works was left by a broken run.
CREATE TABLE index_part (
  person      bigint NOT NULL,
  rid         bigint NOT NULL,
  upto_person bigint NOT NULL,
  upto_rid    bigint NOT NULL,
  PRIMARY KEY (person, rid)
);

-- Called when a program with this scheme opens the database. Where there are no rows, all that come will be of its
-- scheme. A program older than the rows adds rows of its own to them: then there are several schemes.
CREATE FUNCTION begin_index_scheme(present integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  former constant text := coalesce(current_setting('kakehashi.window', true), '');
BEGIN
  IF EXISTS (SELECT FROM index_scheme WHERE number = present) THEN
    RETURN;
  END IF;
  PERFORM set_config('kakehashi.window', '{"(9223372036854775807,,,{},,0,)"}', true);
  IF NOT EXISTS (SELECT FROM resource) THEN
    UPDATE index_scheme SET number = present;
  ELSE
    UPDATE index_scheme SET number = 0, toward = NULL WHERE number > present;
  END IF;
  PERFORM set_config('kakehashi.window', former, true);
END
$$;

GRANT SELECT, UPDATE (number, toward, person, rid, looked, changed, unreadable) ON index_scheme TO kakehashi_app;
GRANT SELECT, INSERT, DELETE ON index_part TO kakehashi_app;
