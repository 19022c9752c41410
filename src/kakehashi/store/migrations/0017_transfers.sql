-- Bulk exports and imports: jobs that outlive the request that asked for them, and the server that works on them (ADR 16).
-- Removed when they expire. On Citus: a table of the coordinator.

CREATE TABLE transfer (
  id          uuid        NOT NULL PRIMARY KEY,
  person      bigint      NOT NULL,  -- whom the asker is bound to, 0 for nobody
  institution integer     NOT NULL,
  account     text        NOT NULL COLLATE "C",
  direction   text        NOT NULL CHECK (direction IN ('export', 'import')),
  actor       text        NOT NULL,  -- role, purpose, scopes, factors as JSON
  asked       text        NOT NULL,  -- what for, as JSON
  asked_at    timestamptz NOT NULL,
  began_at    timestamptz,
  moved_at    timestamptz NOT NULL,
  expires_at  timestamptz,
  state       text        NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  attempt     integer     NOT NULL DEFAULT 0,  -- how often it was taken up
  place       text        NOT NULL DEFAULT '',  -- how far it is, as JSON
  files       text        NOT NULL DEFAULT '[]',
  problem     text        NOT NULL DEFAULT ''  -- what it failed of: rule, Japanese, English, as JSON
);
CREATE INDEX transfer_open ON transfer (asked_at) WHERE state IN ('waiting', 'running');
CREATE INDEX transfer_expires ON transfer (expires_at) WHERE expires_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON transfer TO kakehashi_app;

-- Exports since a moment walk the marks of deletion, which are few beside the former versions.
CREATE INDEX resource_version_deleted ON resource_version (person, rid) WHERE mark = 1;

-- Under a reach, as consents are. `open_reach` comes with migration 0032, which a new database applies after this one:
-- a function's body is looked up when it runs.
CREATE FUNCTION transfer_reached(person bigint, institution integer, account text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN ((open_reach('transfer')).persons IS NULL OR person = ANY ((open_reach('transfer')).persons))
     AND ((open_reach('transfer')).institution IS NULL OR institution = (open_reach('transfer')).institution)
     AND ((open_reach('transfer')).account IS NULL OR account = (open_reach('transfer')).account);
END
$$;
ALTER TABLE transfer ENABLE ROW LEVEL SECURITY;
CREATE POLICY within_reach ON transfer FOR ALL USING (transfer_reached(person, institution, account));
