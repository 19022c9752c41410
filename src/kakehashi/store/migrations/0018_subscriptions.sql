-- Subscriptions as they are worked (docs/adr/0017): who subscribed, what is watched, how far each has been told. The resource
-- itself is a row of `resource`. On Citus: reference tables; they grow with subscribers, not with persons.

CREATE TABLE subscription (
  id          text        NOT NULL PRIMARY KEY COLLATE "C",  -- of the resource
  institution integer     NOT NULL,
  subject     text        NOT NULL,  -- client or account that asked; it is looked at again before each telling
  role        text        NOT NULL,
  purpose     text        NOT NULL,
  person      bigint,                -- of a token that was bound to one
  scopes      text[]      NOT NULL,
  version     integer     NOT NULL,  -- of the row that this was read from
  types       smallint[]  NOT NULL,  -- resource types that are watched
  channel     text        NOT NULL,
  status      text        NOT NULL,  -- requested, active, error, off
  error       text        NOT NULL DEFAULT '',
  definition  bytea       NOT NULL,  -- the Subscription, JSON
  topic       bytea       NOT NULL,  -- its topic's Basic as it was when it was asked for; empty: none
  begins      xid8        NOT NULL,  -- changes of this transaction and later ones are its
  events      bigint      NOT NULL DEFAULT 0,  -- numbered so far
  sent        bigint      NOT NULL DEFAULT 0,  -- told up to this number
  failures    integer     NOT NULL DEFAULT 0,  -- in a row
  due_at      timestamptz NOT NULL,  -- not before
  told_at     timestamptz NOT NULL,  -- last taken by the other side; for heartbeats
  beats       integer     NOT NULL DEFAULT 0,  -- seconds between heartbeats, 0 for none
  ends_at     timestamptz,
  halted      boolean     NOT NULL DEFAULT false  -- its subscriber was stopped since: nothing until it is requested again
);

-- What happened, numbered from 1 within a subscription. References only; what they say is read when it is told.
CREATE TABLE subscription_event (
  subscription text        NOT NULL COLLATE "C" REFERENCES subscription (id) ON DELETE CASCADE,
  number       bigint      NOT NULL,
  person       bigint      NOT NULL,
  at           timestamptz NOT NULL,  -- when it was stored
  version      integer     NOT NULL,
  type         smallint    NOT NULL,
  change       smallint    NOT NULL,  -- store.feed.Change
  id           text        NOT NULL COLLATE "C",
  PRIMARY KEY (subscription, number)
);
CREATE INDEX subscription_event_at ON subscription_event (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON subscription, subscription_event TO kakehashi_app;
