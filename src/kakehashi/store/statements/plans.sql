-- plan_hurry --
-- For the rest of the transaction: what is explained is never carried out, and is not waited for either.
SELECT set_config('statement_timeout', '2s', true), set_config('lock_timeout', '200ms', true),
       set_config('transaction_read_only', 'on', true);

-- plan_explain --
-- The plan of a statement that this session prepared. What stands in braces is filled in by store/plans.py: the name that
-- the driver gave it, and as many NULLs as it has arguments.
EXPLAIN (FORMAT JSON) EXECUTE {name}{nulls};
