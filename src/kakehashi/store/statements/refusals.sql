-- refusal_count --
-- Counts refused attempts in their minute. A minute has $6 lines at most; what comes after them is counted in one line
-- for each way. $1 minute, $2 way, $3 login that was tried or '', $4 account, client or mark, $5 network, $6 lines at
-- most, $7 how many. Uses refused_attempt_pkey.
WITH told AS (
  SELECT coalesce((SELECT id FROM account WHERE login = $3), $4) AS tried
), room AS (
  SELECT count(*) < $6 OR bool_or((way, tried, network) = ($2, (SELECT tried FROM told), $5)) AS there
    FROM refused_attempt WHERE minute = $1
)
INSERT INTO refused_attempt AS held (minute, way, tried, network, count)
SELECT $1, $2, CASE WHEN there THEN tried ELSE '' END, CASE WHEN there THEN $5 ELSE 'many' END, $7 FROM told, room
ON CONFLICT (minute, way, tried, network) DO UPDATE SET count = held.count + excluded.count;

-- refusal_take --
-- Takes out the lines of minutes that have ended. $1 the minute that is running. Uses refused_attempt_pkey.
DELETE FROM refused_attempt WHERE minute < $1 RETURNING minute, way, tried, network, count;

-- signins_of --
-- Sign-ins of an account that reached two factors or a choice, newest first, with where and how. $1 account, $2 at most.
-- Uses signin_session_of_account.
SELECT s.id, s.created_at, s.used_at, s.ended_at, s.ends_at, s.factors, s.role, i.name AS institution
  FROM signin_session AS s LEFT JOIN institution AS i ON i.key = s.institution
 WHERE s.account = $1 AND s.institution IS NOT NULL
 ORDER BY s.created_at DESC LIMIT $2;
