-- feed_after --
-- Settled entries after a place. $1 xid, $2 seq, $3 at most. Uses feed_order.
SELECT xid, seq, person, type, rid, version, change, at
  FROM feed
 WHERE (xid, seq) > ($1, $2) AND xid < order_settled()
 ORDER BY xid, seq
 LIMIT $3;

-- follower_begin --
-- Makes a follower at the start of the feed, if it is new. $1 name.
INSERT INTO follower (name, xid, seq) VALUES ($1, '0', 0) ON CONFLICT DO NOTHING;

-- follower_place --
-- Where a follower is, locked: a second process of that name waits. $1 name.
SELECT xid, seq FROM follower WHERE name = $1 FOR UPDATE;

-- follower_move --
-- Moves a follower. $1 name, $2 xid, $3 seq.
UPDATE follower SET xid = $2, seq = $3 WHERE name = $1;

-- follower_lags --
-- Entries that each follower has not had yet, settled or not, at most 100000. Uses feed_order for each.
SELECT p.name, (
  SELECT count(*) FROM (SELECT FROM feed f WHERE (f.xid, f.seq) > (p.xid, p.seq) LIMIT 100000) AS left_over
) AS lag
  FROM follower p ORDER BY p.name;
