"""Parts of the OpenAPI description: parameters, bodies, schemas, and the answers of what goes wrong. Data.

Sources: https://spec.openapis.org/oas/v3.1.0, https://hl7.org/fhir/R4/http.html, RFC 6749 5.2.
"""

from kakehashi.faces.api.patches import JSON_PATCH, MERGE_PATCH
from kakehashi.fhir.types import NUMBER

Json = dict[str, object]
FHIR, XML, JSON = "application/fhir+json", "application/fhir+xml", "application/json"
FORM = "application/x-www-form-urlencoded"
_ID = r"^[A-Za-z0-9\-.]{1,64}$"
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer", "minimum": 0}  # what is more than the most is cut to it
_DAY: Json = {"type": "string", "description": "2026, 2026-11, 2026-11-21, 2026-11-21T12:00:00+09:00"}
_VALUES: dict[str, Json] = {
    "_summary": {"type": "string", "enum": ["true", "text", "data", "count", "false"]},
    "_total": {"type": "string", "enum": ["none", "estimate", "accurate"]},
    "_count": _NUMBER,
    "max": {"type": "integer", "minimum": 1, "maximum": 100},
    "count": _NUMBER,
    "offset": _NUMBER,
    "eventsSinceNumber": _NUMBER,
    "eventsUntilNumber": _NUMBER,
    "mode": {"type": "string"},
    "persist": {"type": "string", "enum": ["false"]},
    "consent": {"type": "string", "enum": ["oral"]},
    "content": {"type": "string", "enum": ["empty", "id-only", "full-resource"]},
    "_outputFormat": {"type": "string", "enum": ["application/fhir+ndjson", "application/ndjson", "ndjson"]},
    "_pretty": {"type": "string", "description": "true"},
    "_format": {"type": "string", "enum": ["", "json", "xml", FHIR, XML]},
    **dict.fromkeys(("_since", "_until", "_at", "start", "end"), _DAY),
}
_HEADERS: dict[str, Json] = {
    "If-Match": {"type": "string", "pattern": r'^W/"[1-9][0-9]{0,8}"$'},
    "If-None-Match": {"type": "string"},
    "If-Modified-Since": {"type": "string"},
    "If-None-Exist": {"type": "string", "description": "検索 · a search"},
    "Idempotency-Key": {"type": "string", "description": "200 文字まで · 200 characters at most"},
    "Prefer": {"type": "string", "description": "return=…, handling=…, respond-async"},
}
PATHS: dict[str, Json] = {
    "type": {"type": "string", "enum": list(NUMBER)},
    "member": {"type": "string", "enum": list(NUMBER)},
    "id": {"type": "string", "pattern": _ID},
    "version": {"type": "string", "pattern": "^[1-9][0-9]{0,8}$"},
    "job": {"type": "string", "format": "uuid"},
    "file": {"type": "string", "pattern": r"^[A-Za-z0-9]+\.[0-9]+\.ndjson$"},
}


def of_address(name: str) -> Json:
    """Return a parameter of the query."""
    return {"name": name, "in": "query", "schema": _VALUES.get(name, _TEXT)}


def of_header(name: str) -> Json:
    """Return a header of the request."""
    return {"name": name, "in": "header", "schema": _HEADERS[name]}


def of_path(name: str, types: tuple[str, ...]) -> Json:
    """Return a part of the path; `types` are those that a {type} may be (empty: all)."""
    schema: Json = {"$ref": f"#/components/schemas/{name}"}
    if name == "type" and types:
        schema = {"type": "string", "enum": list(types)}
    return {"name": name, "in": "path", "required": True, "schema": schema}


SEARCHED: Json = {
    "name": "search",
    "in": "query",
    "style": "form",
    "explode": True,
    "description": "検索パラメータ (型ごとに /fhir/metadata にある) · search parameters, listed by /fhir/metadata",
    "schema": {"type": "object", "additionalProperties": _TEXT},
}


def _ref(name: str) -> Json:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


def resource_of(name: str) -> Json:
    """Return the contents of a resource in the formats that it may have."""
    return {FHIR: _ref(name), XML: {"schema": _TEXT}}


_FILES = ("application/x-ndjson", "application/json", "text/csv", "application/octet-stream")
_ANY = {**resource_of("Resource"), "*/*": {}}
GIVEN: dict[str, Json] = {  # contents of answers, by the name in openapi_words
    "": {},
    "json": {JSON: {"schema": {"type": "object"}}},
    "Token": {JSON: _ref("Token")},
    "Health": {JSON: _ref("Health")},
    "Any": _ANY,
    "text": {"text/plain": {"schema": _TEXT}},
    "ndjson": {"application/fhir+ndjson": {"schema": _TEXT}},
    "table": {**{media: {} for media in _FILES}, "*/*": {}},
    **{
        name: resource_of(name)
        for name in ("Bundle", "OperationOutcome", "Parameters", "Statement", "ValueSet")
    },
}
_PATCHES: Json = {
    JSON_PATCH: {
        "schema": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["op", "path"],
                "properties": {
                    "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                    "path": {"type": "string", "pattern": "^(/[^/]*)*$"},
                },
            },
        }
    },
    MERGE_PATCH: {"schema": {"type": "object"}},
    **resource_of("Parameters"),
}
TAKEN: dict[str, Json] = {  # contents of requests
    "Form": {FORM: {"schema": {"type": "object", "additionalProperties": _TEXT}}},
    "GraphQL": {"application/graphql": {"schema": _TEXT}, JSON: {"schema": {"type": "object"}}},
    "Patch": _PATCHES,
    "Anything": {FHIR: {"schema": {"type": "object"}}, XML: {"schema": _TEXT}},
    "Import": {"application/fhir+ndjson": {"schema": _TEXT}, **resource_of("Parameters")},
    **{name: resource_of(name) for name in ("Resource", "Bundle", "Parameters")},
}


def _resource(*names: str, **properties: object) -> Json:
    return {
        "type": "object",
        "required": ["resourceType", *(name for name in ("type", "issue") if name in properties)],
        "properties": {"resourceType": {"enum": list(names)}, "id": {"type": "string"}, **properties},
    }


_NAMED: Json = {
    "type": "array",
    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
}
_LIST: Json = {"type": "array", "minItems": 1, "items": {"type": "object"}}
_BUNDLES = (
    "document message transaction transaction-response batch batch-response history searchset collection"
)
SCHEMAS: dict[str, Json] = {
    **PATHS,
    "Resource": _resource(*NUMBER),
    "Bundle": _resource(
        "Bundle",
        type={"enum": _BUNDLES.split()},
        total={"type": "integer", "minimum": 0},
        link=_LIST,
        entry=_LIST,
    ),
    "Parameters": _resource("Parameters", parameter=_NAMED),
    "ValueSet": _resource("ValueSet", status={"type": "string"}),
    "Statement": _resource("CapabilityStatement", "TerminologyCapabilities"),
    "OperationOutcome": _resource(
        "OperationOutcome",
        issue={
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code"],
                "properties": {
                    "severity": {"enum": ["fatal", "error", "warning", "information"]},
                    "code": {"type": "string"},
                    "details": {"type": "object"},
                    "diagnostics": {"type": "string"},
                    "expression": {"type": "array", "items": _TEXT},
                },
            },
        },
    ),
    "Token": {
        "type": "object",
        "required": ["access_token", "token_type"],
        "properties": {
            "access_token": _TEXT,
            "token_type": {"type": "string"},
            "expires_in": {"type": "integer"},
            "scope": _TEXT,
        },
    },
    "OAuthError": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": _TEXT, "error_description": _TEXT},
    },
    "Health": {"type": "object", "required": ["status"], "properties": {"status": _TEXT}},
}
_WRONG = {
    400: "読めない・意味をなさない · cannot be read, or means nothing here",
    401: "サインインが必要 · a token is needed",
    403: "許可されていない · not permitted",
    404: "ない、または見せられない · not there, or not to be seen",
    406: "その形式では答えられない · not in this format",
    408: "本文が時間内に届かない · the body did not come in time",
    409: "先に変えられた・状態が合わない · another change came first",
    410: "削除された · deleted",
    412: "条件に合わない · a condition is not met",
    413: "大きすぎる · too large",
    414: "アドレスが長すぎる · the address is too long",
    415: "その種類の本文は読めない · another media type",
    422: "規則に合わない · rules are broken, or it would cost too much",
    429: "多すぎる · too many attempts",
    431: "ヘッダーが大きすぎる · headers too large",
    500: "こちらの問題 · our fault",
    503: "一時的に使えない · not available for the moment",
}
OF_ALL = (400, 401, 403, 404, 406, 410, 413, 414, 422, 429, 431, 500, 503)
OF_BODIES, OF_WRITES = (408, 415), (409, 412)
RESPONSES: Json = {
    **{
        f"E{status}": {"description": said, "content": resource_of("OperationOutcome")}
        for status, said in _WRONG.items()
    },
    "OAuthError": {
        "description": "RFC 6749 5.2",
        "content": {JSON: _ref("OAuthError"), **resource_of("OperationOutcome")},
    },
}
