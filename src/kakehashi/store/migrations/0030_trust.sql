-- What a window rests on: consent, withholding, referrals to an addressee, emergency openings, proxies. Each row is
-- an act of somebody: it is ended by filling its last columns, never rewritten and never deleted by the application.

-- 同意: the person's word to one institution, for some kinds of information, until `ends_at`.
CREATE TABLE consent (
  person       bigint      NOT NULL,
  id           uuid        NOT NULL,
  institution  integer     NOT NULL,
  kinds        bigint      NOT NULL CHECK (kinds <> 0),  -- bit set of Kind
  given_at     timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL CHECK (ends_at > given_at),
  evidence     text        NOT NULL CHECK (evidence IN ('card', 'oral', 'portal')),
  given_to     text        NOT NULL,  -- account or client that recorded it
  withdrawn_at timestamptz,
  withdrawn_by text,
  PRIMARY KEY (person, id)
);
CREATE INDEX consent_live ON consent (person, institution, ends_at) WHERE withdrawn_at IS NULL;

-- 閲覧させない: one record, all of an institution, or all of a kind, from every institution but its writer.
CREATE TABLE withholding (
  person      bigint      NOT NULL,
  id          uuid        NOT NULL,
  item        text,     -- "Condition/123"
  rid         bigint,   -- row key of the item
  custodian   integer,
  kind        smallint,
  at          timestamptz NOT NULL,
  by          text        NOT NULL,
  released_at timestamptz,
  released_by text,
  PRIMARY KEY (person, id),
  CHECK (num_nonnulls(item, custodian, kind) = 1 AND (item IS NULL) = (rid IS NULL))
);
CREATE UNIQUE INDEX withholding_live ON withholding (person, item, custodian, kind) NULLS NOT DISTINCT
  WHERE released_at IS NULL;
CREATE INDEX withholding_rid ON withholding (rid) WHERE released_at IS NULL AND rid IS NOT NULL;

-- 自己情報提供不可フラグ: the portal is shut for the person and every proxy.
CREATE TABLE disclosure_stop (
  person     bigint      NOT NULL,
  id         uuid        NOT NULL,
  at         timestamptz NOT NULL,
  by         text        NOT NULL,
  lifted_at  timestamptz,
  lifted_by  text,
  PRIMARY KEY (person, id)
);
CREATE UNIQUE INDEX disclosure_stop_live ON disclosure_stop (person) WHERE lifted_at IS NULL;

-- 診療情報提供書と添付の退院時サマリー: who may fetch it, and by which of the three ways the person agreed.
-- No way yet: 閲覧保留. The document's row carries the addressee only while this says it is viewable.
CREATE TABLE referral_grant (
  person    bigint      NOT NULL,
  item      text        NOT NULL,  -- "Bundle/123", "Composition/123"
  rid       bigint      NOT NULL,
  kind      smallint    NOT NULL,
  sender    integer     NOT NULL,
  receiver  integer     NOT NULL CHECK (receiver <> 0),
  sent_at   timestamptz NOT NULL,
  sent_by   text        NOT NULL,
  way       text        CHECK (way IN ('oral', 'portal', 'card')),
  agreed_at timestamptz,
  agreed_by text,
  PRIMARY KEY (person, rid),
  CHECK ((way IS NULL) = (agreed_at IS NULL))
);
CREATE INDEX referral_grant_receiver ON referral_grant (receiver, sent_at);
CREATE INDEX referral_grant_rid ON referral_grant (rid);

-- 救急時医療情報閲覧: one person's summary opened to one account at one hospital, and its review afterwards.
CREATE TABLE emergency_opening (
  person      bigint      NOT NULL,
  id          uuid        NOT NULL,
  institution integer     NOT NULL,
  account     text        NOT NULL,
  reason_code text        NOT NULL,
  reason      text        NOT NULL CHECK (length(reason) >= 10),
  opened_at   timestamptz NOT NULL,
  ends_at     timestamptz NOT NULL CHECK (ends_at > opened_at),
  reviewed_at timestamptz,
  reviewed_by text,
  verdict     text CHECK (verdict IN ('justified', 'unjustified')),
  remark      text,
  PRIMARY KEY (person, id)
);
CREATE INDEX emergency_opening_review ON emergency_opening (opened_at) WHERE reviewed_at IS NULL;

-- 代理人: an account that may see some kinds of a person's record for a time.
CREATE TABLE proxy_grant (
  person       bigint      NOT NULL,
  id           uuid        NOT NULL,
  account      text        NOT NULL,
  kinds        bigint      NOT NULL CHECK (kinds <> 0),
  basis        text        NOT NULL CHECK (basis IN ('chosen', 'parent', 'guardian')),
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL CHECK (ends_at > starts_at),
  granted_at   timestamptz NOT NULL,
  granted_by   text        NOT NULL,
  withdrawn_at timestamptz,
  withdrawn_by text,
  PRIMARY KEY (person, id)
);
CREATE INDEX proxy_grant_live ON proxy_grant (person, account, ends_at) WHERE withdrawn_at IS NULL;
CREATE INDEX proxy_grant_account ON proxy_grant (account);

GRANT SELECT, INSERT ON consent, withholding, disclosure_stop, referral_grant, emergency_opening, proxy_grant
  TO kakehashi_app;
GRANT UPDATE (withdrawn_at, withdrawn_by) ON consent, proxy_grant TO kakehashi_app;
GRANT UPDATE (released_at, released_by) ON withholding TO kakehashi_app;
GRANT UPDATE (lifted_at, lifted_by) ON disclosure_stop TO kakehashi_app;
GRANT UPDATE (receiver, sent_at, sent_by, way, agreed_at, agreed_by) ON referral_grant TO kakehashi_app;
GRANT UPDATE (reviewed_at, reviewed_by, verdict, remark) ON emergency_opening TO kakehashi_app;

-- Marks rows of one person that decisions of the person rest on, former versions too, and gives back how many current
-- rows it met. Opens a window of its own on that person (rows with a flag of `unseen` stay unseen, so that nobody
-- learns of a hidden row by marking it), and puts back the window that was open.
CREATE FUNCTION mark_row(
  persons bigint[], wanted bigint, unseen integer, set_flags integer, clear_flags integer, new_addressee integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  before text := current_setting('kakehashi.window', true);
  met integer;
BEGIN
  PERFORM set_config(
    'kakehashi.window',
    ARRAY[ROW(~0::bigint, persons, NULL, ARRAY[]::integer[], NULL, unseen, NULL)::pane]::text, true
  );
  UPDATE resource
     SET flags = flags & ~clear_flags | set_flags, addressee = coalesce(new_addressee, addressee)
   WHERE person = ANY (persons) AND rid = wanted;
  GET DIAGNOSTICS met = ROW_COUNT;
  UPDATE resource_version
     SET flags = flags & ~clear_flags | set_flags, addressee = coalesce(new_addressee, addressee)
   WHERE person = ANY (persons) AND rid = wanted;
  PERFORM set_config('kakehashi.window', coalesce(before, ''), true);
  RETURN met;
END
$$;

-- Whom a document's row is addressed to now: its receiver, or nobody (0) while the person has not agreed or withholds
-- what this sender wrote, or this kind.
CREATE FUNCTION addressee_of(held referral_grant) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN held.way IS NULL OR EXISTS (
    SELECT FROM withholding AS w
     WHERE w.released_at IS NULL AND (w.custodian = held.sender OR w.kind = held.kind)
       AND w.person IN (
         SELECT held.person UNION ALL
         SELECT mate.person FROM person AS self JOIN person AS mate ON mate.root = self.root
          WHERE self.person = held.person
       )
  ) THEN 0 ELSE held.receiver END
$$;

-- A record that comes again (an update, a resend of the whole) stays withheld, and a document stays addressed as the
-- person decided, whatever the writer says. One look for each statement that inserts, not for each row.
CREATE FUNCTION keep_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mark_row(ARRAY[a.person], a.rid, 0, 8, 0, NULL)  -- 8: Flag.WITHHELD
     FROM added AS a JOIN withholding AS w ON w.rid = a.rid
    WHERE w.released_at IS NULL;
  PERFORM mark_row(ARRAY[a.person], a.rid, 0, 0, 0, addressee_of(r))
     FROM added AS a JOIN referral_grant AS r ON r.rid = a.rid
    WHERE a.addressee <> addressee_of(r);
  RETURN NULL;
END
$$;

-- Citus knows no such trigger: there the writer calls the same through store/withholding.py and store/consents.py.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    CREATE TRIGGER resource_keep_decisions AFTER INSERT ON resource
      REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_decisions();
  END IF;
END
$$;
