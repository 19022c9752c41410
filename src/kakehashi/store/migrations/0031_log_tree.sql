-- The Merkle tree over `log` (RFC 6962): tiles of 256 hashes, where each leaf lies, signed checkpoints.

-- How far the sequencer has come: `size` leaves, the last of them at (xid, seq) in the log's order.
CREATE TABLE log_tree (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  size     bigint  NOT NULL,
  xid      xid8    NOT NULL,
  seq      bigint  NOT NULL
);
INSERT INTO log_tree (size, xid, seq) VALUES (0, '0', 0);

-- Tile (level, number): hashes of the complete subtrees of 256^level leaves, from 256·number on.
CREATE TABLE log_tile (
  level  smallint NOT NULL,
  number bigint   NOT NULL,
  hashes bytea    NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, number)
);
ALTER TABLE log_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;  -- hashes do not shrink

-- Which log rows the leaves of tile (0, number) are: from (xid, seq) on, in this order.
CREATE TABLE log_place (
  number bigint   PRIMARY KEY,
  xid    xid8     NOT NULL,
  seq    bigint   NOT NULL,
  seqs   bigint[] NOT NULL
);
CREATE UNIQUE INDEX log_place_order ON log_place (xid, seq);

CREATE TABLE log_checkpoint (
  size bigint      PRIMARY KEY,
  at   timestamptz NOT NULL,
  root bytea       NOT NULL,
  note text        NOT NULL  -- C2SP signed note, as it is published
);

GRANT SELECT ON log_tree, log_tile, log_place, log_checkpoint TO kakehashi_app;
GRANT UPDATE (size, xid, seq) ON log_tree TO kakehashi_app;
GRANT INSERT, UPDATE ON log_tile, log_place TO kakehashi_app;
GRANT INSERT ON log_checkpoint TO kakehashi_app;
