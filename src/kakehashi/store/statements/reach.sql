-- reach_open --
-- Opens a reach for row-level security until the transaction ends. $1 matters, $2 persons or null, $3 institution or
-- null, $4 account or null.
SELECT set_config('kakehashi.reach', ROW($1::text[], $2::bigint[], $3::integer, $4::text)::reach::text, true);
