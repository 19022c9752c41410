-- subscription_put --
-- Takes a subscription in, or anew: its numbers go on; after `off` it begins at present. $1 id, $2 institution, $3 subject,
-- $4 role, $5 purpose, $6 person, $7 scopes, $8 version, $9 types, $10 channel, $11 definition, $12 topic, $13 at,
-- $14 seconds between heartbeats, $15 ends at, $16 tokens it needs, $17 their scheme, $18 looks back.
INSERT INTO subscription (id, institution, subject, role, purpose, person, scopes, version, types, channel, status, definition,
                          topic, begins, due_at, told_at, beats, ends_at, needs, scheme, looks_back)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'requested', $11, $12, order_settled(), $13, $13, $14, $15, $16, $17, $18)
ON CONFLICT (id) DO UPDATE
  SET institution = excluded.institution, subject = excluded.subject, role = excluded.role, purpose = excluded.purpose,
      person = excluded.person, scopes = excluded.scopes, version = excluded.version, types = excluded.types,
      channel = excluded.channel, status = 'requested', error = '', definition = excluded.definition, topic = excluded.topic,
      begins = CASE subscription.status WHEN 'off' THEN excluded.begins ELSE subscription.begins END,
      failures = 0, due_at = excluded.due_at, told_at = excluded.told_at, beats = excluded.beats, ends_at = excluded.ends_at,
      halted = false, needs = excluded.needs, scheme = excluded.scheme, looks_back = excluded.looks_back;

-- subscription_stop --
-- Puts a subscription off, and what waits away with it. $1 id, $2 version of its row.
WITH gone AS (DELETE FROM subscription_event WHERE subscription = $1)
UPDATE subscription SET status = 'off', error = '', version = $2, sent = events WHERE id = $1;

-- subscription_forget --
-- $1 id. Its events go with it.
DELETE FROM subscription WHERE id = $1;

-- subscription_state --
-- A new state, of the version that was worked with. $1 id, $2 version before, $3 version, $4 status, $5 error, $6 at.
UPDATE subscription SET version = $3, status = $4, error = $5, failures = 0, due_at = $6, told_at = $6
 WHERE id = $1 AND version = $2 RETURNING id;

-- subscription_one --
-- $1 id.
SELECT id, institution, subject, role, purpose, person, scopes, version, types, channel, status, error, definition, topic,
       begins, events, sent, failures, due_at, told_at, beats, ends_at, halted
  FROM subscription WHERE id = $1;

-- subscription_halt --
-- Stops what a client or account, or an institution, subscribed to. $1 subject or null, $2 institution or null.
SELECT halt_subscriptions($1, $2);

-- subscription_running --
-- Whether any subscription takes events.
SELECT EXISTS (SELECT FROM subscription WHERE status <> 'off');

-- subscription_watched --
-- Which of these types some subscription watches, and whether one of them looks at the version before. $1 types. Uses
-- subscription_types. A row a type.
SELECT t.type,
       EXISTS (SELECT FROM subscription WHERE types && ARRAY[t.type] AND status <> 'off' AND looks_back) AS looks_back
  FROM unnest($1::smallint[]) AS t (type)
 WHERE EXISTS (SELECT FROM subscription WHERE types && ARRAY[t.type] AND status <> 'off');

-- subscription_concerned --
-- Those that changes with these tokens may concern; one whose tokens are of another scheme may be concerned by any.
-- $1 tokens, $2 the present scheme. Uses subscription_needs, subscription_scheme.
SELECT id, institution, subject, role, purpose, person, scopes, version, types, channel, status, error, definition, topic,
       begins, events, sent, failures, due_at, told_at, beats, ends_at, halted
  FROM subscription
 WHERE status <> 'off' AND (needs && $1::bigint[] OR scheme < $2 OR scheme > $2)
 ORDER BY id;

-- subscription_due --
-- Those for which something is to be done: a handshake, events, a heartbeat, an end. $1 at. Uses subscription_open,
-- whose condition stands first.
SELECT id, institution, subject, role, purpose, person, scopes, version, types, channel, status, error, definition, topic,
       begins, events, sent, failures, due_at, told_at, beats, ends_at, halted
  FROM subscription
 WHERE status <> 'off' AND (status = 'requested' OR halted OR ends_at IS NOT NULL OR beats > 0 OR events > sent)
   AND due_at <= $1 AND (
         ends_at <= $1
      OR status <> 'error' AND halted
      OR status = 'requested'
      OR status = 'active' AND channel = 'rest-hook'
         AND (events > sent OR beats > 0 AND told_at + make_interval(secs => beats) <= $1));

-- subscription_sent --
-- The other side took it. $1 id, $2 version worked with, $3 told up to, $4 at.
UPDATE subscription SET sent = greatest(sent, $3), failures = 0, error = '', due_at = $4, told_at = $4
 WHERE id = $1 AND version = $2;

-- subscription_failed --
-- It did not. $1 id, $2 version worked with, $3 not before, $4 why.
UPDATE subscription SET failures = failures + 1, due_at = $3, error = $4 WHERE id = $1 AND version = $2;

-- subscription_number --
-- Numbers events and keeps them, in the order given. $1 subscriptions, $2 persons, $3 types, $4 ids, $5 versions, $6 changes,
-- $7 moments. Subscriptions that are off by now take none.
WITH new AS (
  SELECT *, row_number() OVER (PARTITION BY subscription ORDER BY place) AS nth
    FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::text[], $5::integer[], $6::smallint[], $7::timestamptz[])
         WITH ORDINALITY AS n (subscription, person, type, id, version, change, at, place)
), locked AS (
  SELECT id, events FROM subscription
   WHERE id IN (SELECT subscription FROM new) AND status <> 'off' ORDER BY id FOR UPDATE
), moved AS (
  UPDATE subscription s SET events = s.events + c.many
    FROM (SELECT subscription, count(*) AS many FROM new GROUP BY subscription) c, locked l
   WHERE s.id = c.subscription AND l.id = s.id
)
INSERT INTO subscription_event (subscription, number, person, at, version, type, change, id)
SELECT l.id, l.events + n.nth, n.person, n.at, n.version, n.type, n.change, n.id
  FROM new n JOIN locked l ON l.id = n.subscription;

-- subscription_events --
-- Events of one subscription after a number and up to one. $1 id, $2 after, $3 up to, $4 at most. Uses its primary key.
SELECT number, person, type, id, version, change, at
  FROM subscription_event WHERE subscription = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4;

-- subscription_rows --
-- Versions by their keys, whatever came of them. $1 persons, $2 rids, $3 versions. Uses resource_pkey,
-- resource_version_pkey. Wants the window of the system.
SELECT r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,
       false, r.body
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS k (person, rid, version)
  JOIN resource r ON r.person = k.person AND r.rid = k.rid AND r.version = k.version
UNION ALL
SELECT v.person, v.type, v.id, v.version, v.kind, v.custodian, v.addressee, v.flags, v.origin, v.at, v.changed_at,
       v.mark > 0, v.body
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS k (person, rid, version)
  JOIN resource_version v ON v.person = k.person AND v.rid = k.rid AND v.version = k.version;

-- subscription_all --
-- Every subscription, for the console.
SELECT id, institution, subject, role, purpose, person, scopes, version, types, channel, status, error, definition, topic,
       begins, events, sent, failures, due_at, told_at, beats, ends_at, halted
  FROM subscription ORDER BY id;

-- subscription_of_place --
-- Those of an institution, or all: what is in error first, then by when they were last told. $1 institution or null, $2 at
-- most.
SELECT id, institution, subject, role, purpose, person, scopes, version, types, channel, status, error, definition, topic,
       begins, events, sent, failures, due_at, told_at, beats, ends_at, halted
  FROM subscription WHERE institution = $1 OR $1 IS NULL
 ORDER BY status <> 'error', failures = 0, told_at DESC, id LIMIT $2;

-- subscription_tidy --
-- Takes away old events, told or not. $1 before. Uses subscription_event_at.
DELETE FROM subscription_event WHERE at < $1;

-- subscription_settled --
-- The oldest transaction that may still be open: a follower that has nothing to follow for waits here.
SELECT order_settled();

-- subscription_worker --
-- Becomes the one that delivers, for as long as the connection lasts; says whether it did. $1 key.
SELECT pg_try_advisory_lock($1);

-- subscription_worker_ends --
-- $1 key.
SELECT pg_advisory_unlock($1);
