-- 名寄せ: everyone compared with everyone, asked for on a page or at the prompt, done by a process of its own.
CREATE TABLE matching_run (
  number    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asked_by  text        NOT NULL,
  asked_at  timestamptz NOT NULL,
  entries   bigint      NOT NULL,  -- descriptions of persons when it was asked for
  done      bigint      NOT NULL DEFAULT 0,
  step      text        NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'reading', 'matching', 'done')),
  moved_at  timestamptz NOT NULL,
  pairs     bigint,   -- likely pairs; null where it failed
  fresh     bigint,   -- of these, pairs that nobody had proposed before
  megabytes integer,  -- of memory that the process took at the most
  fault     text      -- "ja | en" where it failed
);
-- One at a time: who asks while one is under way waits for that one.
CREATE UNIQUE INDEX matching_run_open ON matching_run ((true)) WHERE step <> 'done';

GRANT SELECT, INSERT, UPDATE (done, step, moved_at, pairs, fresh, megabytes, fault) ON matching_run TO kakehashi_app;

-- 救急閲覧の確認: what was judged, newest first.
CREATE INDEX emergency_opening_reviewed ON emergency_opening (reviewed_at) WHERE reviewed_at IS NOT NULL;
