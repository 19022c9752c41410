-- 人: who a record is about. Reference tables: the one place that must find a person before a shard is known.

-- A person is a random key that means nothing. `root` stands for everyone merged with them (it may be the key itself).
CREATE TABLE person (
  person  bigint PRIMARY KEY CHECK (person > 0),
  root    bigint NOT NULL REFERENCES person (person),
  made_at timestamptz NOT NULL,
  made_by text NOT NULL
);
CREATE INDEX person_root ON person (root);

-- Who holds an identifier: one person at most, whoever asks first. `holder` is "" where (system, value) names one
-- human; else it carries what tells the members of a household apart (birth date, sex, name).
CREATE TABLE person_identifier (
  system text NOT NULL,
  value  text NOT NULL,
  holder text NOT NULL DEFAULT '',
  person bigint NOT NULL REFERENCES person (person),
  PRIMARY KEY (system, value, holder)
);
CREATE INDEX person_identifier_person ON person_identifier (person);

-- What an institution said, and why it was believed or not: the evidence of each link, from-until.
CREATE TABLE person_link (
  link        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person      bigint NOT NULL REFERENCES person (person),
  institution integer NOT NULL,
  system      text NOT NULL,
  value       text NOT NULL,
  holder      text NOT NULL DEFAULT '',
  state       text NOT NULL CHECK (state IN ('held', 'disputed', 'withdrawn')),
  evidence    jsonb NOT NULL,
  since       timestamptz NOT NULL,
  until       timestamptz,
  said_by     text NOT NULL
);
CREATE INDEX person_link_person ON person_link (person);
CREATE INDEX person_link_disputed ON person_link (system, value) WHERE state = 'disputed' AND until IS NULL;
CREATE UNIQUE INDEX person_link_open ON person_link (person, institution, system, value, holder)
  WHERE until IS NULL;

-- How each institution describes the person: as said (…_text) and folded for comparing.
CREATE TABLE person_description (
  person       bigint NOT NULL REFERENCES person (person),
  institution  integer NOT NULL,
  patient      text NOT NULL,
  kanji_text   text NOT NULL,
  kanji_family text NOT NULL,
  kanji_given  text NOT NULL,
  kanji_full   text NOT NULL,
  kana_text    text NOT NULL,
  kana_family  text NOT NULL,
  kana_given   text NOT NULL,
  kana_full    text NOT NULL,
  birth        date,
  sex          text NOT NULL,
  prefecture   text NOT NULL,
  municipality text NOT NULL,
  town         text NOT NULL,
  address_text text NOT NULL,
  postal       text NOT NULL,
  phones       text[] NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (person, institution)
);
CREATE INDEX person_description_kana ON person_description (birth, kana_full);
CREATE INDEX person_description_kanji ON person_description (birth, kanji_full);

-- 統合: two keys are one human. No row moves; undoing a merge is one update.
CREATE TABLE person_merge (
  merge       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  keep        bigint NOT NULL REFERENCES person (person),
  joined      bigint NOT NULL REFERENCES person (person),
  evidence    jsonb NOT NULL,
  merged_by   text NOT NULL,
  merged_at   timestamptz NOT NULL,
  undone_by   text,
  undone_at   timestamptz,
  undone_evidence jsonb,
  CHECK (keep <> joined)
);
CREATE INDEX person_merge_keep ON person_merge (keep) WHERE undone_at IS NULL;
CREATE INDEX person_merge_joined ON person_merge (joined) WHERE undone_at IS NULL;

-- 停止: what this institution (NULL: any) wrote of this person is shown to nobody else until it is settled.
-- state: open; right (settled, shown again); wrong (settled, stays hidden: these rows are of another human).
CREATE TABLE person_suspension (
  suspension  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  person      bigint NOT NULL REFERENCES person (person),
  institution integer,
  apart       boolean NOT NULL,
  other       bigint REFERENCES person (person),
  evidence    jsonb NOT NULL,
  since       timestamptz NOT NULL,
  raised_by   text NOT NULL,
  state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'right', 'wrong')),
  settled_at  timestamptz,
  settled_by  text,
  settled_evidence jsonb
);
CREATE UNIQUE INDEX person_suspension_open ON person_suspension (person, institution) NULLS NOT DISTINCT
  WHERE state = 'open';
CREATE INDEX person_suspension_person ON person_suspension (person) WHERE state <> 'right';

-- 名寄せ候補: two keys that may be one human, for an operator to look at.
CREATE TABLE person_candidate (
  one        bigint NOT NULL REFERENCES person (person),
  other      bigint NOT NULL REFERENCES person (person),
  score      real NOT NULL,
  evidence   jsonb NOT NULL,
  found_at   timestamptz NOT NULL,
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'same', 'different')),
  settled_by text,
  settled_at timestamptz,
  PRIMARY KEY (one, other),
  CHECK (one < other)
);
CREATE INDEX person_candidate_open ON person_candidate (score DESC) WHERE state = 'open';
CREATE INDEX person_candidate_other ON person_candidate (other);

GRANT SELECT, INSERT, UPDATE ON person, person_link, person_description, person_merge, person_suspension,
  person_candidate TO kakehashi_app;
GRANT SELECT, INSERT, DELETE ON person_identifier TO kakehashi_app;
