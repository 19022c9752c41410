-- Whose current rows are, asked before any window is open: in one round trip, without a transaction of the caller's.
-- It tells persons, custodians and versions, and is for decisions only; nothing of it is shown.

CREATE FUNCTION whereabouts(types smallint[], rids bigint[], ids text[])
RETURNS TABLE (type smallint, id text, person bigint, custodian integer, version integer, origin bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  PERFORM set_config('kakehashi.window', '{"(9223372036854775807,,,{},,0,)"}', true);
  RETURN QUERY
    SELECT r.type, r.id, r.person, r.custodian, r.version, r.origin
      FROM unnest(types, rids, ids) AS k (type, rid, id)
      JOIN resource r ON r.type = k.type AND r.rid = k.rid AND r.id = k.id;
  PERFORM set_config('kakehashi.window', '', true);
END
$$;

GRANT EXECUTE ON FUNCTION whereabouts TO kakehashi_app;
