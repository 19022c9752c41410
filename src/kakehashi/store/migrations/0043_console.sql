-- What the console and the counters do about accounts, proxies, holds, emergency codes and the log's proof.

-- 本人確認の記録: what was checked before a person got an account, or the password of one anew.
CREATE TABLE account_proof (
  number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account     text        NOT NULL REFERENCES account,
  at          timestamptz NOT NULL,
  what        text        NOT NULL CHECK (what IN ('issued', 'reset')),
  papers      text[]      NOT NULL CHECK (cardinality(papers) > 0),
  institution integer     NOT NULL,
  by          text        NOT NULL
);
CREATE INDEX account_proof_account ON account_proof (account);

-- 棚卸し: somebody looked through an institution's accounts (安全管理ガイドライン 6.0 運用編14).
CREATE TABLE account_review (
  number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  institution integer     NOT NULL,
  at          timestamptz NOT NULL,
  by          text        NOT NULL,
  members     integer     NOT NULL,
  unused      integer     NOT NULL
);
CREATE INDEX account_review_institution ON account_review (institution);

-- 代理人: an adult's guardian too, the evidence of those that the operator registers, and why one was ended.
ALTER TABLE proxy_grant DROP CONSTRAINT proxy_grant_basis_check;
ALTER TABLE proxy_grant ADD CONSTRAINT proxy_grant_basis_check
  CHECK (basis IN ('chosen', 'parent', 'guardian', 'adult-guardian'));
ALTER TABLE proxy_grant ADD COLUMN evidence text NOT NULL DEFAULT '';

-- 保存期間の停止: who lifted it, and why.
ALTER TABLE legal_hold ADD COLUMN lifted_by text, ADD COLUMN lift_reason text;
CREATE INDEX legal_hold_live ON legal_hold (placed_at) WHERE lifted_at IS NULL;

-- 緊急コード: looked at afterwards by somebody who neither used nor approved it.
ALTER TABLE break_glass
  ADD COLUMN reviewed_at timestamptz,
  ADD COLUMN reviewed_by text CHECK (reviewed_by <> account AND reviewed_by <> approved_by),
  ADD COLUMN verdict     text CHECK (verdict IN ('justified', 'unjustified')),
  ADD COLUMN remark      text;
CREATE INDEX break_glass_review ON break_glass (approved_at) WHERE approved_at IS NOT NULL AND reviewed_at IS NULL;
CREATE INDEX break_glass_institution ON break_glass (institution, asked_at);

-- 記録の検証: asked for on a page, done by a server's chore, with its progress.
CREATE TABLE log_check (
  number   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asked_by text        NOT NULL,
  asked_at timestamptz NOT NULL,
  entries  bigint      NOT NULL,
  done     bigint      NOT NULL DEFAULT 0,
  step     text        NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'reading', 'checking', 'done')),
  moved_at timestamptz NOT NULL,
  verdict  text,
  said     text
);
-- One at a time: who asks while one is under way waits for that one.
CREATE UNIQUE INDEX log_check_open ON log_check ((true)) WHERE step <> 'done';

-- What falls due next is found by when rows were stored; rows come in order of time, so a few pages say where.
CREATE INDEX resource_changed_at ON resource USING brin (changed_at) WITH (pages_per_range = 64, autosummarize = on);

GRANT SELECT, INSERT ON account_proof, account_review TO kakehashi_app;
GRANT UPDATE (lifted_by, lift_reason) ON legal_hold TO kakehashi_app;
GRANT SELECT, INSERT, UPDATE (done, step, moved_at, verdict, said) ON log_check TO kakehashi_app;
