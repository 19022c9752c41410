-- lock_names --
-- Waits for, and then holds, locks until the transaction ends. $1 hashes of names, in order.
SELECT pg_advisory_xact_lock(name) FROM unnest($1::bigint[]) AS name;
