-- Records: one row a resource, its former versions, the feed, the log, keys of requests, retention's record.
-- A person's rows have the person's key first in their primary key and point at nothing outside that person, so
-- that every table below `resource` can be distributed by `person`. Wide columns first: no padding between.

CREATE TABLE resource (
  person     bigint      NOT NULL,  -- 0: about nobody
  rid        bigint      NOT NULL,  -- core.hashing.row_key(type, id)
  origin     bigint      NOT NULL,  -- rid of the submission this row came in by; 0: none
  at         timestamptz NOT NULL,  -- clinical time, else when it was stored
  changed_at timestamptz NOT NULL,
  version    integer     NOT NULL,
  custodian  integer     NOT NULL,  -- institution that wrote it
  addressee  integer     NOT NULL,  -- institution it is addressed to; 0: none
  type       smallint    NOT NULL,  -- fhir.types.NUMBER
  kind       smallint    NOT NULL,  -- core.kinds.Kind
  flags      smallint    NOT NULL,  -- core.kinds.Flag
  id         text        NOT NULL COLLATE "C",
  tokens     bigint[]    NOT NULL,
  ranges     float8[]    NOT NULL,
  texts      text[]      NOT NULL,
  body       bytea       NOT NULL,  -- zstd frame of the served bytes (store/compression.py)
  PRIMARY KEY (person, rid)
);
-- zstd frames do not shrink further; so a long body goes out of line as it is.
ALTER TABLE resource ALTER COLUMN body SET STORAGE EXTERNAL;
-- The pending list (kB) is a trade: docs/adr/0002-write-path.md has the figures.
CREATE INDEX resource_tokens ON resource USING gin (tokens) WITH (fastupdate = on, gin_pending_list_limit = 1024);

-- Reading by id, and lists of a type. Unique, so that two persons never get the same Type/id at once. Citus has no
-- unique index without the distribution column: there it is a plain one, and only the writer's own look protects.
DO $$
BEGIN
  EXECUTE format(
    'CREATE %s INDEX resource_type_rid ON resource (type, rid)',
    CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN '' ELSE 'UNIQUE' END
  );
END
$$;

-- Superseded versions, and marks of deletion (body empty).
CREATE TABLE resource_version (
  person     bigint      NOT NULL,
  rid        bigint      NOT NULL,
  origin     bigint      NOT NULL,
  at         timestamptz NOT NULL,
  changed_at timestamptz NOT NULL,
  version    integer     NOT NULL,
  custodian  integer     NOT NULL,
  addressee  integer     NOT NULL,
  type       smallint    NOT NULL,
  kind       smallint    NOT NULL,
  flags      smallint    NOT NULL,
  mark       smallint    NOT NULL,  -- 0: a former version; 1: deleted, and still is; 2: was deleted, came back
  id         text        NOT NULL COLLATE "C",
  body       bytea       NOT NULL,
  PRIMARY KEY (person, rid, version)
);
ALTER TABLE resource_version ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX resource_version_type_rid ON resource_version (type, rid);

-- One entry for each accepted change; followers read it in the order of (xid, seq) (store/feed.py).
CREATE TABLE feed (
  person  bigint      NOT NULL,
  seq     bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  xid     xid8        NOT NULL DEFAULT pg_current_xact_id(),
  rid     bigint      NOT NULL,
  at      timestamptz NOT NULL,
  version integer     NOT NULL,
  type    smallint    NOT NULL,
  change  smallint    NOT NULL,  -- store.feed.Change
  PRIMARY KEY (person, seq)
);
CREATE INDEX feed_order ON feed (xid, seq);

-- Who looked and who changed, as bytes (core/logentry.py). The Merkle tree over it is trust/'s.
CREATE TABLE log (
  person bigint      NOT NULL,
  seq    bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  xid    xid8        NOT NULL DEFAULT pg_current_xact_id(),
  at     timestamptz NOT NULL,
  entry  bytea       NOT NULL,
  PRIMARY KEY (person, seq)
);
CREATE INDEX log_order ON log (xid, seq);

-- How far each follower of the feed or the log has come.
CREATE TABLE follower (
  name text   PRIMARY KEY,
  xid  xid8   NOT NULL,
  seq  bigint NOT NULL
);

-- Keys of requests that must have one effect, with what came of them.
CREATE TABLE idempotency (
  institution integer     NOT NULL,
  key         text        NOT NULL,
  digest      bytea       NOT NULL,  -- SHA-256 of the request's body
  outcome     bytea       NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (institution, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- What retention removed: that it was here and why it went, never what it said.
CREATE TABLE removal (
  person     bigint      NOT NULL,
  rid        bigint      NOT NULL,
  removed_at timestamptz NOT NULL,
  started_on date        NOT NULL,
  due_on     date        NOT NULL,
  versions   integer     NOT NULL,
  custodian  integer     NOT NULL,
  type       smallint    NOT NULL,
  kind       smallint    NOT NULL,
  class      text        NOT NULL,
  law        text        NOT NULL,
  PRIMARY KEY (person, rid, removed_at)
);

-- Legal hold (訴訟・監査等による保全): what must stay whatever its retention says.
CREATE TABLE legal_hold (
  person    bigint      NOT NULL,
  hold      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  kinds     bigint      NOT NULL,  -- bit set of Kind
  reason    text        NOT NULL,
  placed_by text        NOT NULL,
  placed_at timestamptz NOT NULL,
  lifted_at timestamptz,
  PRIMARY KEY (person, hold)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON resource, resource_version TO kakehashi_app;
GRANT SELECT, INSERT ON feed, log, removal TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE ON follower TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE (lifted_at) ON legal_hold TO kakehashi_app;
