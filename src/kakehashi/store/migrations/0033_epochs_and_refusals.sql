-- The order of feed and log after a dump was restored into another cluster, and refused attempts to sign in.

-- Feed and log are ordered by the number of the writing transaction, and these numbers belong to a cluster: one that a
-- dump was restored into may count lower than the entries that came along. So an order number has an epoch in front:
-- epoch · 2^40 + transaction number. A new epoch begins when the cluster's numbers lie behind what is already there
-- (asked whenever a server starts, after migrating). Order numbers keep their type and their columns, so places of
-- followers and cursors hold their epoch by themselves; and a follower that had gone beyond the dump is still behind
-- everything that the new epoch writes.
CREATE TABLE epoch (
  number     integer     PRIMARY KEY,
  began_at   timestamptz NOT NULL DEFAULT now(),
  cluster    text        NOT NULL,  -- system identifier of the cluster it began in
  from_xid   xid8        NOT NULL   -- the next transaction number at that moment
);
GRANT SELECT ON epoch TO kakehashi_app;

-- This transaction's number in the order, and the number that everything settled lies before. Their bodies are written
-- anew with each epoch and are inlined: an entry costs no look into a table.
CREATE FUNCTION order_number() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT pg_current_xact_id()';
CREATE FUNCTION order_settled() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE
  AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())';

ALTER TABLE feed ALTER COLUMN xid SET DEFAULT order_number();
ALTER TABLE log ALTER COLUMN xid SET DEFAULT order_number();

-- Begins a new epoch where one is due and returns its number, else null. For the owner, at the start of a server.
CREATE FUNCTION begin_epoch() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  now_in integer := coalesce((SELECT max(number) FROM epoch), 0);
  next   xid8    := pg_snapshot_xmax(pg_current_snapshot());
  last   xid8    := greatest(
    (SELECT max(xid) FROM feed), (SELECT max(xid) FROM log), (SELECT xid FROM log_tree), '0'::xid8
  );
BEGIN
  IF last::text::bigint < next::text::bigint + now_in * (1::bigint << 40) THEN
    RETURN NULL;
  END IF;
  now_in := (last::text::bigint >> 40) + 1;
  INSERT INTO epoch (number, cluster, from_xid)
  SELECT now_in, system_identifier::text, next FROM pg_control_system();
  EXECUTE format(
    $body$CREATE OR REPLACE FUNCTION order_number() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE AS
      'SELECT (pg_current_xact_id()::text::bigint + %1$s)::text::xid8'$body$, now_in * (1::bigint << 40)
  );
  EXECUTE format(
    $body$CREATE OR REPLACE FUNCTION order_settled() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE AS
      'SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + %1$s)::text::xid8'$body$,
    now_in * (1::bigint << 40)
  );
  RETURN now_in;
END
$$;
REVOKE EXECUTE ON FUNCTION begin_epoch FROM PUBLIC;

-- Attempts to sign in that were refused, counted by the minute: an attacker adds to counts, not to the log. Ended
-- minutes go into the log (trust/signin/refusals.py) and leave here.
CREATE TABLE refused_attempt (
  minute  timestamptz NOT NULL,
  way     text        NOT NULL,  -- "password", "password.wait", "second", "passkey", "client.jti", "token"
  tried   text        NOT NULL,  -- account or client; "?" and four digits of a hash for what is neither; "" unknown
  network text        NOT NULL,  -- "loopback", "203.0.113.0/24", "" unknown
  count   integer     NOT NULL,
  PRIMARY KEY (minute, way, tried, network)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON refused_attempt TO kakehashi_app;

-- A person's own list of sign-ins.
CREATE INDEX signin_session_of_account ON signin_session (account, created_at);
