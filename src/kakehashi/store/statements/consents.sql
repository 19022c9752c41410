-- consent_add --
-- Records a consent. $1 person, $2 id, $3 institution, $4 kinds, $5 given, $6 ends, $7 evidence, $8 recorded by.
INSERT INTO consent (person, id, institution, kinds, given_at, ends_at, evidence, given_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- consent_lock --
-- One consent of these persons, locked until the transaction ends. Uses consent_pkey. $1 persons, $2 id.
SELECT person, id, institution, kinds, given_at, ends_at, evidence, given_to, withdrawn_at
  FROM consent WHERE person = ANY ($1::bigint[]) AND id = $2 FOR UPDATE;

-- consent_withdraw --
-- Ends a consent at once. Uses consent_pkey. $1 person, $2 id, $3 moment, $4 by.
UPDATE consent SET withdrawn_at = $3, withdrawn_by = $4 WHERE person = $1 AND id = $2 AND withdrawn_at IS NULL;

-- consent_list --
-- Every consent of a person, newest first; with $2, to one institution. Uses consent_pkey. Tens of rows.
-- $1 persons, $2 institution or null.
SELECT person, id, institution, kinds, given_at, ends_at, evidence, given_to, withdrawn_at
  FROM consent
 WHERE person = ANY ($1::bigint[]) AND ($2::integer IS NULL OR institution = $2)
 ORDER BY given_at DESC, id;

-- referral_put --
-- Records to whom a document goes, and the way the person agreed, if they did. A consent once on record stays, unless
-- the document now goes to somebody else. Uses referral_grant_pkey. $1 person, $2 item, $3 rid, $4 kind, $5 sender,
-- $6 receiver, $7 moment, $8 by, $9 way or null.
INSERT INTO referral_grant AS held
  (person, item, rid, kind, sender, receiver, sent_at, sent_by, way, agreed_at, agreed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8::text, $9::text,
        CASE WHEN $9::text IS NULL THEN NULL ELSE $7::timestamptz END,
        CASE WHEN $9::text IS NULL THEN NULL ELSE $8::text END)
ON CONFLICT (person, rid) DO UPDATE
   SET receiver = excluded.receiver, sent_at = excluded.sent_at, sent_by = excluded.sent_by,
       way = CASE WHEN held.receiver = excluded.receiver AND held.way IS NOT NULL THEN held.way ELSE excluded.way END,
       agreed_at = CASE WHEN held.receiver = excluded.receiver AND held.way IS NOT NULL
                        THEN held.agreed_at ELSE excluded.agreed_at END,
       agreed_by = CASE WHEN held.receiver = excluded.receiver AND held.way IS NOT NULL
                        THEN held.agreed_by ELSE excluded.agreed_by END
 WHERE held.sender = excluded.sender
RETURNING way;

-- referral_agree --
-- The person agrees: pending becomes viewable, once. Uses referral_grant_pkey. $1 person, $2 rid, $3 way, $4 moment,
-- $5 by.
UPDATE referral_grant SET way = $3, agreed_at = $4, agreed_by = $5 WHERE person = $1 AND rid = $2 AND way IS NULL;

-- referral_list --
-- Documents under way of one person, newest first. Uses referral_grant_pkey. $1 persons, $2 receiver or null for any.
SELECT person, item, kind, sender, receiver, sent_at, way, agreed_at FROM referral_grant
 WHERE person = ANY ($1::bigint[]) AND ($2::integer IS NULL OR receiver = $2)
 ORDER BY sent_at DESC, rid;

-- referral_inbox --
-- 自施設宛一覧: what was sent to an institution since a moment, newest first. Uses referral_grant_receiver.
-- $1 receiver, $2 since, $3 how many at most.
SELECT person, item, kind, sender, receiver, sent_at, way, agreed_at FROM referral_grant
 WHERE receiver = $1 AND sent_at >= $2 ORDER BY sent_at DESC LIMIT $3;

-- referral_settle --
-- Puts the addressee on the rows of a person's documents, or takes it off, as consent and withholding now say.
-- Uses referral_grant_pkey, resource_pkey. A handful of rows. $1 persons.
SELECT count(mark_row($1::bigint[], r.rid, 0, 0, 0, addressee_of(r)))
  FROM referral_grant AS r WHERE r.person = ANY ($1::bigint[]);
