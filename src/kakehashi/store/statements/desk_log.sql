-- desk_log_search --
-- Entries of a period, newest first. $1 from, $2 before, $3 institution or null, $4 actions that begin so ("" any),
-- $5 below this seq or null, $6 at most. Uses log_at, then looks into each entry of the period.
SELECT l.person, l.seq, l.at, l.entry
  FROM log AS l
 WHERE l.at >= $1 AND l.at < $2
   AND ($5::bigint IS NULL OR l.seq < $5)
   AND ($3::integer IS NULL OR (convert_from(l.entry, 'UTF8')::jsonb ->> 'institution')::integer = $3)
   AND ($4 = '' OR starts_with(convert_from(l.entry, 'UTF8')::jsonb ->> 'action', $4))
 ORDER BY l.seq DESC
 LIMIT $6;

-- desk_log_looks --
-- Looks at persons by people at work in a period, in order. $1 from, $2 before, $3 actions, $4 roles, $5 at most.
-- Uses log_at.
SELECT l.person, l.seq, l.at, l.entry
  FROM log AS l
 WHERE l.at >= $1 AND l.at < $2 AND l.person <> 0
   AND convert_from(l.entry, 'UTF8')::jsonb ->> 'action' = ANY ($3::text[])
   AND convert_from(l.entry, 'UTF8')::jsonb ->> 'role' = ANY ($4::text[])
 ORDER BY l.seq
 LIMIT $5;

-- desk_account_names --
-- The names behind accounts. $1 ids. Uses account_pkey.
SELECT id, name FROM account WHERE id = ANY ($1::text[]);

-- desk_person_names --
-- The name that the newest description gives each person. $1 persons. Uses person_description_pkey.
SELECT DISTINCT ON (person) person, kanji_text, kanji_family
  FROM person_description WHERE person = ANY ($1::bigint[]) ORDER BY person, at DESC;

-- desk_log_state --
-- How many entries wait for the tree. One row. Uses log_order.
SELECT t.size, (SELECT count(*) FROM log AS l WHERE (l.xid, l.seq) > (t.xid, t.seq)) AS waiting FROM log_tree AS t;
