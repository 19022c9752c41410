-- Apps that people use (SMART App Launch): registered as clients, allowed by a person each time, ended by anybody who may.
-- Nothing here holds a secret that can be read back: codes, refresh tokens and launch tokens are SHA-256 of random bits.

ALTER TABLE client
  ADD COLUMN proof text NOT NULL DEFAULT 'key' CHECK (proof IN ('key', 'secret', 'none')),
  ADD COLUMN secret bytea CHECK ((secret IS NOT NULL) = (proof = 'secret')),  -- SHA-256 of 256 random bits that we made
  ADD COLUMN redirects text[] NOT NULL DEFAULT '{}',  -- where an app is answered; none: a system
  ADD COLUMN launch_url text NOT NULL DEFAULT '',  -- what opens the app from within a record; '': it is not opened so
  ADD COLUMN origins text[] NOT NULL DEFAULT '{}',  -- where its pages come from, for browsers
  DROP CONSTRAINT client_check,
  ADD CONSTRAINT client_keys CHECK ((jwks <> '')::integer + (jwks_url <> '')::integer = (proof = 'key')::integer),
  ADD CONSTRAINT client_proof CHECK (proof = 'key' OR redirects <> '{}');

-- What somebody allowed an app, once: the code that it was answered with, and all tokens that came of it.
CREATE TABLE app_grant (
  id            text PRIMARY KEY,
  client        text NOT NULL REFERENCES client,
  account       text NOT NULL REFERENCES account,
  session       text NOT NULL REFERENCES signin_session (id),
  institution   integer NOT NULL REFERENCES institution (key),
  role          text NOT NULL,
  purpose       text NOT NULL,
  factors       integer NOT NULL,
  person        bigint,  -- the one person it reaches; null: whomever the account's windows open
  acts_for      text NOT NULL,
  context       jsonb NOT NULL,  -- what the app is told: patient, encounter, fhirUser
  scopes        text[] NOT NULL,
  outlives      boolean NOT NULL,  -- offline_access: goes on when the session has ended
  renews        boolean NOT NULL,  -- has refresh tokens
  proven_at     timestamptz NOT NULL,
  nonce         text NOT NULL,
  code          bytea NOT NULL UNIQUE,
  redirect      text NOT NULL,
  challenge     text NOT NULL,  -- PKCE, S256
  code_ends     timestamptz NOT NULL,
  code_used     timestamptz,
  given_at      timestamptz NOT NULL,
  used_at       timestamptz NOT NULL,
  ends_at       timestamptz NOT NULL,
  ended_at      timestamptz,
  ended_because text
);
CREATE INDEX app_grant_account ON app_grant (account) WHERE ended_at IS NULL;
CREATE INDEX app_grant_client ON app_grant (client) WHERE ended_at IS NULL;
CREATE INDEX app_grant_session ON app_grant (session);
CREATE INDEX app_grant_ended_at ON app_grant (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX app_grant_code_ends ON app_grant (code_ends) WHERE code_used IS NULL;

CREATE TABLE app_refresh (
  hash      bytea PRIMARY KEY,
  app_grant text NOT NULL REFERENCES app_grant ON DELETE CASCADE,
  made_at   timestamptz NOT NULL,
  used_at   timestamptz  -- once: a second use ends the grant
);
CREATE INDEX app_refresh_grant ON app_refresh (app_grant);

-- What opens an app from within a record: good once, for minutes, in the session that made it.
CREATE TABLE app_launch (
  hash      bytea PRIMARY KEY,
  client    text NOT NULL REFERENCES client,
  session   text NOT NULL REFERENCES signin_session (id),
  person    bigint NOT NULL,
  encounter text NOT NULL,
  ends_at   timestamptz NOT NULL,
  used_at   timestamptz
);
CREATE INDEX app_launch_ends_at ON app_launch (ends_at);

-- Which sessions ended lately: access tokens that lean on one end with it.
CREATE INDEX signin_session_ended_at ON signin_session (ended_at) WHERE ended_at IS NOT NULL;

-- ID tokens are signed with RS256, which every client of OpenID Connect knows; access tokens with ES256, as before.
ALTER TABLE signing_key ADD COLUMN algorithm text NOT NULL DEFAULT 'ES256' CHECK (algorithm IN ('ES256', 'RS256'));

GRANT SELECT, INSERT, UPDATE, DELETE ON app_grant, app_refresh, app_launch TO kakehashi_app;
