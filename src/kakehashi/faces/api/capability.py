"""CapabilityStatement: what this server does, made of what is there: its routes, its search parameters, its settings.

Sources: https://hl7.org/fhir/R4/http.html#capabilities, https://hl7.org/fhir/R4/capabilitystatement.html
"""

import asyncio
import hashlib
from collections.abc import Mapping
from functools import lru_cache

import orjson

from kakehashi import __version__
from kakehashi.core.errors import BadRequest
from kakehashi.faces.api import capability_routes as routes
from kakehashi.faces.api import capability_search as searched
from kakehashi.faces.api import oauth, terminology_capabilities
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.built import built_at
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.patches import JSON_PATCH, MERGE_PATCH
from kakehashi.faces.api.reads import subset_of
from kakehashi.faces.api.run import ROUTES
from kakehashi.fhir.definitions import load
from kakehashi.fhir.types import NUMBER

_BULK = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_CAPABILITIES = "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities"
_COMPARTMENTS = "http://hl7.org/fhir/CompartmentDefinition/"
_MODES = ("full", "normative", "terminology")
_PROCESSING = "/fhir/$process-message"
# What of a CapabilityStatement was for trial use in R4, and so is not told in the mode `normative`.
_TRIAL_OF_ALL, _TRIAL_OF_REST = ("messaging",), ("security",)
_TRIAL_OF_TYPES = (
    "versioning", "readHistory", "updateCreate", "conditionalCreate", "conditionalRead", "conditionalUpdate",
    "conditionalDelete", "referencePolicy", "searchInclude", "searchRevInclude",
)  # fmt: skip
Json = dict[str, object]


async def metadata(call: Call) -> Answer:
    """GET [base]/metadata?mode=full|normative|terminology. Open to all: it tells of no person."""
    mode = call.parameter("mode") or "full"
    if mode not in _MODES:
        raise BadRequest(
            f"mode は {'・'.join(_MODES)} のどれかです。", f"mode is one of {', '.join(_MODES)}.",
            rule="http.mode", place="mode",
        )  # fmt: skip
    body, tag = await asyncio.to_thread(_told, mode, call.house.settings.public_url)
    kind = "TerminologyCapabilities" if mode == "terminology" else "CapabilityStatement"
    subset = subset_of(call, kind)
    if not subset.whole:
        return Answer(200, await asyncio.to_thread(subset.of, kind, body))
    headers = [(b"etag", tag.encode())]
    if tag in (one.strip() for one in call.header("if-none-match").split(",")):
        return Answer(304, headers=headers)
    return Answer(200, body, headers)


async def versions(call: Call) -> Answer:
    """GET or POST [base]/$versions: the releases of FHIR that are spoken. Source: R4, CapabilityStatement-versions."""
    release = load().version.rpartition(".")[0]
    said = [{"name": name, "valueCode": release} for name in ("version", "default")]
    return Answer(200, orjson.dumps({"resourceType": "Parameters", "parameter": said}))


@lru_cache(maxsize=12)
def _told(mode: str, address: str) -> tuple[bytes, str]:
    """Return a statement and its ETag."""
    if mode == "terminology":
        body = terminology_capabilities.statement(address)
    else:
        whole = statement(address)
        body = orjson.dumps(_normative(whole) if mode == "normative" else whole)
    return body, f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def statement(address: str) -> Json:
    """Return the CapabilityStatement of the server at a public address."""
    every = ROUTES.every()
    said: Json = {
        "resourceType": "CapabilityStatement",
        "meta": {"lastUpdated": built_at()},
        "url": f"{address}/fhir/metadata",
        "version": __version__,
        "name": "Kakehashi",
        "title": "架け橋 Kakehashi",
        "status": "active",
        "date": built_at(),
        "publisher": "Kakehashi (架け橋)",
        "kind": "instance",
        "instantiates": [_BULK],
        "software": {"name": "Kakehashi", "version": __version__, "releaseDate": built_at()},
        "implementation": {
            "description": "架け橋: 全国医療情報プラットフォームの公開実装 · open implementation of "
            "Japan's medical-information platform",
            "url": f"{address}/fhir",
        },
        "fhirVersion": load().version,
        "format": ["application/fhir+json", "json", "application/fhir+xml", "xml"],
        "patchFormat": [JSON_PATCH, MERGE_PATCH, "application/fhir+json", "application/fhir+xml"],
        "rest": [
            {
                "mode": "server",
                "documentation": "検索結果についてのパラメータ · parameters of every search's answer: "
                + " ".join(searched.of_answers()),
                "security": _security(address),
                "resource": [_resource(name) for name in NUMBER],
                "interaction": _codes(routes.interactions(every, of_system=True)),
                "searchParam": searched.of_system(),
                "operation": routes.of_system(every),
                "compartment": [f"{_COMPARTMENTS}{name.lower()}" for name in load().compartments],
            }
        ],
    }  # fmt: skip
    if ROUTES.at(_PROCESSING):
        said["messaging"] = [{"documentation": f"POST {address}{_PROCESSING}"}]
    return said


def _codes(codes: list[str]) -> list[Json]:
    return [{"code": code} for code in codes]


def _security(address: str) -> Json:
    """The same addresses and abilities as SMART's configuration tells."""
    smart = oauth.configured(address)
    uris = [
        {"url": name, "valueUri": smart[f"{told}_endpoint"]}
        for name, told in (
            ("token", "token"), ("authorize", "authorization"), ("register", "registration"), ("manage", "management"),
            ("introspect", "introspection"), ("revoke", "revocation"),
        )
        if f"{told}_endpoint" in smart
    ]  # fmt: skip
    abilities = smart["capabilities"]
    assert isinstance(abilities, list)
    return {
        "cors": True,  # for the origins that are registered (cross_origin.py)
        "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
        "description": "SMART (OAuth 2.0); /.well-known/smart-configuration",
        "extension": [
            {"url": _URIS, "extension": uris},
            *({"url": _CAPABILITIES, "valueCode": one} for one in abilities),
        ],
    }


def _resource(resource_type: str) -> Json:
    every = ROUTES.every()
    said: Json = {
        "type": resource_type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{resource_type}",
        "interaction": _codes(routes.interactions(every, of_system=False)),
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        **routes.conditions(every),
        "referencePolicy": ["literal", "logical", "local"],
        "searchInclude": searched.includes(resource_type),
        "searchRevInclude": searched.revincludes(resource_type),
        "searchParam": searched.of_type(resource_type),
        "operation": routes.of_type(every, resource_type),
    }
    return {name: value for name, value in said.items() if value not in ([], ())}


def _normative(whole: Json) -> Json:
    """Return what is normative: without the types and the elements that were for trial use in R4."""
    [rest] = _members(whole["rest"])
    kept = [
        _without(one, _TRIAL_OF_TYPES)
        for one in _members(rest["resource"])
        if one["type"] in routes.normative_types()
    ]
    return {**_without(whole, _TRIAL_OF_ALL), "rest": [{**_without(rest, _TRIAL_OF_REST), "resource": kept}]}


def _members(listed: object) -> list[Json]:
    assert isinstance(listed, list)
    return listed


def _without(said: Mapping[str, object], names: tuple[str, ...]) -> Json:
    return {name: value for name, value in said.items() if name not in names}
