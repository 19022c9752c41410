"""Every route of the API. A route that is not in tests/matrix.py fails the build."""

from kakehashi.faces.api import (
    capability,
    entries,
    health,
    histories,
    oauth,
    operations,
    pushes,
    reads,
    searches,
    writes,
)
from kakehashi.faces.api.route import Route
from kakehashi.faces.api.run import ROUTES

__all__ = ["FHIR", "OTHERS", "ROUTES"]

_TYPE = "/fhir/{type}"
_ONE = "/fhir/{type}/{id}"

FHIR = (
    Route("GET", "/fhir/metadata", "capabilities", capability.metadata, open=True),
    Route("POST", "/fhir", "bundle", entries.post),
    Route("GET", "/fhir/_history", "history", histories.of_all),
    Route("GET", _TYPE, "search", searches.by_get),
    Route("POST", f"{_TYPE}/_search", "search", searches.by_post),
    Route("POST", _TYPE, "create", writes.create),
    Route("PUT", _TYPE, "update", writes.update_where),
    Route("DELETE", _TYPE, "delete", writes.delete_where),
    Route("GET", f"{_TYPE}/_history", "history", histories.of_type),
    Route("GET", _ONE, "read", reads.read, native=True),
    Route("PUT", _ONE, "update", writes.update),
    Route("DELETE", _ONE, "delete", writes.delete),
    Route("GET", f"{_ONE}/_history", "history", histories.of_resource),
    Route("GET", f"{_ONE}/_history/{{version}}", "vread", reads.vread, native=True),
    Route("GET", f"{_TYPE}/$everything", "everything", operations.everything),
    Route("GET", f"{_ONE}/$everything", "everything", operations.everything),
    Route("GET", f"{_ONE}/$document", "document", operations.document),
    Route("POST", f"{_TYPE}/$validate", "validate", operations.validate),
    Route("POST", f"{_ONE}/$validate", "validate", operations.validate),
)

OTHERS = (
    Route("GET", "/.well-known/smart-configuration", "smart", oauth.configuration, open=True, fhir=False),
    Route(
        "GET", "/fhir/.well-known/smart-configuration", "smart", oauth.configuration, open=True, fhir=False
    ),
    Route("POST", "/oauth/token", "token", oauth.token, open=True, fhir=False),
    Route("POST", "/oauth/revoke", "revoke", oauth.revoke, open=True, fhir=False),
    Route("POST", "/oauth/introspect", "introspect", oauth.introspect, open=True, fhir=False),
    Route("GET", "/oauth/jwks", "jwks", oauth.jwks, open=True, fhir=False),
    Route("POST", "/sharing/bundles", "sharing.push", pushes.push),
    Route("GET", "/sharing/inbox", "sharing.inbox", pushes.inbox, fhir=False),
    Route("GET", "/health", "health", health.live, open=True, fhir=False),
    Route("GET", "/health/ready", "health", health.ready, open=True, fhir=False),
    Route("GET", "/metrics", "metrics", health.metrics, open=True, fhir=False),
)

ROUTES.add((*FHIR, *OTHERS))
