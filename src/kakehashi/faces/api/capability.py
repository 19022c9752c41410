"""CapabilityStatement: what this server does, worked out from what it does. Source: https://hl7.org/fhir/R4/http.html#capabilities"""

from functools import lru_cache

import orjson

from kakehashi import __version__
from kakehashi.faces.api import subscriptions, terminology_capabilities
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.terminology import OPERATIONS
from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.fhir.types import NUMBER

_INTERACTIONS = (
    "read", "vread", "create", "update", "patch", "delete", "search-type", "history-instance", "history-type",
)  # fmt: skip
_DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
_VIEWS = "http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run"
_BULK = "http://hl7.org/fhir/uv/bulkdata/"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_OPERATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "Patient": (
        ("everything", "Patient-everything"),
        ("export", f"{_BULK}OperationDefinition/patient-export"),
    ),
    "Group": (("export", f"{_BULK}OperationDefinition/group-export"),),
    "Encounter": (("everything", "Encounter-everything"),),
    "Composition": (("document", "Composition-document"),),
    "Observation": (("lastn", "Observation-lastn"),),
    "Subscription": subscriptions.OPERATIONS,
}
_DIFF = "urn:kakehashi:operation:diff"  # R4 has no such operation; other servers do
_EVERYWHERE = (
    ("validate", "Resource-validate"),
    ("meta", "Resource-meta"),
    ("meta-add", "Resource-meta-add"),
    ("meta-delete", "Resource-meta-delete"),
    ("diff", _DIFF),
)
_SYSTEM_WIDE = (
    ("meta", f"{_DEFINITION}Resource-meta"),
    ("diff", _DIFF),
    ("viewdefinition-run", _VIEWS),
    ("export", f"{_BULK}OperationDefinition/export"),
    ("import", f"{_BULK}OperationDefinition/import"),
)
_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


async def metadata(call: Call) -> Answer:
    """GET [base]/metadata, and of the terminology service `?mode=terminology`. Open to all: it tells of no person."""
    told = terminology_capabilities.statement if call.parameter("mode") == "terminology" else _statement
    return Answer(200, told(call.house.settings.public_url), [(b"etag", f'W/"{__version__}"'.encode())])


@lru_cache(maxsize=4)
def _statement(address: str) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-21",
            "publisher": "Kakehashi (架け橋)",
            "kind": "instance",
            "instantiates": [f"{_BULK}CapabilityStatement/bulk-data"],
            "software": {"name": "Kakehashi", "version": __version__},
            "implementation": {
                "description": "架け橋: 全国医療情報プラットフォームの公開実装 · open implementation of "
                "Japan's medical-information platform",
                "url": f"{address}/fhir",
            },
            "fhirVersion": load().version,
            "format": ["application/fhir+json", "json", "application/fhir+xml", "xml"],
            "patchFormat": ["application/json-patch+json", "application/fhir+json", "application/fhir+xml"],
            "rest": [
                {
                    "mode": "server",
                    "security": _security(address),
                    "resource": [_resource(name) for name in NUMBER],
                    "interaction": [
                        {"code": code} for code in ("transaction", "batch", "search-system", "history-system")
                    ],
                    "operation": [{"name": name, "definition": url} for name, url in _SYSTEM_WIDE],
                }
            ],
        }
    )


def _security(address: str) -> dict[str, object]:
    return {
        "cors": False,
        "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
        "description": "SMART Backend Services (private_key_jwt); see /.well-known/smart-configuration",
        "extension": [
            {"url": _URIS, "extension": [{"url": "token", "valueUri": f"{address}/oauth/token"}]},
        ],
    }


def _resource(resource_type: str) -> dict[str, object]:
    found = parameters(resource_type)
    references = sorted(one.code for one in found.values() if one.kind == "reference")
    said: dict[str, object] = {
        "type": resource_type,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical", "local"],
        "searchInclude": [f"{resource_type}:{code}" for code in references],
        "searchParam": [{"name": one.code, "type": one.kind} for one in found.values()],
    }
    operations = [*_EVERYWHERE, *_OPERATIONS.get(resource_type, ())]
    operations += [
        (name, f"{resource_type}-{name}") for name, types in OPERATIONS.items() if resource_type in types
    ]
    said["operation"] = [
        {"name": name, "definition": url if ":" in url else f"{_DEFINITION}{url}"} for name, url in operations
    ]
    return {name: value for name, value in said.items() if value not in ([], ())}
