-- The second wall around what windows rest on, and around the log: a transaction reads and changes rows of these tables
-- only within a reach that trust/ opened for it, after it decided who may. The reach stands in the setting
-- `kakehashi.reach` and ends with the transaction. No reach, or one for another matter: an error, never no rows, because
-- a refusal that is not seen would look like a permission.
-- Decisions themselves do not go by it: whoever decides must see every refusal, so that is done by functions that run
-- as the owner (`window_facts`, `addressee_of`, `keep_decisions`) and tell no more than the decision needs. The owner is
-- therefore not under these policies; the application never connects as the owner.

-- store.reach.Reach; null means "any".
CREATE TYPE reach AS (matters text[], persons bigint[], institution integer, account text);

CREATE FUNCTION open_reach(matter text) RETURNS reach LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
  setting text := current_setting('kakehashi.reach', true);
BEGIN
  IF setting IS NULL OR setting = '' OR NOT matter = ANY ((setting::reach).matters) THEN
    RAISE EXCEPTION 'no reach is open on %', matter USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN setting::reach;
END
$$;

-- `(SELECT …)` is evaluated once a statement. A table without an institution or an account is in no reach that is
-- narrowed to one: an institution reads consents to itself, never who withholds what from whom.
DO $$
DECLARE
  guarded record;
BEGIN
  FOR guarded IN
    SELECT * FROM (VALUES
      ('consent', 'institution', 'NULL'),
      ('withholding', 'NULL', 'NULL'),
      ('disclosure_stop', 'NULL', 'NULL'),
      ('referral_grant', 'receiver, sender', 'NULL'),
      ('emergency_opening', 'institution', 'NULL'),
      ('proxy_grant', 'NULL', 'account'),
      ('log', 'NULL', 'NULL')
    ) AS t (name, institutions, accounts)
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded.name);
    EXECUTE format(
      $policy$
        CREATE POLICY within_reach ON %1$I FOR %2$s USING (
          ((SELECT (open_reach(%1$L)).persons) IS NULL
            OR person = ANY ((SELECT (open_reach(%1$L)).persons)::bigint[]))
          AND ((SELECT (open_reach(%1$L)).institution) IS NULL
            OR coalesce((SELECT (open_reach(%1$L)).institution) IN (%3$s), false))
          AND ((SELECT (open_reach(%1$L)).account) IS NULL
            OR coalesce((SELECT (open_reach(%1$L)).account) IN (%4$s), false))
        )
      $policy$,
      guarded.name, CASE guarded.name WHEN 'log' THEN 'SELECT' ELSE 'ALL' END, guarded.institutions, guarded.accounts
    );
  END LOOP;
END
$$;

-- Whoever looks leaves an entry, about whomever it is: writing to the log needs no reach.
CREATE POLICY whoever_looks ON log FOR INSERT WITH CHECK (true);

-- All that a window on one person rests on, for one institution and one account: one row a fact, told apart by `what`;
-- unused columns are null. Nothing of it joins beyond this person. Uses person_pkey, person_root, consent_live,
-- withholding_live, disclosure_stop_live, referral_grant_pkey, emergency_opening_pkey, proxy_grant_live,
-- person_suspension_person. Typically one to five rows. One plan for all persons: making it anew each time cost more
-- than twice what the look itself does.
CREATE FUNCTION window_facts(asked bigint, asking_institution integer, asking_account text, moment timestamptz)
RETURNS TABLE (
  what text, id uuid, institution integer, number bigint, account text, starts timestamptz, ends timestamptz
) LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  persons bigint[];
BEGIN
  SELECT coalesce(array_agg(mate.person), ARRAY[asked]) INTO persons
    FROM person AS self JOIN person AS mate ON mate.root = self.root WHERE self.person = asked;
  RETURN QUERY
    SELECT 'key', NULL::uuid, NULL::integer, unnest(persons), NULL::text, NULL::timestamptz, NULL::timestamptz
    UNION ALL
    SELECT 'consent', c.id, c.institution, c.kinds, NULL, c.given_at, c.ends_at FROM consent AS c
     WHERE c.person = ANY (persons) AND c.institution = asking_institution AND c.withdrawn_at IS NULL
       AND c.ends_at > moment
    UNION ALL
    SELECT 'withheld', w.id, w.custodian, w.kind, NULL, NULL, NULL FROM withholding AS w
     WHERE w.person = ANY (persons) AND w.released_at IS NULL AND w.item IS NULL
    UNION ALL
    SELECT 'stopped', d.id, NULL, NULL, NULL, NULL, NULL FROM disclosure_stop AS d
     WHERE d.person = ANY (persons) AND d.lifted_at IS NULL
    UNION ALL
    SELECT 'referrer', NULL, r.sender, NULL, NULL, NULL, NULL FROM referral_grant AS r
     WHERE r.person = ANY (persons) AND r.receiver = asking_institution AND r.way IS NOT NULL
    UNION ALL
    SELECT 'emergency', e.id, e.institution, NULL, e.account, e.opened_at, e.ends_at FROM emergency_opening AS e
     WHERE e.person = ANY (persons) AND e.institution = asking_institution AND e.account = asking_account
       AND e.ends_at > moment
    UNION ALL
    SELECT 'proxy', p.id, NULL, p.kinds, p.account, p.starts_at, p.ends_at FROM proxy_grant AS p
     WHERE p.person = ANY (persons) AND p.account = asking_account AND p.withdrawn_at IS NULL AND p.ends_at > moment
    UNION ALL
    SELECT 'suspended', NULL, s.institution, NULL, NULL, NULL, NULL FROM person_suspension AS s
     WHERE s.person = ANY (persons) AND s.state <> 'right';
END
$$;

REVOKE EXECUTE ON FUNCTION window_facts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION window_facts TO kakehashi_app;

ALTER FUNCTION addressee_of(referral_grant) SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION keep_decisions() SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp;
