-- holders --
-- Who holds these keys. $1 systems, $2 values, $3 holders. Uses person_identifier_pkey, person_pkey. A row a key.
SELECT i.system, i.value, i.holder, i.person, p.root
  FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (system, value, holder)
  JOIN person_identifier i USING (system, value, holder)
  JOIN person p USING (person);

-- roots --
-- The roots of these persons. $1 persons. Uses person_pkey. A row a person that exists.
SELECT person, root FROM person WHERE person = ANY ($1::bigint[]);

-- descriptions --
-- What is known of everyone merged under these roots. $1 roots. Uses person_root, person_description_pkey.
-- `doubted`: the link between institution and person is suspended, or was settled as wrong.
SELECT p.root, d.person, d.institution, d.kanji_text, d.kanji_family, d.kanji_given, d.kanji_full,
       d.kana_text, d.kana_family, d.kana_given, d.kana_full, d.birth, d.sex, d.prefecture, d.municipality, d.town,
       d.address_text, d.postal, d.phones,
       EXISTS (SELECT FROM person_suspension s
                WHERE s.person = d.person AND s.state <> 'right'
                  AND (s.institution IS NULL OR s.institution = d.institution)) AS doubted
  FROM person p JOIN person_description d USING (person)
 WHERE p.root = ANY ($1::bigint[]);

-- open_links --
-- The keys that an institution has said of these persons, in any state. $1 persons, $2 institution.
-- Uses person_link_open.
SELECT person, system, value, holder, state FROM person_link
 WHERE person = ANY ($1::bigint[]) AND institution = $2 AND until IS NULL;

-- persons_add --
-- New persons, each its own root. $1 keys, $2 time, $3 who.
INSERT INTO person (person, root, made_at, made_by) SELECT key, key, $2, $3 FROM unnest($1::bigint[]) AS key;

-- keys_add --
-- Claim keys; those already held are left out of the answer. $1 systems, $2 values, $3 holders, $4 persons, sorted
-- by the caller so that two writers take them in one order. Waits for a writer that holds the same key.
INSERT INTO person_identifier (system, value, holder, person)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
ON CONFLICT DO NOTHING RETURNING system, value, holder;

-- links_add --
-- New links with their evidence. $1 JSON rows, $2 institution, $3 time, $4 who.
INSERT INTO person_link (person, institution, system, value, holder, state, evidence, since, said_by)
SELECT r.person, $2, r.system, r.value, r.holder, r.state, r.evidence, $3, $4
  FROM jsonb_to_recordset($1::text::jsonb)
       AS r (person bigint, system text, value text, holder text, state text, evidence jsonb)
ON CONFLICT DO NOTHING;

-- links_close --
-- An institution now says another value for these persons in a system: its former links end. $1 persons,
-- $2 values said now, $3 system, $4 institution, $5 time. Uses person_link_open.
UPDATE person_link l SET until = $5
  FROM unnest($1::bigint[], $2::text[]) AS now (person, value)
 WHERE l.person = now.person AND l.institution = $4 AND l.system = $3 AND l.value <> now.value
   AND l.until IS NULL;

-- descriptions_put --
-- What an institution now says of these persons. $1 JSON rows, $2 institution, $3 time.
INSERT INTO person_description
SELECT r.person, $2, r.patient, r.kanji_text, r.kanji_family, r.kanji_given, r.kanji_full, r.kana_text,
       r.kana_family, r.kana_given, r.kana_full, r.birth, r.sex, r.prefecture, r.municipality, r.town,
       r.address_text, r.postal, r.phones, $3
  FROM jsonb_to_recordset($1::text::jsonb)
       AS r (person bigint, patient text, kanji_text text, kanji_family text, kanji_given text, kanji_full text,
             kana_text text, kana_family text, kana_given text, kana_full text, birth date, sex text,
             prefecture text, municipality text, town text, address_text text, postal text, phones text[])
ON CONFLICT (person, institution) DO UPDATE SET
  patient = excluded.patient, kanji_text = excluded.kanji_text, kanji_family = excluded.kanji_family,
  kanji_given = excluded.kanji_given, kanji_full = excluded.kanji_full, kana_text = excluded.kana_text,
  kana_family = excluded.kana_family, kana_given = excluded.kana_given, kana_full = excluded.kana_full,
  birth = excluded.birth, sex = excluded.sex, prefecture = excluded.prefecture,
  municipality = excluded.municipality, town = excluded.town, address_text = excluded.address_text,
  postal = excluded.postal, phones = excluded.phones, at = excluded.at;

-- likenesses --
-- Others with the same birth date, sex and name as these new persons, for the review queue. $1 persons, $2 most
-- for each. Uses person_description_kana and person_description_kanji.
SELECT new.person, hit.other, hit.kana, hit.kanji, hit.municipality, hit.town, hit.phone
  FROM person_description new
 CROSS JOIN LATERAL (
   SELECT DISTINCT ON (d.person) d.person AS other,
          d.kana_full <> '' AND d.kana_full = new.kana_full AS kana,
          d.kanji_full <> '' AND d.kanji_full = new.kanji_full AS kanji,
          d.municipality <> '' AND (d.prefecture, d.municipality) = (new.prefecture, new.municipality) AS municipality,
          d.town <> '' AND d.town = new.town AS town,
          d.phones && new.phones AS phone
     FROM person_description d
    WHERE d.birth = new.birth AND d.sex = new.sex AND d.person <> new.person
      AND (d.kana_full = new.kana_full AND new.kana_full <> ''
           OR d.kanji_full = new.kanji_full AND new.kanji_full <> '')
    ORDER BY d.person
    LIMIT $2
 ) AS hit
 WHERE new.person = ANY ($1::bigint[]) AND new.sex <> '';

-- everyone --
-- Some descriptions with the member id that the same institution said last, for bulk matching. $1 system of member
-- ids, $2 person and $3 institution after which to begin, $4 at most. Uses person_description_pkey, person_link_open.
-- A row for each person and institution.
SELECT p.root, d.person, d.institution, d.kanji_text, d.kanji_family, d.kanji_given, d.kanji_full, d.kana_text, d.kana_family,
       d.kana_given, d.kana_full, d.birth, d.sex, d.prefecture, d.municipality, d.town, d.address_text, d.postal,
       d.phones,
       (SELECT l.value FROM person_link l
         WHERE l.person = d.person AND l.institution = d.institution AND l.system = $1 AND l.until IS NULL
         ORDER BY l.link DESC LIMIT 1) AS member
  FROM person_description d JOIN person p USING (person)
 WHERE (d.person, d.institution) > ($2, $3)
 ORDER BY d.person, d.institution LIMIT $4;
