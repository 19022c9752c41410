-- lock_name --
-- Waits for, and then holds, the lock of a name until the transaction ends. $1 hash of the name.
SELECT pg_advisory_xact_lock($1);
