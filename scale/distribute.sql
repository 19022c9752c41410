-- What turns a migrated installation into a distributed one (docs/scale.md). For the owner, on the coordinator, after
-- `kakehashi init` with citus.enable_ddl_propagation off; distribute.py carries it out part by part.

-- walls --
-- Citus takes no policy with a subquery to a shard, so each wall becomes a function of the row. They say what migrations
-- 0004, 0016, 0023 and 0032 say; a test holds them equal. A row costs a call, where it cost a pass over panes made once.
CREATE FUNCTION row_seen(
  person bigint, custodian integer, addressee integer, type smallint, kind smallint, flags smallint, at timestamptz,
  tokens bigint[], ranges float8[]
) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM unnest(open_panes()) AS p
     WHERE (p.kinds >> row_seen.kind) & 1 = 1
       AND (p.persons IS NULL OR row_seen.person = ANY (p.persons))
       AND (p.custodians IS NULL OR row_seen.custodian = ANY (p.custodians))
       AND row_seen.custodian <> ALL (p.not_custodians)
       AND (p.addressees IS NULL OR row_seen.addressee = ANY (p.addressees))
       AND row_seen.flags & p.hidden = 0
       AND (p.since IS NULL OR row_seen.at >= p.since)
  ) AND left_by(open_narrowing(), row_seen.type, coalesce(row_seen.tokens, '{}'), coalesce(row_seen.ranges, '{}'))
    IS NOT FALSE;
END
$$;
CREATE FUNCTION shared_seen() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM unnest(open_panes()) AS p
     WHERE p.kinds & 1 = 1 AND (p.persons IS NULL OR 0 = ANY (p.persons)) AND p.custodians IS NULL
       AND p.not_custodians = '{}' AND p.addressees IS NULL AND p.hidden = 0 AND p.since IS NULL
  );
END
$$;
CREATE FUNCTION reached(matter text, of_person bigint, institutions integer[], of_account text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  open_now constant reach := open_reach(matter);
BEGIN
  RETURN (open_now.persons IS NULL OR of_person = ANY (open_now.persons))
     AND (open_now.institution IS NULL OR coalesce(open_now.institution = ANY (institutions), false))
     AND (open_now.account IS NULL OR coalesce(open_now.account = of_account, false));
END
$$;
GRANT EXECUTE ON FUNCTION row_seen, shared_seen, reached TO kakehashi_app;
DO $$
DECLARE
  guarded record;
  way text;
BEGIN
  FOREACH way IN ARRAY ARRAY['select', 'update', 'delete'] LOOP
    FOR guarded IN SELECT unnest(ARRAY['resource', 'resource_version']) AS name LOOP
      EXECUTE format('ALTER POLICY window_%s ON %I USING (row_seen('
        'person, custodian, addressee, type, kind, flags, at, tokens, ranges))', way, guarded.name);
    END LOOP;
  END LOOP;
  ALTER POLICY window_select ON terminology USING (shared_seen());
  FOR guarded IN
    SELECT * FROM (VALUES
      ('consent', 'ARRAY[institution]', 'NULL'), ('withholding', 'NULL', 'NULL'), ('disclosure_stop', 'NULL', 'NULL'),
      ('referral_grant', 'ARRAY[receiver, sender]', 'NULL'), ('emergency_opening', 'ARRAY[institution]', 'NULL'),
      ('proxy_grant', 'NULL', 'account')
    ) AS t (name, institutions, accounts)
  LOOP
    EXECUTE format('ALTER POLICY within_reach ON %1$I USING (reached(%1$L, person, %2$s, %3$s))',
      guarded.name, guarded.institutions, guarded.accounts);
  END LOOP;
END
$$;

-- plans --
-- Citus finds the shard by the values: a plan made for any values is refused. These functions keep one on a single node.
ALTER FUNCTION facts_named RESET plan_cache_mode;
ALTER FUNCTION window_facts RESET plan_cache_mode;

-- functions --
-- The application's own functions, to be made on each worker: Citus does not follow arrays of
-- composites by itself. What takes rows of tables runs on the coordinator alone.
SELECT p.oid, pg_get_functiondef(p.oid) AS made
  FROM pg_proc p
 WHERE pronamespace = 'public'::regnamespace AND prorettype <> 'trigger'::regtype
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
   AND NOT EXISTS (  -- of a table's row: made where the table is
     SELECT FROM unnest(p.proargtypes || p.prorettype) AS a JOIN pg_type t ON t.oid = a
       LEFT JOIN pg_type e ON e.oid = t.typelem JOIN pg_class k ON k.oid IN (t.typrelid, e.typrelid)
      WHERE k.relkind <> 'c')
 ORDER BY p.proname <> 'ranges_of', p.proname;

-- types --
-- The composites that settings and reads are written in.
SELECT t.oid, format('CREATE TYPE %I AS (%s)', t.typname, string_agg(
         format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)) AS made
  FROM pg_type t JOIN pg_class k ON k.oid = t.typrelid JOIN pg_attribute a ON a.attrelid = k.oid AND a.attnum > 0
 WHERE k.relkind = 'c' AND t.typnamespace = 'public'::regnamespace
 GROUP BY t.oid, t.typname ORDER BY t.typname;

-- known --
-- Tells Citus that an object is on the workers already. $1 catalog, $2 oid.
INSERT INTO pg_catalog.pg_dist_object (classid, objid, objsubid) VALUES ($1::regclass, $2, 0) ON CONFLICT DO NOTHING;
