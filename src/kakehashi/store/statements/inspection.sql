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

-- inspection_idle_accounts --
-- Accounts that nobody has used since $1. Reads all accounts: some thousand rows.
SELECT count(*) FROM account WHERE disabled_at IS NULL AND coalesce(used_at, created_at) < $1;

-- inspection_state --
-- The database's clock, client certificates that end by $1, and institutions in quarantine. Small tables only.
SELECT clock_timestamp() AS now,
       (SELECT count(*) FROM client_certificate WHERE revoked_at IS NULL AND not_after < $1) AS ending,
       (SELECT count(*) FROM quarantine WHERE lifted_at IS NULL) AS quarantined;
