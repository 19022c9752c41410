-- The facts that windows rest on, for whomever each of some resources is about: in one round trip, before any window is
-- open. `nobody` where there is no such resource, or it is about nobody: the same steps then. It tells persons, and is
-- for decisions only; nothing of it is shown. It takes the place of `whereabouts`, which was the first half of this.
-- One plan for all: making plans anew each time cost more than twice what the look itself does.

CREATE FUNCTION facts_named(
  types smallint[], rids bigint[], ids text[], asking_institution integer, asking_account text, moment timestamptz,
  nobody bigint
) RETURNS TABLE (
  place integer, person bigint,
  what text, id uuid, institution integer, number bigint, account text, starts timestamptz, ends timestamptz
) LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  whose bigint;
BEGIN
  FOR i IN 1 .. cardinality(rids) LOOP
    PERFORM set_config('kakehashi.window', '{"(9223372036854775807,,,{},,0,)"}', true);
    SELECT r.person INTO whose FROM resource r WHERE r.type = types[i] AND r.rid = rids[i] AND r.id = ids[i];
    PERFORM set_config('kakehashi.window', '', true);
    whose := coalesce(nullif(whose, 0), nobody);
    RETURN QUERY
      SELECT i, whose, f.what, f.id, f.institution, f.number, f.account, f.starts, f.ends
        FROM window_facts(whose, asking_institution, asking_account, moment) AS f;
  END LOOP;
END
$$;

GRANT EXECUTE ON FUNCTION facts_named TO kakehashi_app;

DROP FUNCTION whereabouts(smallint[], bigint[], text[]);
