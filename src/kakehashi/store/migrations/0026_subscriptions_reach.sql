-- Subscriptions under a reach, as consents and transfers are (store/reach.py), and found by what a change has to have to
-- concern them.

ALTER TABLE subscription
  ADD COLUMN needs      bigint[] NOT NULL DEFAULT '{}',  -- a change concerns it only with one of these index tokens
  ADD COLUMN scheme     integer  NOT NULL DEFAULT -1,    -- of the tokens (fhir/indexing/scheme.py); another: look at each
  ADD COLUMN looks_back boolean  NOT NULL DEFAULT true;  -- whether it asks for the version before
CREATE INDEX subscription_needs ON subscription USING gin (needs);
CREATE INDEX subscription_types ON subscription USING gin (types);
CREATE INDEX subscription_looks_back ON subscription USING gin (types) WHERE looks_back;
CREATE INDEX subscription_scheme ON subscription (scheme);
CREATE INDEX subscription_open ON subscription (due_at)
 WHERE status <> 'off' AND (status = 'requested' OR halted OR ends_at IS NOT NULL OR beats > 0 OR events > sent);

-- `open_reach` comes with migration 0032, which a new database applies after this one: a function's body is looked up
-- when it runs. `(SELECT …)` below is evaluated once a statement.
CREATE FUNCTION subscription_reached(OUT persons bigint[], OUT institution integer, OUT account text)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  persons := (open_reach('subscription')).persons;
  institution := (open_reach('subscription')).institution;
  account := (open_reach('subscription')).account;
END
$$;

ALTER TABLE subscription ENABLE ROW LEVEL SECURITY;
CREATE POLICY within_reach ON subscription FOR ALL USING (
  ((SELECT (subscription_reached()).persons) IS NULL
    OR coalesce(person, 0) = ANY ((SELECT (subscription_reached()).persons)::bigint[]))
  AND ((SELECT (subscription_reached()).institution) IS NULL
    OR institution = (SELECT (subscription_reached()).institution))
  AND ((SELECT (subscription_reached()).account) IS NULL
    OR subject = (SELECT (subscription_reached()).account))
);
ALTER TABLE subscription_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY within_reach ON subscription_event FOR ALL
  USING (EXISTS (SELECT FROM subscription AS s WHERE s.id = subscription));

-- Whoever stops a client, an account or an institution stops what it subscribed to, whatever they reach: it only ends.
CREATE FUNCTION halt_subscriptions(of_subject text, of_institution integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
  'UPDATE subscription SET halted = true WHERE subject = of_subject OR institution = of_institution';
REVOKE EXECUTE ON FUNCTION halt_subscriptions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION halt_subscriptions TO kakehashi_app;
