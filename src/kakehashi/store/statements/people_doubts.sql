-- suspensions_add --
-- Links in doubt. $1 JSON rows, $2 time, $3 who. One open suspension for each person and institution.
INSERT INTO person_suspension (person, institution, apart, other, evidence, since, raised_by)
SELECT r.person, r.institution, r.apart, r.other, r.evidence, $2, $3
  FROM jsonb_to_recordset($1::text::jsonb)
       AS r (person bigint, institution integer, apart boolean, other bigint, evidence jsonb)
ON CONFLICT DO NOTHING RETURNING suspension;

-- suspension_lock --
-- One suspension, locked until the transaction ends. $1 suspension.
SELECT suspension, person, institution, apart, other, evidence, since, raised_by, state
  FROM person_suspension WHERE suspension = $1 FOR UPDATE;

-- suspension_settle --
-- Settle it. $1 suspension, $2 state, $3 time, $4 who, $5 evidence.
UPDATE person_suspension SET state = $2, settled_at = $3, settled_by = $4, settled_evidence = $5::text::jsonb
 WHERE suspension = $1;

-- suspended --
-- What is hidden of these persons: open, or settled as wrong. $1 persons. Uses person_suspension_person.
SELECT suspension, person, institution, apart, other, evidence, since, raised_by, state
  FROM person_suspension WHERE person = ANY ($1::bigint[]) AND state <> 'right' ORDER BY suspension;

-- suspensions_open --
-- Everything that waits for an operator, oldest first. $1 most.
SELECT suspension, person, institution, apart, other, evidence, since, raised_by, state
  FROM person_suspension WHERE state = 'open' ORDER BY suspension LIMIT $1;

-- disputed_settle --
-- The disputed links of a person at an institution become held or withdrawn. $1 person, $2 institution, $3 state,
-- $4 when withdrawn links end, else null. Uses person_link_open.
UPDATE person_link SET state = $3, until = $4
 WHERE person = $1 AND institution = $2 AND state = 'disputed' AND until IS NULL;

-- links_withdraw --
-- Every link that an institution said of a person was wrong. $1 person, $2 institution, $3 time.
UPDATE person_link SET state = 'withdrawn', until = $3
 WHERE person = $1 AND institution = $2 AND until IS NULL
RETURNING system, value, holder;

-- keys_drop --
-- The person holds these keys no more, where no institution's open link is left to bear them out. $1 person,
-- $2 systems, $3 values, $4 holders.
DELETE FROM person_identifier i
 USING unnest($2::text[], $3::text[], $4::text[]) AS gone (system, value, holder)
 WHERE i.person = $1 AND i.system = gone.system AND i.value = gone.value AND i.holder = gone.holder
   AND NOT EXISTS (SELECT FROM person_link l
                    WHERE l.person = $1 AND l.until IS NULL AND l.state = 'held'
                      AND (l.system, l.value, l.holder) = (i.system, i.value, i.holder));

-- affected --
-- From when to when (null: still) an institution wrote under a person by a link. $1 person, $2 institution or null for
-- any. Uses person_link_person.
SELECT institution, min(since) AS since, nullif(max(coalesce(until, 'infinity')), 'infinity') AS until,
       array_agg(DISTINCT system || '|' || value) AS keys
  FROM person_link WHERE person = $1 AND ($2::integer IS NULL OR institution = $2) GROUP BY institution;

-- candidates_add --
-- Pairs for review, and how many of them are new; a pair that was settled stays settled. $1 JSON rows, $2 time.
-- A row that is inserted has no xmax, one that is updated has.
WITH put AS (
  INSERT INTO person_candidate (one, other, score, evidence, found_at)
  SELECT r.one, r.other, r.score, r.evidence, $2
    FROM jsonb_to_recordset($1::text::jsonb) AS r (one bigint, other bigint, score real, evidence jsonb)
   ORDER BY r.one, r.other
  ON CONFLICT (one, other) DO UPDATE
     SET score = excluded.score, evidence = excluded.evidence
   WHERE person_candidate.state = 'open' AND person_candidate.score < excluded.score
  RETURNING xmax = 0 AS fresh
)
SELECT count(*) FILTER (WHERE fresh) FROM put;

-- candidates_open --
-- Pairs that wait for an operator, likeliest first. $1 most. Uses person_candidate_open.
SELECT one, other, score, evidence, found_at FROM person_candidate
 WHERE state = 'open' ORDER BY score DESC, found_at LIMIT $1;

-- candidates_count --
-- How many pairs wait. Uses person_candidate_open.
SELECT count(*) FROM person_candidate WHERE state = 'open';

-- candidate_settle --
-- An operator has decided on a pair. $1 one, $2 other, $3 state, $4 time, $5 who.
UPDATE person_candidate SET state = $3, settled_at = $4, settled_by = $5
 WHERE one = $1 AND other = $2 AND state = 'open';
