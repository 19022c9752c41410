-- desk_merges --
-- Merges in force, newest first. $1 at most. Uses person_merge_pkey.
SELECT merge, keep, joined, evidence::text AS evidence, merged_by, merged_at
  FROM person_merge WHERE undone_at IS NULL ORDER BY merge DESC LIMIT $1;

-- desk_removals --
-- What retention removed, by run and class, newest first. $1 at most. Reads all of removal: it grows by years only.
SELECT removed_at, class, law, count(*) AS records, min(started_on) AS first, max(started_on) AS last
  FROM removal GROUP BY removed_at, class, law ORDER BY removed_at DESC, class LIMIT $1;

-- desk_next_institution --
-- The next free key of an institution, held against another one until the transaction ends. $1 number of the lock.
SELECT coalesce(max(key), 0) + 1 FROM institution, pg_advisory_xact_lock($1);

-- desk_members --
-- Who works at an institution, and how, by login. $1 institution. Uses membership_institution.
SELECT a.id, a.login, a.name, a.used_at, a.disabled_at, m.role, m.manages, m.emergency_right, m.since
  FROM membership AS m JOIN account AS a ON a.id = m.account
 WHERE m.institution = $1 AND m.ended_at IS NULL ORDER BY a.login, m.role;
