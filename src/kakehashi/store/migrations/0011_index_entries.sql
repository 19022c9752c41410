-- Fewer bytes of index entries (docs/adr/0009): one text a row instead of an array, the bits of the parameters that are
-- present before the intervals and not in a triple of their own. Rows that were stored before keep their data but are
-- found by search only when they are stored again.

DROP FUNCTION ranges_of, range_pairs_of, texts_of;

ALTER TABLE resource ALTER COLUMN texts TYPE text COLLATE "C" USING array_to_string(texts, '');

-- The intervals under a number in `ranges` (fhir/indexing/entries.py).
CREATE FUNCTION ranges_of(ranges float8[], number float8) RETURNS TABLE (low float8, high float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT ranges[i + 1], ranges[i + 2] FROM generate_series(2, cardinality(ranges), 3) AS i WHERE ranges[i] = number
$$;

-- Two intervals side by side, each under its number: the two numbers of one item of a composite.
CREATE FUNCTION range_pairs_of(ranges float8[], first float8, second float8)
RETURNS TABLE (low float8, high float8, other_low float8, other_high float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT ranges[i + 1], ranges[i + 2], ranges[i + 4], ranges[i + 5]
    FROM generate_series(2, cardinality(ranges) - 3, 3) AS i WHERE ranges[i] = first AND ranges[i + 3] = second
$$;

-- The normalised texts under a key (U+001E and four signs) in `texts`.
CREATE FUNCTION texts_of(texts text, key text) RETURNS TABLE (value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT substr(t, length(key)) FROM string_to_table(texts, E'\x1e') AS t WHERE starts_with(t, substr(key, 2))
$$;

GRANT EXECUTE ON FUNCTION ranges_of, range_pairs_of, texts_of TO kakehashi_app;
