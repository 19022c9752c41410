-- A client certificate that is taken out of use strikes every token that is bound to it, whenever it was issued: a
-- certificate never comes back into use.
ALTER TABLE token_revocation DROP CONSTRAINT token_revocation_kind_check;
ALTER TABLE token_revocation ADD CONSTRAINT token_revocation_kind_check
  CHECK (kind IN ('jti', 'subject', 'institution', 'certificate'));
