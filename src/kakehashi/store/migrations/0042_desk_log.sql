-- The auditor looks for entries by time. The log grows in order of time, so a few pages say where a day lies: an
-- ordinary index would cost every look that is logged.
CREATE INDEX log_at ON log USING brin (at) WITH (pages_per_range = 16, autosummarize = on);
