-- inspection_settings --
-- What the server was set to, where it matters for safety. No table is read.
SELECT current_setting('server_version') AS version,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('data_checksums') AS data_checksums,
       current_setting('data_sync_retry') AS data_sync_retry,
       current_setting('ssl') AS ssl,
       current_setting('server_version_num')::integer AS number;

-- inspection_walls --
-- Whether row-level security is forced on every table of records, and whether token searches may use their index.
SELECT (SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class
         WHERE oid IN ('resource'::regclass, 'resource_version'::regclass)) AS forced,
       (SELECT bool_and(proleakproof) FROM pg_proc
         WHERE proname IN ('arraycontains', 'arrayoverlap') AND pronamespace = 'pg_catalog'::regnamespace) AS leakproof,
       (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) AS privileged;

-- inspection_login --
-- What the connection logged in as, and whether that login is bound: of all roles that it may take, none is another
-- than the application's, and none owns something here or may make itself more than it is. Reads catalogues only.
SELECT session_user::text AS login,
       bool_and(r.rolname IN (session_user, 'kakehashi_app')
                AND NOT (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication)
                AND NOT EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relpersistence <> 't')
                AND NOT EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid)
                AND NOT EXISTS (SELECT FROM pg_database WHERE datdba = r.oid)) AS bound
  FROM pg_roles AS r WHERE pg_has_role(session_user, r.oid, 'MEMBER');

-- inspection_idle_accounts --
-- Accounts that nobody has used since $1. Reads all accounts: some thousand rows.
SELECT count(*) FROM account WHERE disabled_at IS NULL AND coalesce(used_at, created_at) < $1;

-- inspection_state --
-- The database's clock, client certificates that end by $1, and institutions in quarantine. Small tables only.
SELECT clock_timestamp() AS now,
       (SELECT count(*) FROM client_certificate WHERE revoked_at IS NULL AND not_after < $1) AS ending,
       (SELECT count(*) FROM quarantine WHERE lifted_at IS NULL) AS quarantined;
