"""Who may knock at which route of the API, and what a stranger gets. A route without a row fails the build.

Every role calls every route; those named in `may` are let in (whatever the answer then says of the resource), all
others get 403; who has no token gets 401, unless the route is open. `stranger` is what another institution's
system, which is let in, gets with an identifier that is not its to see: the same as for one that is not there.
Pages have a matrix of their own, faces/web/matrix_web.py.
"""

from dataclasses import dataclass

from kakehashi.core.actors import Role

READERS = "doctor dentist pharmacist nurse clerk insurer municipality auditor operator person system"
HISTORIANS = "doctor dentist pharmacist nurse insurer municipality operator person system"
CREATORS = "doctor dentist nurse system"  # of a laboratory result at a hospital
PATCHERS = "doctor dentist nurse operator system"  # an operator may update, but finds no such record
DELETERS = (
    "doctor dentist pharmacist operator system"  # of something; of what, the record's owner and kind decide
)
FINDERS = "doctor dentist pharmacist nurse clerk insurer municipality system"  # of a person at the reception
VALIDATORS = "doctor dentist pharmacist nurse system"
EXPORTERS = "person system"  # $export and $import are asked here without Prefer: respond-async


@dataclass(frozen=True)
class Row:
    """One route of the API. `body` names a sample in test_route_matrix.py."""

    method: str
    path: str
    may: frozenset[Role]
    stranger: int
    body: str = ""
    query: str = ""
    open: bool = False


def row(method: str, path: str, may: str, stranger: int, body: str = "", query: str = "") -> Row:
    everybody = frozenset(Role)
    named = frozenset(Role(one) for one in may.split()) if may != OPEN else everybody
    return Row(method, path, named, stranger, body, query, may == OPEN)


OPEN = "-"

API = (
    row("GET", "/fhir/metadata", OPEN, 200),
    row("GET", "/fhir/$versions", OPEN, 200),
    row("POST", "/fhir/$versions", OPEN, 200),
    row("POST", "/fhir", CREATORS, 422, "transaction"),
    row("GET", "/fhir", READERS, 200, query="_type=Observation,Patient&_id={id}"),
    row("POST", "/fhir/_search", READERS, 200, "form", query="_type=Observation"),
    row("GET", "/fhir/_history", HISTORIANS, 200),
    row("GET", "/fhir/{type}", READERS, 200, query="_id={id}"),
    row("POST", "/fhir/{type}/_search", READERS, 200, "form"),
    row("POST", "/fhir/{type}", CREATORS, 422, "lab"),
    row("PUT", "/fhir/{type}", CREATORS, 422, "lab", query="_id={id}"),
    row("PATCH", "/fhir/{type}", PATCHERS, 404, "patch", query="_id={id}"),
    row("DELETE", "/fhir/{type}", DELETERS, 204, query="_id={id}"),
    row("GET", "/fhir/{type}/_history", HISTORIANS, 200),
    row("GET", "/fhir/{type}/{id}", READERS, 404),
    row("PUT", "/fhir/{type}/{id}", CREATORS, 409, "lab"),
    row("PATCH", "/fhir/{type}/{id}", PATCHERS, 404, "patch"),
    row("DELETE", "/fhir/{type}/{id}", DELETERS, 404),
    row("GET", "/fhir/{type}/{id}/_history", HISTORIANS, 404),
    row("GET", "/fhir/{type}/{id}/_history/{version}", READERS, 404),
    row("GET", "/fhir/{type}/{id}/{member}", READERS, 200),
    row("POST", "/fhir/{type}/{id}/{member}/_search", READERS, 200, "form"),
    row("GET", "/fhir/$meta", READERS, 200),
    row("GET", "/fhir/{type}/$meta", READERS, 200),
    row("GET", "/fhir/{type}/{id}/$meta", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$meta-add", PATCHERS, 404, "meta"),
    row("POST", "/fhir/{type}/{id}/$meta-delete", PATCHERS, 404, "meta"),
    row("GET", "/fhir/$graphql", READERS, 200, query="query={{ObservationList(_id:%22{id}%22){{id}}}}"),
    row("POST", "/fhir/$graphql", READERS, 200, "graphql"),
    row("GET", "/fhir/{type}/{id}/$graphql", READERS, 404, query="query={{id}}"),
    row("POST", "/fhir/{type}/{id}/$graphql", READERS, 404, "graphql-one"),
    row("POST", "/fhir/$process-message", CREATORS, 200, "message"),
    row("POST", "/fhir/{type}/$match", FINDERS, 200, "described"),
    row("GET", "/fhir/{type}/$lastn", READERS, 200, query="subject={who}"),
    row("POST", "/fhir/{type}/$lastn", READERS, 200, query="subject={who}"),
    row("GET", "/fhir/$diff", READERS, 404, query="from=Observation/{id}&to=Observation/{id}"),
    row("POST", "/fhir/$diff", READERS, 404, query="from=Observation/{id}&to=Observation/{id}"),
    row("GET", "/fhir/{type}/{id}/$diff", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$diff", READERS, 404),
    row("GET", "/fhir/{type}/$everything", READERS, 404),
    row("GET", "/fhir/{type}/{id}/$everything", READERS, 404),
    row("GET", "/fhir/{type}/{id}/$document", READERS, 404),
    row("POST", "/fhir/{type}/$validate", VALIDATORS, 200, "lab"),
    row("POST", "/fhir/{type}/{id}/$validate", VALIDATORS, 200, "lab"),
    row("GET", "/fhir/{type}/$expand", READERS, 404, query="url=none"),
    row("POST", "/fhir/{type}/$expand", READERS, 404, query="url=none"),
    row("GET", "/fhir/{type}/{id}/$expand", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$expand", READERS, 404),
    row("GET", "/fhir/{type}/$lookup", READERS, 404, query="system=none&code=1"),
    row("POST", "/fhir/{type}/$lookup", READERS, 404, query="system=none&code=1"),
    row("GET", "/fhir/{type}/$validate-code", READERS, 404, query="url=none&code=1"),
    row("POST", "/fhir/{type}/$validate-code", READERS, 404, query="url=none&code=1"),
    row("GET", "/fhir/{type}/{id}/$validate-code", READERS, 404, query="code=1"),
    row("POST", "/fhir/{type}/{id}/$validate-code", READERS, 404, query="code=1"),
    row("GET", "/fhir/{type}/$subsumes", READERS, 404, query="system=none&codeA=1&codeB=2"),
    row("POST", "/fhir/{type}/$subsumes", READERS, 404, query="system=none&codeA=1&codeB=2"),
    row("GET", "/fhir/{type}/{id}/$subsumes", READERS, 404, query="codeA=1&codeB=2"),
    row("POST", "/fhir/{type}/{id}/$subsumes", READERS, 404, query="codeA=1&codeB=2"),
    row("GET", "/fhir/{type}/$translate", READERS, 404, query="url=none&system=s&code=1"),
    row("POST", "/fhir/{type}/$translate", READERS, 404, query="url=none&system=s&code=1"),
    row("GET", "/fhir/{type}/{id}/$translate", READERS, 404, query="system=s&code=1"),
    row("POST", "/fhir/{type}/{id}/$translate", READERS, 404, query="system=s&code=1"),
    row("GET", "/fhir/{type}/$status", READERS, 200, query="id={id}"),
    row("POST", "/fhir/{type}/$status", READERS, 200, query="id={id}"),
    row("GET", "/fhir/{type}/{id}/$status", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$status", READERS, 404),
    row("GET", "/fhir/{type}/{id}/$events", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$events", READERS, 404),
    row("GET", "/fhir/{type}/$get-ws-binding-token", READERS, 404, query="id={id}"),
    row("POST", "/fhir/{type}/$get-ws-binding-token", READERS, 404, query="id={id}"),
    row("GET", "/fhir/{type}/{id}/$get-ws-binding-token", READERS, 404),
    row("POST", "/fhir/{type}/{id}/$get-ws-binding-token", READERS, 404),
    row("GET", "/fhir/$export", EXPORTERS, 400),
    row("POST", "/fhir/$export", EXPORTERS, 400),
    row("GET", "/fhir/{type}/$export", EXPORTERS, 400),
    row("POST", "/fhir/{type}/$export", EXPORTERS, 400),
    row("GET", "/fhir/{type}/{id}/$export", EXPORTERS, 400),
    row("POST", "/fhir/{type}/{id}/$export", EXPORTERS, 400),
    row("POST", "/fhir/$import", "system", 400, "lab"),
    row("GET", "/fhir/$bulk/{job}", READERS, 404),
    row("DELETE", "/fhir/$bulk/{job}", READERS, 404),
    row("GET", "/fhir/$bulk/{job}/{file}", READERS, 404),
    row("POST", "/fhir/$viewdefinition-run", "person system", 200, "view"),
    row("POST", "/fhir/ViewDefinition/$viewdefinition-run", "person system", 200, "view"),
    row("POST", "/fhir/ViewDefinition/$run", "person system", 200, "view"),
    row("GET", "/.well-known/smart-configuration", OPEN, 200),
    row("GET", "/fhir/.well-known/smart-configuration", OPEN, 200),
    row("GET", "/.well-known/openid-configuration", OPEN, 200),
    row("GET", "/oauth/smart-style.json", OPEN, 200),
    row("POST", "/oauth/token", OPEN, 400, "form"),
    row("POST", "/oauth/revoke", OPEN, 400, "form"),
    row("POST", "/oauth/introspect", OPEN, 400, "form"),
    row("GET", "/oauth/jwks", OPEN, 200),
    row("POST", "/sharing/bundles", "operator system", 422, "push"),
    row("GET", "/sharing/inbox", "doctor dentist nurse person system", 200),
    row("GET", "/health", OPEN, 200),
    row("GET", "/health/ready", OPEN, 200),
    row("GET", "/openapi.json", OPEN, 200),
    row("GET", "/metrics", OPEN, 404),  # its token is none of the API's: tests/faces/api/test_metrics.py
)
