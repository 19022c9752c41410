-- window_facts --
-- All that a window on one person rests on, in one round trip (migration 0032 has the statement: it runs as the owner,
-- because whoever decides must see every refusal). $1 person, $2 institution, $3 account, $4 moment.
SELECT what, id, institution, number, account, starts, ends FROM window_facts($1, $2, $3, $4);

-- window_facts_named --
-- The same for whomever each of some resources is about, after its place (from 1) and that person (migration 0012).
-- $1 types, $2 rids, $3 ids, $4 institution, $5 account, $6 moment, $7 the person where there is none.
SELECT place, person, what, id, institution, number, account, starts, ends
  FROM facts_named($1, $2, $3, $4, $5, $6, $7);

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
