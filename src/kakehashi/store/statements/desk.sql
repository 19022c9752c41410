-- desk_open --
-- Puts a person on a session's desk and returns the handle, the former one if there is one. $1 session, $2 handle,
-- $3 person, $4 moment. Uses desk_session_person_key.
WITH new AS (
  INSERT INTO desk (session, handle, person, at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (session, person) DO NOTHING RETURNING handle
)
SELECT handle FROM new UNION ALL SELECT handle FROM desk WHERE session = $1 AND person = $3 LIMIT 1;

-- desk_person --
-- The person behind a handle of this session. $1 session, $2 handle. Uses desk_pkey.
SELECT person FROM desk WHERE session = $1 AND handle = $2;

-- desk_clear --
-- Clears desks that are older than any session may be. $1 moment. Uses desk_at.
DELETE FROM desk WHERE at < $1;
