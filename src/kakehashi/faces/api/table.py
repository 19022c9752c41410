"""Every route of the API. A route that is not in tests/matrix.py fails the build."""

from kakehashi.faces.api import (
    bulk,
    bulk_jobs,
    capability,
    differences,
    entries,
    graphql,
    health,
    histories,
    lastn,
    matching,
    messages,
    metas,
    oauth,
    openapi,
    operations,
    pushes,
    reads,
    searches,
    subscriptions,
    system_search,
    terminology,
    views,
    writes,
)
from kakehashi.faces.api.route import Route
from kakehashi.faces.api.run import ROUTES

__all__ = ["FHIR", "OTHERS", "ROUTES"]

_TYPE = "/fhir/{type}"
_ONE = "/fhir/{type}/{id}"
_R4 = "http://hl7.org/fhir/OperationDefinition/"
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
_TOPICS = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-"
_VIEWS = "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run"
_DIFF = "urn:kakehashi:operation:diff"  # R4 has no such operation; other servers do
_PATIENT, _RECORDS = ("Patient",), ("Patient", "Encounter")

FHIR = (
    Route("GET", "/fhir/metadata", "capabilities", capability.metadata, open=True),
    *(
        Route(
            method,
            "/fhir/$versions",
            "versions",
            capability.versions,
            open=True,
            operation=f"{_R4}CapabilityStatement-versions",
        )
        for method in ("GET", "POST")
    ),
    Route("POST", "/fhir", "bundle", entries.post),
    Route("GET", "/fhir", "search", system_search.by_get),
    Route("POST", "/fhir/_search", "search", system_search.by_post),
    Route("GET", "/fhir/_history", "history", histories.of_all),
    Route("GET", _TYPE, "search", searches.by_get),
    Route("POST", f"{_TYPE}/_search", "search", searches.by_post),
    Route("POST", _TYPE, "create", writes.create),
    Route("PUT", _TYPE, "update", writes.update_where),
    Route("PATCH", _TYPE, "patch", writes.patch_where),
    Route("DELETE", _TYPE, "delete", writes.delete_where),
    Route("GET", f"{_TYPE}/_history", "history", histories.of_type),
    Route("GET", _ONE, "read", reads.read, native=True),
    Route("PUT", _ONE, "update", writes.update),
    Route("PATCH", _ONE, "patch", writes.patch),
    Route("DELETE", _ONE, "delete", writes.delete),
    Route("GET", f"{_ONE}/_history", "history", histories.of_resource),
    Route("GET", f"{_ONE}/_history/{{version}}", "vread", reads.vread, native=True),
    Route(
        "GET",
        f"{_TYPE}/$everything",
        "everything",
        operations.everything,
        operation=f"{_R4}Patient-everything",
        types=_PATIENT,
    ),
    Route(
        "GET",
        f"{_ONE}/$everything",
        "everything",
        operations.everything,
        operation=f"{_R4}{{type}}-everything",
        types=_RECORDS,
    ),
    Route(
        "GET",
        f"{_ONE}/$document",
        "document",
        operations.document,
        operation=f"{_R4}Composition-document",
        types=("Composition",),
    ),
    *(
        Route(
            "POST", f"{place}/$validate", "validate", operations.validate, operation=f"{_R4}Resource-validate"
        )
        for place in (_TYPE, _ONE)
    ),
    Route("GET", f"{_ONE}/{{member}}", "search", searches.of_member),
    Route("POST", f"{_ONE}/{{member}}/_search", "search", searches.by_post),
    *(
        Route("GET", f"{place}/$meta", "meta", metas.meta, operation=f"{_R4}Resource-meta")
        for place in ("/fhir", _TYPE, _ONE)
    ),
    Route("POST", f"{_ONE}/$meta-add", "meta-add", metas.add, operation=f"{_R4}Resource-meta-add"),
    Route(
        "POST", f"{_ONE}/$meta-delete", "meta-delete", metas.delete, operation=f"{_R4}Resource-meta-delete"
    ),
    *(
        Route(
            method,
            f"{place}/$graphql",
            "graphql",
            graphql.run,
            fhir=False,
            operation=f"{_R4}Resource-graphql",
        )
        for place in ("/fhir", _ONE)
        for method in ("GET", "POST")
    ),
    Route(
        "POST",
        "/fhir/$process-message",
        "process-message",
        messages.process,
        operation=f"{_R4}MessageHeader-process-message",
    ),
    Route(
        "POST",
        f"{_TYPE}/$match",
        "match",
        matching.of_patient,
        operation=f"{_R4}Patient-match",
        types=_PATIENT,
    ),
    *(
        Route(
            method,
            f"{_TYPE}/$lastn",
            "lastn",
            lastn.lastn,
            operation=f"{_R4}Observation-lastn",
            types=("Observation",),
        )
        for method in ("GET", "POST")
    ),
    *(
        Route(method, f"{place}/$diff", "diff", handler, operation=_DIFF)
        for place, handler in (("/fhir", differences.of_two), (_ONE, differences.of_resource))
        for method in ("GET", "POST")
    ),
    *(
        Route(
            method,
            f"{place}/${name}",
            name,
            handler,
            operation=f"{_R4}{{type}}-{name}",
            types=terminology.OPERATIONS[name],
        )
        for name, handler, places in (
            ("expand", terminology.expand, (_TYPE, _ONE)),
            ("lookup", terminology.lookup, (_TYPE,)),
            ("validate-code", terminology.validate_code, (_TYPE, _ONE)),
            ("subsumes", terminology.subsumes, (_TYPE, _ONE)),
            ("translate", terminology.translate, (_TYPE, _ONE)),
        )
        for place in places
        for method in ("GET", "POST")
    ),
    *(
        Route(method, f"{place}/$export", "bulk.export", handler, operation=f"{_BULK}{name}", types=types)
        for place, handler, name, types in (
            ("/fhir", bulk.export_all, "export", ()),
            (_TYPE, bulk.export_patients, "patient-export", _PATIENT),
            (_ONE, bulk.export_group, "group-export", ("Group",)),
        )
        for method in ("GET", "POST")
    ),
    Route("POST", "/fhir/$import", "bulk.import", bulk.import_all, operation=f"{_BULK}import"),
    Route("GET", "/fhir/$bulk/{job}", "bulk.status", bulk_jobs.status, fhir=False),
    Route("DELETE", "/fhir/$bulk/{job}", "bulk.cancel", bulk_jobs.cancel, fhir=False),
    Route("GET", "/fhir/$bulk/{job}/{file}", "bulk.fetch", bulk_jobs.fetch, fhir=False),
    *(
        Route(
            method,
            f"{place}/${name}",
            f"subscription.{name}",
            handler,
            operation=f"{_TOPICS}{name}",
            types=("Subscription",),
        )
        for name, handler, places in (
            ("status", subscriptions.status, (_TYPE, _ONE)),
            ("events", subscriptions.events, (_ONE,)),
            ("get-ws-binding-token", subscriptions.binding_token, (_TYPE, _ONE)),
        )
        for place in places
        for method in ("GET", "POST")
    ),
    *(
        Route("POST", f"/fhir/{path}", "viewdefinition-run", views.run, fhir=False, operation=_VIEWS)
        for path in ("$viewdefinition-run", "ViewDefinition/$viewdefinition-run", "ViewDefinition/$run")
    ),
)

OTHERS = (
    Route("GET", "/.well-known/smart-configuration", "smart", oauth.configuration, open=True, fhir=False),
    Route(
        "GET", "/fhir/.well-known/smart-configuration", "smart", oauth.configuration, open=True, fhir=False
    ),
    Route("GET", "/.well-known/openid-configuration", "openid", oauth.openid, open=True, fhir=False),
    Route("GET", "/oauth/smart-style.json", "smart", oauth.style, open=True, fhir=False),
    Route("POST", "/oauth/token", "token", oauth.token, open=True, fhir=False),
    Route("POST", "/oauth/revoke", "revoke", oauth.revoke, open=True, fhir=False),
    Route("POST", "/oauth/introspect", "introspect", oauth.introspect, open=True, fhir=False),
    Route("GET", "/oauth/jwks", "jwks", oauth.jwks, open=True, fhir=False),
    Route("POST", "/sharing/bundles", "sharing.push", pushes.push),
    Route("GET", "/sharing/inbox", "sharing.inbox", pushes.inbox, fhir=False),
    Route("GET", "/health", "health", health.live, open=True, fhir=False),
    Route("GET", "/health/ready", "health", health.ready, open=True, fhir=False),
    Route("GET", "/metrics", "metrics", health.metrics, open=True, fhir=False),
    Route("GET", "/openapi.json", "openapi", openapi.description, open=True, fhir=False),
)

ROUTES.add((*FHIR, *OTHERS))
