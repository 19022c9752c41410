-- 隔離: an institution that may be in wrong hands is shut out at once, and let in again as it was. What its systems,
-- accounts and certificates were before stays as it is: whether it is shut out is asked wherever one of them is.
CREATE TABLE quarantine (
  institution integer     NOT NULL REFERENCES institution (key) CHECK (institution <> 0),  -- 0: the operator
  placed_at   timestamptz NOT NULL,
  placed_by   text        NOT NULL,
  reason      text        NOT NULL CHECK (reason <> ''),
  lifted_at   timestamptz CHECK (lifted_at >= placed_at),
  lifted_by   text,
  PRIMARY KEY (institution, placed_at)
);
CREATE UNIQUE INDEX quarantine_standing ON quarantine (institution) WHERE lifted_at IS NULL;
GRANT SELECT, INSERT, UPDATE (lifted_at, lifted_by) ON quarantine TO kakehashi_app;
