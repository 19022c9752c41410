-- The server logs in as the application's role itself: it owns nothing and is a member of nothing, so that no statement
-- leads from its connections to the owner's rights (docs/adr/0011-reach.md). It has no password until the operator gives
-- it one: where PostgreSQL asks for a password, nobody comes in by it before.

DO $$
BEGIN
  IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'kakehashi_app') THEN
    ALTER ROLE kakehashi_app LOGIN;
  END IF;
EXCEPTION
  WHEN insufficient_privilege THEN
    RAISE NOTICE 'an administrator should run: ALTER ROLE kakehashi_app LOGIN';
  WHEN internal_error THEN
    NULL;  -- "tuple concurrently updated": another database of the same cluster did it at the same moment
END
$$;

-- It finds out whether something is left to do for the owner, and changes nothing there.
GRANT SELECT ON migration TO kakehashi_app;

-- Functions that run as the owner look for operators here too; clusters that began before PostgreSQL 15 let everybody
-- make some.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Whether `begin_epoch` (migration 0033) has something to do: asked by a server that has no right to do it. Runs as the
-- owner because the log is read; tells yes or no. Its tables come with later migrations.
CREATE FUNCTION epoch_due() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  reached constant xid8 := greatest(
    (SELECT max(xid) FROM feed), (SELECT max(xid) FROM log), (SELECT xid FROM log_tree), '0'::xid8
  );
  epochs  constant bigint := coalesce((SELECT max(number) FROM epoch), 0);
BEGIN
  RETURN reached::text::bigint >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + epochs * (1::bigint << 40);
END
$$;
REVOKE EXECUTE ON FUNCTION epoch_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epoch_due TO kakehashi_app;
