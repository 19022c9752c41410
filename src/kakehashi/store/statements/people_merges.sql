-- merges_lock --
-- One merge or un-merge at a time: they are rare, and cycles must not be. $1 number of the lock.
SELECT pg_advisory_xact_lock($1);

-- merge_edges --
-- The merges in force among everyone under these roots, in the order in which they were made. $1 roots.
-- Uses person_root, person_merge_keep.
SELECT m.merge, m.keep, m.joined
  FROM person p JOIN person_merge m ON m.keep = p.person
 WHERE p.root = ANY ($1::bigint[]) AND m.undone_at IS NULL
 ORDER BY m.merge;

-- members --
-- Everyone merged with these persons, themselves included. $1 persons. Uses person_pkey, person_root.
SELECT asked.person AS asked, p.person
  FROM person asked JOIN person p ON p.root = asked.root
 WHERE asked.person = ANY ($1::bigint[]);

-- merge_add --
-- Two keys are one human. $1 keep, $2 joined, $3 evidence, $4 who, $5 time.
INSERT INTO person_merge (keep, joined, evidence, merged_by, merged_at)
VALUES ($1, $2, $3::text::jsonb, $4, $5) RETURNING merge;

-- merge_in_force --
-- A merge that has not been undone. $1 merge. Uses person_merge_pkey.
SELECT keep, joined FROM person_merge WHERE merge = $1 AND undone_at IS NULL;

-- merge_undo --
-- They are two after all. $1 merge, $2 evidence, $3 who, $4 time.
UPDATE person_merge SET undone_evidence = $2::text::jsonb, undone_by = $3, undone_at = $4
 WHERE merge = $1 AND undone_at IS NULL;

-- roots_set --
-- Who stands for whom. $1 persons, $2 roots.
UPDATE person p SET root = now.root
  FROM unnest($1::bigint[], $2::bigint[]) AS now (person, root)
 WHERE p.person = now.person AND p.root <> now.root;

-- merge_candidate --
-- What review made of a pair. $1 one, $2 other, $3 state, $4 who, $5 time; open again when $3 is 'open'.
UPDATE person_candidate SET state = $3, settled_by = $4, settled_at = $5
 WHERE one = $1 AND other = $2;
