-- The persons whose record a session has open: pages name them by a random handle, so no address holds a person's key.
CREATE TABLE desk (
  session text        NOT NULL,
  handle  text        NOT NULL,
  person  bigint      NOT NULL,
  at      timestamptz NOT NULL,
  PRIMARY KEY (session, handle),
  UNIQUE (session, person)
);
CREATE INDEX desk_at ON desk (at);
GRANT SELECT, INSERT, DELETE ON desk TO kakehashi_app;
