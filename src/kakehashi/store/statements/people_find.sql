-- by_identifier --
-- Who holds an identifier by a link that was believed. $1 system, $2 value, $3 birth date or null (any), $4 most.
-- `disputed`: somebody else claims it too, and that is not settled. Uses person_identifier_pkey, person_link_person,
-- person_link_disputed.
SELECT DISTINCT p.root,
       EXISTS (SELECT FROM person_link x
                 JOIN person_suspension s ON s.person = x.person AND s.institution = x.institution
                WHERE x.system = $1 AND x.value = $2 AND x.state = 'disputed' AND x.until IS NULL
                  AND s.state = 'open') AS disputed
  FROM person_identifier i JOIN person p USING (person)
 WHERE i.system = $1 AND i.value = $2
   AND EXISTS (SELECT FROM person_link l
                WHERE l.person = i.person AND l.system = $1 AND l.value = $2 AND l.holder = i.holder
                  AND l.state = 'held')
   AND ($3::date IS NULL OR EXISTS (SELECT FROM person_description d
                                     WHERE d.person = i.person AND d.birth = $3))
 LIMIT $4;

-- by_items --
-- Who is described so, by links that are not in doubt. $1 birth date, $2 kana and $3 kanji, folded ("" for none),
-- $4 sex ("" for any), $5 most. Uses person_description_kana, person_description_kanji.
SELECT p.root, d.kana_full <> '' AND d.kana_full = $2 AS kana, d.kanji_full <> '' AND d.kanji_full = $3 AS kanji,
       d.sex, d.prefecture, d.municipality, d.town
  FROM person_description d JOIN person p USING (person)
 WHERE d.birth = $1 AND (d.kana_full = $2 AND $2 <> '' OR d.kanji_full = $3 AND $3 <> '')
   AND ($4 = '' OR d.sex = $4)
   AND NOT EXISTS (SELECT FROM person_suspension s
                    WHERE s.person = d.person AND s.state <> 'right'
                      AND (s.institution IS NULL OR s.institution = d.institution))
 ORDER BY p.root
 LIMIT $5;

-- description_of --
-- How a person is described: the own word of institution $2, else the newest, if not in doubt. $1 persons (all keys).
-- Uses person_description_pkey. One row at most.
SELECT d.institution, d.patient, d.kanji_text, d.kana_text, d.birth, d.sex, d.address_text, d.phones, d.at
  FROM person_description d
 WHERE d.person = ANY ($1::bigint[])
   AND NOT EXISTS (SELECT FROM person_suspension s
                    WHERE s.person = d.person AND s.state <> 'right'
                      AND (s.institution IS NULL OR s.institution = d.institution))
 ORDER BY d.institution = $2 DESC, d.at DESC
 LIMIT 1;

-- patients_of --
-- The Patients by which everyone merged under roots $1 is described. Uses person_root, person_description_pkey.
SELECT DISTINCT d.patient
  FROM person p JOIN person_description d USING (person)
 WHERE p.root = ANY ($1::bigint[])
 ORDER BY d.patient;
