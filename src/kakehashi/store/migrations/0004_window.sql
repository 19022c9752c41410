-- The second wall: row-level security reads the window from the setting `kakehashi.window`, which store/ sets for one
-- transaction. It holds when the application's own filter is wrong or missing. No setting: an error, never all rows.

-- core.window.Pane; null means "any".
CREATE TYPE pane AS (
  kinds          bigint,
  persons        bigint[],
  custodians     integer[],
  not_custodians integer[],
  addressees     integer[],
  hidden         integer,
  since          timestamptz
);

CREATE FUNCTION open_panes() RETURNS pane[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  setting text := current_setting('kakehashi.window', true);
BEGIN
  IF setting IS NULL OR setting = '' THEN
    RAISE EXCEPTION 'no window is open' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN setting::pane[];
END
$$;

ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
ALTER TABLE resource FORCE ROW LEVEL SECURITY;
ALTER TABLE resource_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE resource_version FORCE ROW LEVEL SECURITY;

-- `(SELECT open_panes())` is evaluated once a statement; a row costs one pass over the panes.
DO $$
DECLARE
  guarded text;
  seen constant text := $policy$
    EXISTS (
      SELECT FROM unnest((SELECT open_panes())) AS p
       WHERE (p.kinds >> kind) & 1 = 1
         AND (p.persons IS NULL OR person = ANY (p.persons))
         AND (p.custodians IS NULL OR custodian = ANY (p.custodians))
         AND custodian <> ALL (p.not_custodians)
         AND (p.addressees IS NULL OR addressee = ANY (p.addressees))
         AND flags & p.hidden = 0
         AND (p.since IS NULL OR at >= p.since)
    )
  $policy$;
BEGIN
  FOREACH guarded IN ARRAY ARRAY['resource', 'resource_version'] LOOP
    EXECUTE format('CREATE POLICY window_select ON %I FOR SELECT USING (%s)', guarded, seen);
    EXECUTE format('CREATE POLICY window_update ON %I FOR UPDATE USING (%s)', guarded, seen);
    EXECUTE format('CREATE POLICY window_delete ON %I FOR DELETE USING (%s)', guarded, seen);
    EXECUTE format('CREATE POLICY window_insert ON %I FOR INSERT WITH CHECK (true)', guarded);
  END LOOP;
END
$$;

-- Under row-level security an index may only serve operators that are marked leakproof. Ours contain bigints, whose
-- comparison tells nothing by errors; marking needs a superuser. Without it searches over many persons still answer
-- rightly, but walk the rows instead of the token index (`kakehashi doctor` says so).
DO $$
BEGIN
  ALTER FUNCTION pg_catalog.arraycontains(anyarray, anyarray) LEAKPROOF;
  ALTER FUNCTION pg_catalog.arrayoverlap(anyarray, anyarray) LEAKPROOF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'token searches are slower: a superuser should mark arraycontains and arrayoverlap LEAKPROOF';
END
$$;
