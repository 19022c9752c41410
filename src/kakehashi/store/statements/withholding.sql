-- withholding_add --
-- Records a withholding; nothing happens when the same is in force. Uses withholding_live.
-- $1 person, $2 id, $3 item, $4 rid, $5 custodian, $6 kind, $7 moment, $8 by.
INSERT INTO withholding (person, id, item, rid, custodian, kind, at, by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING RETURNING id;

-- withholding_release --
-- Ends a withholding. Uses withholding_pkey. $1 persons, $2 id, $3 moment, $4 by.
UPDATE withholding SET released_at = $3, released_by = $4
 WHERE person = ANY ($1::bigint[]) AND id = $2 AND released_at IS NULL
RETURNING person, item, rid, custodian, kind;

-- withholding_list --
-- Every withholding of a person, newest first. Uses withholding_pkey. $1 persons.
SELECT person, id, item, custodian, kind, at, released_at
  FROM withholding WHERE person = ANY ($1::bigint[]) ORDER BY at DESC, id;

-- withholding_mark --
-- Sets and clears flags on the row of one record and its former versions; tells how many current rows it met.
-- $1 persons, $2 rid, $3 flags that hide a row from who marks it, $4 flags to set, $5 flags to clear.
SELECT mark_row($1::bigint[], $2, $3, $4, $5, NULL);

-- disclosure_stop --
-- Shuts the portal of a person; nothing happens when it is shut. Uses disclosure_stop_live. $1 person, $2 id, $3 moment,
-- $4 by.
INSERT INTO disclosure_stop (person, id, at, by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id;

-- disclosure_resume --
-- Opens the portal of a person again. Uses disclosure_stop_live. $1 persons, $2 moment, $3 by.
UPDATE disclosure_stop SET lifted_at = $2, lifted_by = $3 WHERE person = ANY ($1::bigint[]) AND lifted_at IS NULL
RETURNING id;

-- disclosure_stopped --
-- Whether the portal of a person is shut. Uses disclosure_stop_live. $1 persons.
SELECT EXISTS (SELECT FROM disclosure_stop WHERE person = ANY ($1::bigint[]) AND lifted_at IS NULL);
