-- The application's role, and the institutions that take part.

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kakehashi_app') THEN
    CREATE ROLE kakehashi_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  EXECUTE format('GRANT kakehashi_app TO %I', current_user);
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- another database of the same cluster created the role at the same moment
END
$$;

GRANT USAGE ON SCHEMA public TO kakehashi_app;

-- 医療機関等: a reference table (the same on every shard).
CREATE TABLE institution (
  key  integer PRIMARY KEY,
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  type text NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON institution TO kakehashi_app;
