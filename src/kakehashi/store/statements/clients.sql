-- client_put --
-- $1 id, $2 name, $3 institution, $4 jwks, $5 jwks url, $6 scopes, $7 purposes, $8 mtls, $9 at, $10 proof,
-- $11 hash of the secret, $12 redirects, $13 launch url, $14 origins.
INSERT INTO client (id, name, institution, jwks, jwks_url, scopes, purposes, mtls, status, registered_at,
                    proof, secret, redirects, launch_url, origins)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'active', $9, $10, $11, $12, $13, $14);

-- client_of --
-- A client and its institution; in quarantine it is suspended. Uses client_pkey, quarantine_standing. $1 id.
SELECT c.id, c.name, c.jwks, c.jwks_url, c.scopes, c.purposes, c.mtls, c.registered_at,
       c.proof, c.secret, c.redirects, c.launch_url, c.origins,
       CASE WHEN EXISTS (SELECT FROM quarantine q WHERE q.institution = c.institution AND q.lifted_at IS NULL)
            THEN 'suspended' ELSE c.status END AS status,
       i.key, i.code, i.name AS institution_name, i.type
  FROM client c JOIN institution i ON i.key = c.institution WHERE c.id = $1;

-- client_all --
-- Every client, for the console.
SELECT c.id, c.name, c.jwks, c.jwks_url, c.scopes, c.purposes, c.mtls, c.status, c.registered_at,
       c.proof, c.secret, c.redirects, c.launch_url, c.origins,
       i.key, i.code, i.name AS institution_name, i.type
  FROM client c JOIN institution i ON i.key = c.institution ORDER BY c.id;

-- client_launchable --
-- Apps of these institutions that can be opened from within a record. $1 institutions. A few of the few clients.
SELECT c.id, c.name, c.jwks, c.jwks_url, c.scopes, c.purposes, c.mtls, c.status, c.registered_at,
       c.proof, c.secret, c.redirects, c.launch_url, c.origins,
       i.key, i.code, i.name AS institution_name, i.type
  FROM client c JOIN institution i ON i.key = c.institution
 WHERE c.institution = ANY ($1::integer[]) AND c.launch_url <> '' AND c.status = 'active'
   AND NOT EXISTS (SELECT FROM quarantine q WHERE q.institution = c.institution AND q.lifted_at IS NULL)
 ORDER BY c.name;

-- client_origins --
-- Where browsers may call from: the pages of active apps. Reads all clients: some hundreds.
SELECT DISTINCT unnest(c.origins) AS origin FROM client c
 WHERE c.status = 'active'
   AND NOT EXISTS (SELECT FROM quarantine q WHERE q.institution = c.institution AND q.lifted_at IS NULL);

-- client_keys --
-- New keys. $1 id, $2 jwks, $3 jwks url.
UPDATE client SET jwks = $2, jwks_url = $3 WHERE id = $1 AND proof = 'key' RETURNING id;

-- client_status --
-- $1 id, $2 status.
UPDATE client SET status = $2 WHERE id = $1 RETURNING id;

-- certificate_put --
-- $1 thumbprint, $2 institution, $3 subject, $4 not before, $5 not after, $6 at.
INSERT INTO client_certificate (thumbprint, institution, subject, not_before, not_after, added_at)
VALUES ($1, $2, $3, $4, $5, $6);

-- certificate_of --
-- A registered certificate and its institution; none in quarantine. Uses client_certificate_pkey. $1 thumbprint.
SELECT k.subject, k.not_before, k.not_after, k.revoked_at, i.key, i.code, i.name, i.type
  FROM client_certificate k JOIN institution i ON i.key = k.institution
 WHERE k.thumbprint = $1
   AND NOT EXISTS (SELECT FROM quarantine q WHERE q.institution = k.institution AND q.lifted_at IS NULL);

-- certificates_at --
-- Certificates of an institution, for the console. $1 institution.
SELECT thumbprint, subject, not_before, not_after, added_at, revoked_at
  FROM client_certificate WHERE institution = $1 ORDER BY not_after;

-- certificate_revoke --
-- $1 thumbprint, $2 at. Returns the institution when there was one to revoke.
UPDATE client_certificate SET revoked_at = $2 WHERE thumbprint = $1 AND revoked_at IS NULL RETURNING institution;

-- assertion_take --
-- Uses up an assertion's jti: of two at once, one gets a row. $1 client, $2 jti hash, $3 expires at.
INSERT INTO assertion_seen (client, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING client;

-- tidy_clients_assertions --
-- $1 at. What has expired is refused for that already.
DELETE FROM assertion_seen WHERE expires_at < $1;
