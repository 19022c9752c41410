-- tree_claim --
-- Makes this transaction the only one that grows the tree; false when another one is. $1 lock number.
SELECT pg_try_advisory_xact_lock($1);

-- tree_state --
-- How far the tree has come. One row.
SELECT size, xid::text AS xid, seq FROM log_tree;

-- tree_settled --
-- Entries after the last leaf whose transaction, and every earlier one, has ended: nothing can come before them any
-- more. In the log's order. Uses log_order. $1 xid, $2 seq, $3 how many at most.
SELECT l.xid::text AS xid, l.seq, l.entry FROM log AS l
 WHERE (l.xid, l.seq) > ($1::text::xid8, $2::bigint) AND l.xid < order_settled()
 ORDER BY l.xid, l.seq LIMIT $3;

-- tree_grow --
-- Notes how far the tree has come. $1 size, $2 xid, $3 seq.
UPDATE log_tree SET size = $1, xid = $2::text::xid8, seq = $3;

-- tile_put --
-- Stores new tiles, and those that grew. Uses log_tile_pkey. $1 levels, $2 numbers, $3 hashes.
INSERT INTO log_tile (level, number, hashes)
SELECT level, number, hashes FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS new (level, number, hashes)
ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes;

-- tile_get --
-- Some tiles. Uses log_tile_pkey. $1 levels, $2 numbers.
SELECT t.level, t.number, t.hashes
  FROM unnest($1::smallint[], $2::bigint[]) AS wanted (level, number)
  JOIN log_tile AS t ON t.level = wanted.level AND t.number = wanted.number;

-- tile_stream --
-- All tiles of one level, in order. Uses log_tile_pkey. $1 level, $2 first number.
SELECT number, hashes FROM log_tile WHERE level = $1 AND number >= $2 ORDER BY number;

-- tile_levels --
-- The levels that have tiles. Uses log_tile_pkey.
SELECT DISTINCT level FROM log_tile ORDER BY level;

-- place_put --
-- Notes which log rows the leaves of tiles are; a tile that grew gets its new rows appended. Uses log_place_pkey.
-- $1 number of the tile, $2 xid and $3 seq of its first new row, $4 seqs of its new rows.
INSERT INTO log_place AS held (number, xid, seq, seqs) VALUES ($1, $2::text::xid8, $3, $4)
ON CONFLICT (number) DO UPDATE SET seqs = held.seqs || excluded.seqs;

-- checkpoint_add --
-- Keeps a signed checkpoint. Uses log_checkpoint_pkey. $1 size, $2 moment, $3 root, $4 note.
INSERT INTO log_checkpoint (size, at, root, note) VALUES ($1, $2, $3, $4);

-- checkpoint_last --
-- The newest checkpoint. Uses log_checkpoint_pkey. One row at most.
SELECT size, at, root, note FROM log_checkpoint ORDER BY size DESC LIMIT 1;

-- checkpoint_stream --
-- All checkpoints, in order. Uses log_checkpoint_pkey.
SELECT size, at, note FROM log_checkpoint ORDER BY size;

-- log_stream --
-- Every entry up to the last leaf, in the log's order, as it is stored now. Uses log_order. $1 xid, $2 seq.
SELECT entry FROM log WHERE (xid, seq) <= ($1::text::xid8, $2::bigint) ORDER BY xid, seq;

-- log_of_person --
-- Entries about one person, newest first, each with its leaf number (null while it waits for the sequencer). Uses
-- log_pkey, log_place_order. $1 persons, $2 seq to start below (or null), $3 how many at most.
SELECT l.person, l.seq, l.at, l.entry, (
         SELECT p.number * 256 + array_position(p.seqs, l.seq) - 1
           FROM log_place AS p WHERE (p.xid, p.seq) <= (l.xid, l.seq) ORDER BY p.xid DESC, p.seq DESC LIMIT 1
       ) AS leaf
  FROM log AS l
 WHERE l.person = ANY ($1::bigint[]) AND ($2::bigint IS NULL OR l.seq < $2)
 ORDER BY l.seq DESC LIMIT $3;
