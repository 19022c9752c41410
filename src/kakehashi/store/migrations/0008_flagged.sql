-- Which resources carry, or once carried, a flag: asked for a person's own log, so that an act on what they may not
-- know of leaves no line there. It opens a window of its own and gives back the caller's.

CREATE FUNCTION flagged(types smallint[], rids bigint[], ids text[], wanted integer)
RETURNS TABLE (type smallint, id text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  open_now text := current_setting('kakehashi.window', true);
BEGIN
  PERFORM set_config('kakehashi.window', '{"(9223372036854775807,,,{},,0,)"}', true);
  RETURN QUERY
    SELECT r.type, r.id FROM unnest(types, rids, ids) AS k (type, rid, id)
      JOIN resource r ON r.type = k.type AND r.rid = k.rid AND r.id = k.id
     WHERE r.flags & wanted <> 0
    UNION
    SELECT v.type, v.id FROM unnest(types, rids, ids) AS k (type, rid, id)
      JOIN resource_version v ON v.type = k.type AND v.rid = k.rid AND v.id = k.id
     WHERE v.flags & wanted <> 0;
  PERFORM set_config('kakehashi.window', coalesce(open_now, ''), true);
END
$$;

GRANT EXECUTE ON FUNCTION flagged TO kakehashi_app;
