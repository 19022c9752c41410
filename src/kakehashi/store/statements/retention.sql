-- retention_lock --
-- Takes the job's lock for the session; false: another has it. Given back by retention_unlock, or with the connection.
SELECT pg_try_advisory_lock(7262022);

-- retention_unlock --
SELECT pg_advisory_unlock(7262022);

-- retention_next --
-- The last key of the next batch, over living rows and deletions that stand. $1 and $2 after this key, $3 at most.
-- Uses resource_pkey and resource_version_pkey.
SELECT person, rid FROM (
  SELECT person, rid FROM (
    (SELECT person, rid FROM resource WHERE (person, rid) > ($1, $2) ORDER BY person, rid LIMIT $3)
    UNION ALL
    (SELECT person, rid FROM resource_version
      WHERE (person, rid) > ($1, $2) AND mark = 1 ORDER BY person, rid LIMIT $3)
  ) AS either ORDER BY person, rid LIMIT $3
) AS batch ORDER BY person DESC, rid DESC LIMIT 1;

-- retention_due --
-- Rows (and deletions that stand) between two keys whose time is over. $1 and $2 after this key, $3 and $4 up to this
-- one, $5 kinds, $6 the LTS flag, $7 with or without it, $8 started before, $9 the clinical time counts when later.
SELECT x.person, x.rid, x.type, x.id, x.started
  FROM (
    SELECT person, rid, type, id, kind, flags, CASE WHEN $9 THEN greatest(changed_at, at) ELSE changed_at END AS started
      FROM resource WHERE (person, rid) > ($1, $2) AND (person, rid) <= ($3, $4)
    UNION ALL
    SELECT person, rid, type, id, kind, flags, CASE WHEN $9 THEN greatest(changed_at, at) ELSE changed_at END
      FROM resource_version WHERE (person, rid) > ($1, $2) AND (person, rid) <= ($3, $4) AND mark = 1
  ) AS x
 WHERE ($5::bigint >> x.kind) & 1 = 1
   AND (x.flags & $6::integer <> 0) = $7::boolean
   AND x.started < $8
   AND NOT EXISTS (
     SELECT FROM legal_hold h
      WHERE (h.kinds >> x.kind) & 1 = 1 AND h.lifted_at IS NULL
        AND h.person IN (
          SELECT x.person UNION ALL
          SELECT mate.person FROM person self JOIN person mate ON mate.root = self.root WHERE self.person = x.person
        )
   );

-- retention_remove --
-- Removes rows with all their versions; leaves the record of it and an entry in the feed. $1 persons, $2 rids, $3 starts,
-- $4 days from which they were free, $5 moment, $6 class, $7 law.
WITH due AS (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::date[]) AS d (person, rid, started_on, due_on)
), living AS (
  DELETE FROM resource r USING due WHERE r.person = due.person AND r.rid = due.rid
  RETURNING r.person, r.rid, r.version, r.type, r.kind, r.custodian
), former AS (
  DELETE FROM resource_version v USING due WHERE v.person = due.person AND v.rid = due.rid
  RETURNING v.person, v.rid, v.version, v.type, v.kind, v.custodian
), gone AS (
  SELECT DISTINCT ON (person, rid) person, rid, version, type, kind, custodian,
         count(*) OVER (PARTITION BY person, rid) AS versions
    FROM (SELECT * FROM living UNION ALL SELECT * FROM former) AS either
   ORDER BY person, rid, version DESC
), told AS (
  INSERT INTO feed (person, rid, at, version, type, change)
  SELECT person, rid, $5, version, type, 3 FROM gone
)
INSERT INTO removal (person, rid, removed_at, started_on, due_on, versions, custodian, type, kind, class, law)
SELECT gone.person, gone.rid, $5, due.started_on, due.due_on, gone.versions, gone.custodian, gone.type, gone.kind, $6, $7
  FROM gone JOIN due USING (person, rid);

-- retention_ahead --
-- Rows of some kinds that may go by a day, held ones apart. $1 started before, $2 kinds, $3 the LTS flag, $4 with or
-- without it, $5 the clinical time counts when later. Uses resource_changed_at: only pages as old as that are read.
SELECT count(*) AS due, count(*) FILTER (WHERE held) AS held, min(started) AS first
  FROM (
    SELECT CASE WHEN $5 THEN greatest(r.changed_at, r.at) ELSE r.changed_at END AS started,
           EXISTS (
             SELECT FROM legal_hold h
              WHERE h.person = r.person AND (h.kinds >> r.kind) & 1 = 1 AND h.lifted_at IS NULL
           ) AS held
      FROM resource r
     WHERE r.changed_at < $1 AND ($2::bigint >> r.kind) & 1 = 1 AND (r.flags & $3::integer <> 0) = $4::boolean
  ) AS x
 WHERE x.started < $1;
