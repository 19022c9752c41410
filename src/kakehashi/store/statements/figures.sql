-- figures_now --
-- Work that waits, for /metrics: what, of which kind, how much. Entries of the log that the tree has not taken yet are
-- counted up to 100,000; the tree's place is asked for by itself, since with a join the planner walks the log. Uses
-- log_order, transfer_open; walks subscriptions, which are few.
SELECT 'log' AS what, '' AS kind, (
         SELECT count(*) FROM (
           SELECT FROM log WHERE (xid, seq) > ((SELECT t.xid FROM log_tree t), (SELECT t.seq FROM log_tree t)) LIMIT 100000
         ) AS waiting
       ) AS much
UNION ALL
SELECT 'subscriptions', status, count(*) FROM subscription GROUP BY status
UNION ALL
SELECT 'notifications', '', coalesce(sum(events - sent), 0)::bigint FROM subscription WHERE status <> 'off'
UNION ALL
SELECT 'transfers', direction || '.' || state, count(*)
  FROM transfer WHERE state IN ('waiting', 'running') GROUP BY direction, state;
