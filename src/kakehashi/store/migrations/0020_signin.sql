-- Sign-in of people and systems: accounts, factors, sessions, clients, tokens, keys, certificates.
-- Nothing here holds a secret that can be read back: passwords are argon2id, tokens and codes are SHA-256,
-- TOTP secrets and signing keys are sealed by a key file that is not in the database.

-- An account is exactly one natural person (安全管理ガイドライン 6.0 運用編14).
CREATE TABLE account (
  id          text PRIMARY KEY,
  login       text NOT NULL UNIQUE CHECK (login = lower(login)),
  name        text NOT NULL,
  kana        text NOT NULL DEFAULT '',
  birth_date  date,
  person      bigint UNIQUE,  -- of Role.PERSON: whose own account it is
  created_at  timestamptz NOT NULL,
  used_at     timestamptz,
  disabled_at timestamptz
);

-- A licence belongs to one natural person, so to one account.
CREATE TABLE account_licence (
  role    text NOT NULL,
  number  text NOT NULL,
  account text NOT NULL REFERENCES account,
  PRIMARY KEY (role, number),
  UNIQUE (account, role)
);

CREATE TABLE membership (
  account         text NOT NULL REFERENCES account,
  institution     integer NOT NULL REFERENCES institution (key),
  role            text NOT NULL,
  manages         boolean NOT NULL DEFAULT false,  -- may manage the accounts of this institution
  emergency_right boolean NOT NULL DEFAULT false,  -- 救急時医療情報閲覧の権限
  since           timestamptz NOT NULL,
  ended_at        timestamptz,
  PRIMARY KEY (account, institution, role)
);
CREATE INDEX membership_institution ON membership (institution);

CREATE TABLE account_password (
  account    text PRIMARY KEY REFERENCES account,
  hash       text NOT NULL,
  changed_at timestamptz NOT NULL,
  initial    boolean NOT NULL,  -- given by another: usable once, then it must be changed
  spent_at   timestamptz
);

CREATE TABLE account_totp (
  account      text PRIMARY KEY REFERENCES account,
  sealed       bytea NOT NULL,
  confirmed_at timestamptz NOT NULL,
  last_step    bigint NOT NULL  -- a code is good once: the step of the last one taken
);

-- A secret that was shown but not yet proven; the one in use stays until it is.
CREATE TABLE account_totp_offer (
  account text PRIMARY KEY REFERENCES account,
  sealed  bytea NOT NULL,
  made_at timestamptz NOT NULL
);

CREATE TABLE account_recovery (
  account text NOT NULL REFERENCES account,
  hash    bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (account, hash)
);

CREATE TABLE account_passkey (
  id           bytea PRIMARY KEY,
  account      text NOT NULL REFERENCES account,
  public_key   bytea NOT NULL,
  sign_count   bigint NOT NULL,
  label        text NOT NULL,
  created_at   timestamptz NOT NULL,
  used_at      timestamptz,
  suspended_at timestamptz  -- its counter went back: a copy of the key may exist
);
CREATE INDEX account_passkey_account ON account_passkey (account);

CREATE TABLE passkey_challenge (
  hash       bytea PRIMARY KEY,
  account    text REFERENCES account,  -- null: anybody's sign-in
  expires_at timestamptz NOT NULL
);

-- Failures of late, by login, address or both (as hashes), and until when no more are taken.
CREATE TABLE signin_attempt (
  bucket        bytea PRIMARY KEY,
  failures      integer NOT NULL,
  last_at       timestamptz NOT NULL,
  blocked_until timestamptz NOT NULL
);

-- Addresses from which an account has signed in: others' failures elsewhere do not slow these down.
CREATE TABLE signin_known (
  bucket  bytea PRIMARY KEY,
  seen_at timestamptz NOT NULL
);

-- 緊急時の代替手段: a broken card or telephone, a second person's approval, a day at most.
CREATE TABLE break_glass (
  id          text PRIMARY KEY,
  account     text NOT NULL REFERENCES account,
  institution integer NOT NULL REFERENCES institution (key),
  reason      text NOT NULL,
  hours       integer NOT NULL CHECK (hours BETWEEN 1 AND 24),
  asked_at    timestamptz NOT NULL,
  approved_by text CHECK (approved_by <> account),
  approved_at timestamptz,
  hash        bytea,
  ends_at     timestamptz CHECK (ends_at <= approved_at + interval '24 hours'),
  revoked_at  timestamptz
);
CREATE INDEX break_glass_account ON break_glass (account);

-- Rows stay after the end: when a session began and ended is part of the record (運用編17).
CREATE TABLE signin_session (
  hash          bytea PRIMARY KEY,  -- SHA-256 of the token
  id            text NOT NULL UNIQUE,
  csrf          text NOT NULL,
  account       text NOT NULL REFERENCES account,
  factors       text[] NOT NULL,
  must_change   boolean NOT NULL,
  institution   integer REFERENCES institution (key),
  role          text,
  purpose       text,
  person        bigint,
  acts_for      text NOT NULL DEFAULT '',
  only_at       integer REFERENCES institution (key),  -- break-glass: no other institution
  break_glass   text REFERENCES break_glass,
  created_at    timestamptz NOT NULL,
  used_at       timestamptz NOT NULL,
  proven_at     timestamptz NOT NULL,  -- when the strongest factor was last proven
  ends_at       timestamptz NOT NULL,
  ended_at      timestamptz,
  ended_because text
);
CREATE INDEX signin_session_account ON signin_session (account) WHERE ended_at IS NULL;

-- Systems (SMART Backend Services).
CREATE TABLE client (
  id            text PRIMARY KEY,
  name          text NOT NULL,
  institution   integer NOT NULL REFERENCES institution (key),
  jwks          text NOT NULL DEFAULT '',  -- public keys as JSON, or
  jwks_url      text NOT NULL DEFAULT '',  -- where they are published
  scopes        text[] NOT NULL,
  purposes      text[] NOT NULL,
  mtls          boolean NOT NULL DEFAULT false,  -- tokens only bound to a client certificate
  status        text NOT NULL CHECK (status IN ('active', 'suspended')),
  registered_at timestamptz NOT NULL,
  CHECK ((jwks = '') <> (jwks_url = ''))
);

CREATE TABLE client_certificate (
  thumbprint  bytea PRIMARY KEY,  -- SHA-256 of the DER
  institution integer NOT NULL REFERENCES institution (key),
  subject     text NOT NULL,
  not_before  timestamptz NOT NULL,
  not_after   timestamptz NOT NULL,
  added_at    timestamptz NOT NULL,
  revoked_at  timestamptz
);
CREATE INDEX client_certificate_institution ON client_certificate (institution);

CREATE TABLE assertion_seen (
  client     text NOT NULL REFERENCES client,
  jti        bytea NOT NULL,  -- SHA-256
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (client, jti)
);
CREATE INDEX assertion_seen_expires_at ON assertion_seen (expires_at);

-- Tokens that are void before they expire: one (jti), or all of a subject or institution issued until `at`.
CREATE TABLE token_revocation (
  kind       text NOT NULL CHECK (kind IN ('jti', 'subject', 'institution')),
  value      text NOT NULL,
  at         timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (kind, value)
);
CREATE INDEX token_revocation_expires_at ON token_revocation (expires_at);

CREATE TABLE signing_key (
  kid           text PRIMARY KEY,
  number        bigint GENERATED ALWAYS AS IDENTITY,  -- the newest signs
  sealed        bytea NOT NULL,  -- private key, sealed by the key file
  made_at       timestamptz NOT NULL,
  signs_until   timestamptz NOT NULL,
  trusted_until timestamptz NOT NULL,
  withdrawn_at  timestamptz
);

GRANT SELECT, INSERT, UPDATE ON account, account_licence, membership, break_glass, signin_session, client,
  client_certificate, account_passkey, signing_key TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON account_password, account_totp, account_totp_offer,
  account_recovery, passkey_challenge,
  signin_attempt, signin_known, assertion_seen, token_revocation TO kakehashi_app;
