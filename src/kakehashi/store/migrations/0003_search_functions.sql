-- What searches compare exactly, after tokens have narrowed: the intervals and texts of one parameter in a row.
-- Plain SQL, so that the planner writes them out in the statement that calls them.

-- The intervals under a number in `ranges` (fhir/indexing/entries.py).
CREATE FUNCTION ranges_of(ranges float8[], number float8) RETURNS TABLE (low float8, high float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT ranges[i + 1], ranges[i + 2] FROM generate_series(1, cardinality(ranges), 3) AS i WHERE ranges[i] = number
$$;

-- Two intervals side by side, each under its number: the two numbers of one item of a composite.
CREATE FUNCTION range_pairs_of(ranges float8[], first float8, second float8)
RETURNS TABLE (low float8, high float8, other_low float8, other_high float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT ranges[i + 1], ranges[i + 2], ranges[i + 4], ranges[i + 5]
    FROM generate_series(1, cardinality(ranges) - 3, 3) AS i WHERE ranges[i] = first AND ranges[i + 3] = second
$$;

-- The normalised texts under a key ("number" and U+001F) in `texts`.
CREATE FUNCTION texts_of(texts text[], key text) RETURNS TABLE (value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT substr(t, length(key) + 1) FROM unnest(texts) AS t WHERE starts_with(t, key)
$$;

GRANT EXECUTE ON FUNCTION ranges_of, range_pairs_of, texts_of TO kakehashi_app;
