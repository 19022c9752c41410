-- Sign-in by an OpenID provider of the operator's own (docs/adr/0021): which identity there is which account here.
-- On Citus: reference tables; they grow with accounts, not with persons' records.

-- An identity at a provider is its issuer and its `sub`. It is one account's, and an account has one at each provider.
CREATE TABLE openid_link (
  issuer    text NOT NULL,
  subject   text NOT NULL,
  account   text NOT NULL REFERENCES account,
  linked_at timestamptz NOT NULL,
  linked_by text NOT NULL,  -- account that let it be linked
  PRIMARY KEY (issuer, subject),
  UNIQUE (issuer, account)
);

-- What a manager prepared for an account: a code to hand over (its hash), or the name that the provider knows it by.
CREATE TABLE openid_invitation (
  issuer   text NOT NULL,
  account  text NOT NULL REFERENCES account,
  hash     bytea,
  username text,
  made_at  timestamptz NOT NULL,
  made_by  text NOT NULL,
  ends_at  timestamptz NOT NULL,
  PRIMARY KEY (issuer, account),
  CHECK ((hash IS NULL) <> (username IS NULL))
);
CREATE UNIQUE INDEX openid_invitation_hash ON openid_invitation (hash);
CREATE UNIQUE INDEX openid_invitation_username ON openid_invitation (issuer, username);

-- An identity that the provider has proven and that is about to sign in, sealed by the key file.
CREATE TABLE openid_arrival (
  hash       bytea PRIMARY KEY,  -- SHA-256 of what the browser holds
  sealed     bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX openid_arrival_expires_at ON openid_arrival (expires_at);

-- What is good once: answers to our requests (`state`), logout tokens (`jti`), and sessions that ended there (`sid`).
CREATE TABLE openid_seen (
  hash       bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX openid_seen_expires_at ON openid_seen (expires_at);

-- Sessions that rest on a provider's word, so that they end when it says so.
CREATE TABLE openid_session (
  session text PRIMARY KEY REFERENCES signin_session (id),
  issuer  text NOT NULL,
  subject text NOT NULL,
  sid     text NOT NULL,  -- the session there; empty: it did not say
  sealed  bytea           -- the id_token, to sign out there; null: it was used
);
CREATE INDEX openid_session_subject ON openid_session (issuer, subject);

GRANT SELECT, INSERT, DELETE ON openid_link, openid_arrival, openid_seen TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON openid_invitation TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE ON openid_session TO kakehashi_app;
