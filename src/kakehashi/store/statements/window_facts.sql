-- window_facts --
-- All that a window on one person rests on, in one round trip: one row a fact, told apart by `what`; unused columns
-- are null. Nothing of it joins beyond this person. Uses person_pkey, person_root, consent_live, withholding_live,
-- disclosure_stop_live, referral_grant_pkey, emergency_opening_pkey, proxy_grant_live, person_suspension_person.
-- $1 person, $2 institution, $3 account, $4 moment. Typically one to five rows.
WITH key AS MATERIALIZED (
  SELECT coalesce(array_agg(mate.person), ARRAY[$1::bigint]) AS persons
    FROM person AS self JOIN person AS mate ON mate.root = self.root WHERE self.person = $1
)
SELECT 'key' AS what, NULL::uuid AS id, NULL::integer AS institution, unnest(persons) AS number, NULL::text AS account,
       NULL::timestamptz AS starts, NULL::timestamptz AS ends
  FROM key
UNION ALL
SELECT 'consent', c.id, c.institution, c.kinds, NULL, c.given_at, c.ends_at
  FROM consent AS c
 WHERE c.person = ANY ((SELECT persons FROM key)::bigint[])
   AND c.institution = $2 AND c.withdrawn_at IS NULL AND c.ends_at > $4
UNION ALL
SELECT 'withheld', w.id, w.custodian, w.kind, NULL, NULL, NULL
  FROM withholding AS w
 WHERE w.person = ANY ((SELECT persons FROM key)::bigint[])
   AND w.released_at IS NULL AND w.item IS NULL
UNION ALL
SELECT 'stopped', d.id, NULL, NULL, NULL, NULL, NULL
  FROM disclosure_stop AS d
 WHERE d.person = ANY ((SELECT persons FROM key)::bigint[])
   AND d.lifted_at IS NULL
UNION ALL
SELECT 'referrer', NULL, r.sender, NULL, NULL, NULL, NULL
  FROM referral_grant AS r
 WHERE r.person = ANY ((SELECT persons FROM key)::bigint[])
   AND r.receiver = $2 AND r.way IS NOT NULL
UNION ALL
SELECT 'emergency', e.id, e.institution, NULL, e.account, e.opened_at, e.ends_at
  FROM emergency_opening AS e
 WHERE e.person = ANY ((SELECT persons FROM key)::bigint[])
   AND e.institution = $2 AND e.account = $3 AND e.ends_at > $4
UNION ALL
SELECT 'proxy', p.id, NULL, p.kinds, p.account, p.starts_at, p.ends_at
  FROM proxy_grant AS p
 WHERE p.person = ANY ((SELECT persons FROM key)::bigint[])
   AND p.account = $3 AND p.withdrawn_at IS NULL AND p.ends_at > $4
UNION ALL
SELECT 'suspended', NULL, s.institution, NULL, NULL, NULL, NULL
  FROM person_suspension AS s
 WHERE s.person = ANY ((SELECT persons FROM key)::bigint[])
   AND s.state <> 'right';

-- insurer_now --
-- The insurer that the person is a member of now, as the newest open link by a member id says. Uses person_root,
-- person_link_open, institution_code_key. One row at most. $1 persons, $2 system of member ids.
SELECT i.key
  FROM institution AS i
  JOIN (
    SELECT left(value, 8) AS code FROM person_link
     WHERE person = ANY ($1::bigint[]) AND system = $2 AND state = 'held' AND until IS NULL
     ORDER BY since DESC, link DESC LIMIT 1
  ) AS newest ON newest.code = i.code
 WHERE i.type = 'insurer';
