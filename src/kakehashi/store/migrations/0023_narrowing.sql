-- Scopes with search filters (docs/adr/0020): the setting `kakehashi.window` may say after the panes, on a further line, what
-- a row of some types must have besides. It is part of the same text, so that no window comes without its narrowing.

-- A mark of a filter (core/narrowing.py): a row of `type` is seen if, for some `filter`, each `part` has a mark that holds.
-- null: not asked. Marks are in the order of type, filter and part.
CREATE TYPE narrowing AS (
  type      smallint,
  filter    integer,
  part      integer,
  tokens    bigint[],  -- all of these; null: never
  code      bigint,    -- this one right before `beside`
  beside    bigint,
  number    float8,    -- an interval under this number: from <= low < under, over < high <= to
  low_from  float8,
  low_under float8,
  high_over float8,
  high_to   float8
);

-- What superseded and deleted versions had; null for those from before, which no filter can be held against: they are not
-- seen where one is asked for.
ALTER TABLE resource_version ADD COLUMN tokens bigint[], ADD COLUMN ranges float8[];

-- As in 0004. A narrowed window begins with a word and has its panes on the second line. It is open only where `resource` and
-- `resource_version` mean the views below: whoever forgets them reads nothing.
CREATE OR REPLACE FUNCTION open_panes() RETURNS pane[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  setting text := current_setting('kakehashi.window', true);
BEGIN
  IF setting LIKE '{%' THEN
    RETURN setting::pane[];
  END IF;
  IF setting LIKE 'narrowed%' AND current_setting('search_path') LIKE 'narrowed,%' THEN
    RETURN split_part(setting, E'\n', 2)::pane[];
  END IF;
  RAISE EXCEPTION 'no window is open' USING ERRCODE = 'insufficient_privilege';
END
$$;

-- null: the window is not narrowed.
CREATE FUNCTION open_narrowing() RETURNS narrowing[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN nullif(split_part(current_setting('kakehashi.window', true), E'\n', 3), '')::narrowing[];
END
$$;

-- Whether the marks leave a row. STRICT: not called for a window that is not narrowed; for any other it is never null.
CREATE FUNCTION left_by(marks narrowing[], of_type smallint, tokens bigint[], ranges float8[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  one narrowing;
  named boolean := false;  -- a filter is about this type
  filter integer := -1;
  part integer := -1;
  whole boolean := false;  -- every earlier part of the filter holds
  held boolean := false;  -- this part does
BEGIN
  FOREACH one IN ARRAY marks LOOP
    CONTINUE WHEN one.type <> of_type;
    named := true;
    IF one.filter <> filter THEN
      EXIT WHEN whole AND held;
      filter := one.filter;
      part := one.part;
      whole := true;
      held := false;
    ELSIF one.part <> part THEN
      part := one.part;
      whole := whole AND held;
      held := false;
    END IF;
    CONTINUE WHEN held OR NOT whole OR (tokens @> one.tokens) IS NOT TRUE;
    held := true;
    IF one.code IS NOT NULL THEN
      held := EXISTS (
        SELECT FROM unnest(tokens, tokens[2:]) AS t (here, next) WHERE t.here = one.code AND t.next = one.beside
      );
    END IF;
    IF held AND one.number IS NOT NULL THEN
      held := EXISTS (
        SELECT FROM ranges_of(ranges, one.number) AS v
         WHERE v.low >= one.low_from AND v.low < one.low_under AND v.high > one.high_over AND v.high <= one.high_to
      );
    END IF;
  END LOOP;
  RETURN NOT named OR (whole AND held);
END
$$;

GRANT EXECUTE ON FUNCTION open_narrowing, left_by TO kakehashi_app;

-- The second wall of a narrowed window: what the tables' policies show, narrowed. A schema of its own, so that the same
-- statements mean the tables or the views by the path that is set with the window; policies on the tables themselves cost
-- every statement of everybody else (docs/adr/0020).
CREATE SCHEMA narrowed;
GRANT USAGE ON SCHEMA narrowed TO kakehashi_app;

-- Makes the views with the columns that the tables have by now; called after migrations. One that takes a column away, or
-- changes its type, drops the views first.
CREATE FUNCTION begin_narrowed() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  guarded text;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['resource', 'resource_version'] LOOP
    EXECUTE format(
      $view$
        CREATE OR REPLACE VIEW narrowed.%1$I WITH (security_invoker) AS
        SELECT * FROM public.%1$I
         WHERE left_by((SELECT open_narrowing()), type, coalesce(tokens, '{}'), coalesce(ranges, '{}')) IS NOT FALSE
      $view$, guarded);
    EXECUTE format('GRANT SELECT ON narrowed.%I TO kakehashi_app', guarded);
  END LOOP;
END
$$;

SELECT begin_narrowed();
