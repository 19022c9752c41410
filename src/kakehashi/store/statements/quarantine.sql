-- quarantine_place --
-- Shuts an institution out. $1 institution, $2 at, $3 by, $4 reason. No row: it is shut out already.
INSERT INTO quarantine (institution, placed_at, placed_by, reason) VALUES ($1, $2, $3, $4)
ON CONFLICT (institution) WHERE lifted_at IS NULL DO NOTHING RETURNING institution;

-- quarantine_lift --
-- Lets it in again. $1 institution, $2 at, $3 by. No row: it was not shut out.
UPDATE quarantine SET lifted_at = $2, lifted_by = $3 WHERE institution = $1 AND lifted_at IS NULL
RETURNING institution;

-- quarantine_stands --
-- Whether an institution is shut out. Uses quarantine_standing. $1 institution.
SELECT EXISTS (SELECT FROM quarantine WHERE institution = $1 AND lifted_at IS NULL);

-- quarantine_among --
-- Which of these institutions are shut out. Uses quarantine_standing. $1 institutions.
SELECT institution FROM quarantine WHERE institution = ANY ($1::integer[]) AND lifted_at IS NULL;

-- quarantine_every --
-- All that stand, with what they stop, for the console. A few rows.
SELECT q.institution, q.placed_at, q.placed_by, q.reason,
       (SELECT count(*) FROM client c WHERE c.institution = q.institution AND c.status = 'active') AS clients,
       (SELECT count(*) FROM client_certificate k
         WHERE k.institution = q.institution AND k.revoked_at IS NULL) AS certificates,
       (SELECT count(DISTINCT m.account) FROM membership m
         WHERE m.institution = q.institution AND m.ended_at IS NULL) AS accounts
  FROM quarantine q WHERE q.lifted_at IS NULL ORDER BY q.placed_at;

-- quarantine_end_sessions --
-- Ends the open sessions that work for an institution. $1 institution, $2 at. Reads open sessions: a few thousand.
UPDATE signin_session SET ended_at = $2, ended_because = 'quarantine'
 WHERE (institution = $1 OR only_at = $1) AND ended_at IS NULL;
