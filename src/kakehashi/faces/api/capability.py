"""CapabilityStatement: what this server does, worked out from what it does. Source: https://hl7.org/fhir/R4/http.html#capabilities"""

from functools import lru_cache

import orjson

from kakehashi import __version__
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.fhir.types import NUMBER

_INTERACTIONS = (
    "read", "vread", "create", "update", "delete", "search-type", "history-instance", "history-type",
)  # fmt: skip
_DEFINITION = "http://hl7.org/fhir/OperationDefinition/"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"


async def metadata(call: Call) -> Answer:
    """GET [base]/metadata. Open to all: it tells of no person."""
    return Answer(200, _statement(call.house.settings.public_url), [(b"etag", f'W/"{__version__}"'.encode())])


@lru_cache(maxsize=4)
def _statement(address: str) -> bytes:
    return orjson.dumps(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-21",
            "publisher": "Kakehashi (架け橋)",
            "kind": "instance",
            "software": {"name": "Kakehashi", "version": __version__},
            "implementation": {
                "description": "架け橋: 全国医療情報プラットフォームの公開実装 · open implementation of "
                "Japan's medical-information platform",
                "url": f"{address}/fhir",
            },
            "fhirVersion": load().version,
            "format": ["application/fhir+json", "json"],
            "rest": [
                {
                    "mode": "server",
                    "security": _security(address),
                    "resource": [_resource(name) for name in NUMBER],
                    "interaction": [{"code": code} for code in ("transaction", "batch", "history-system")],
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
        "operation": [{"name": "validate", "definition": f"{_DEFINITION}Resource-validate"}],
    }
    operations = {
        "Patient": ("everything", "Patient-everything"),
        "Composition": ("document", "Composition-document"),
    }
    if resource_type in operations:
        name, definition = operations[resource_type]
        said["operation"] = [
            {"name": "validate", "definition": f"{_DEFINITION}Resource-validate"},
            {"name": name, "definition": f"{_DEFINITION}{definition}"},
        ]
    return {name: value for name, value in said.items() if value not in ([], ())}
