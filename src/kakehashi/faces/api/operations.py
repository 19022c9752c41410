"""$everything, $validate and $document. Sources: https://hl7.org/fhir/R4/operations.html"""

from dataclasses import astuple

import orjson

from kakehashi.core.errors import BadRequest, NotFound, Problem
from kakehashi.core.ids import FHIR_ID, derived_id
from kakehashi.engines.records.asked import EVER, NEVER
from kakehashi.engines.records.document import document as document_of
from kakehashi.engines.records.everything import everything as record_of
from kakehashi.engines.records.everything import of_encounter as visit_of
from kakehashi.faces.api import pages
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, entry
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well, outcome_of
from kakehashi.faces.api.histories import count_of, period_said, since_of
from kakehashi.fhir.parse import Resource, parse
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.validate import explain
from kakehashi.search.refusals import bad_value, unsupported
from kakehashi.search.results import bad_cursor
from kakehashi.store.read import Mark, Period
from kakehashi.trust import roles

_EVERYTHING = frozenset({"_count", "_since", "_type", "start", "end", "_format", "_pretty"})
_OF_ENCOUNTER = _EVERYTHING - {"_count", "start", "end"}  # a visit comes on one page


async def everything(call: Call) -> Answer:
    """GET [base]/Patient/[id]/$everything: the person's record over all institutions that the window shows.

    Without an id: the record of the person that the token is bound to.
    """
    if call.names["type"] == "Encounter" and "id" in call.names:
        return await _of_encounter(call, call.names["id"])
    patient = call.names.get("id")
    address = "/".join(filter(None, (call.api.base, "Patient", patient, "$everything")))
    sealed, asked = pages.split(call.pairs)
    for name, _ in asked:
        if name not in _EVERYTHING:
            raise unsupported(name, "$everything では使えません。", "it cannot be used with $everything.")
    context = pages.context_of(call.caller, address, asked)
    behind = _mark(call.api.seals.open(sealed, context)) if sealed else None
    count = count_of(call)
    rows = await record_of(
        call.house, call.asked, patient,
        types=_types(call), since=since_of(call), during=_care(call), behind=behind, limit=count,
    )  # fmt: skip
    links = [("self", pages.link(address, asked, sealed))]
    if len(rows) == count:
        following = ",".join(map(str, astuple(Mark.of(rows[-1]))))
        links.append(("next", pages.link(address, asked, call.api.seals.seal(following, context))))
    entries = (entry(call.api.base, row.type, row.id, row.body, "match") for row in rows)
    return Answer(200, bundle("searchset", entries, links=links))


async def _of_encounter(call: Call, encounter: str) -> Answer:
    """GET [base]/Encounter/[id]/$everything: the visit, what it refers to, and what refers to it."""
    for name, _ in call.pairs:
        if name not in _OF_ENCOUNTER:
            raise unsupported(
                name,
                "Encounter の $everything では使えません。",
                "it cannot be used with a visit's $everything.",
            )
    rows = await visit_of(call.house, call.asked, encounter, types=_types(call), since=since_of(call))
    links = [("self", pages.link(f"{call.api.base}/Encounter/{encounter}/$everything", call.pairs))]
    entries = (entry(call.api.base, row.type, row.id, row.body, "match") for row in rows)
    return Answer(200, bundle("searchset", entries, links=links, total=len(rows)))


def _care(call: Call) -> Period:
    """The dates of care that `start` and `end` name, both of them in it. Raises BadSearchValue."""
    start, end = period_said(call, "start"), period_said(call, "end")
    return start[0] if start else EVER, end[1] if end else NEVER


def _mark(cursor: str) -> Mark:
    try:
        return Mark(*map(int, cursor.split(",")))
    except (ValueError, TypeError):
        raise bad_cursor() from None


def _types(call: Call) -> list[str]:
    said = [one for name, value in call.pairs if name == "_type" for one in value.split(",") if one]
    if any(one not in NUMBER for one in said):
        raise bad_value("_type", "token", example="Observation,Condition")
    return said


async def document(call: Call) -> Answer:
    """GET [base]/Composition/[id]/$document: the document that the Composition heads, made on the spot."""
    for name, value in call.pairs:
        if name == "persist" and value == "true":
            raise unsupported(name, "文書は保存しません。", "documents are not kept.")
    first, *rest = await document_of(call.house, call.asked, call.names["id"])
    identity = derived_id("document", first.id, str(first.version))
    members = {
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"},
        "timestamp": orjson.loads(first.body)["meta"]["lastUpdated"],
    }
    entries = (entry(call.api.base, row.type, row.id, row.body) for row in (first, *rest))
    return Answer(200, bundle("document", entries, more=orjson.dumps(members)[1:-1] + b","))


async def validate(call: Call) -> Answer:
    """POST [base]/[type]/$validate with a resource, or with Parameters: resource, mode, profile."""
    roles.require(call.actor, "validate", resource_type=call.names["type"])
    if not FHIR_ID.fullmatch(call.names.get("id", "x")):
        raise NotFound
    sent = await call.resource()
    resource, mode, profiles = _told(sent, call) if sent.type == "Parameters" else (sent, "", [])
    profiles += [value for name, value in call.pairs if name == "profile"]
    mode = mode or call.parameter("mode")
    if mode == "delete":
        return Answer(200, all_well("削除できます。", "It may be deleted."))
    if resource is None:
        raise _nothing_to_validate()
    found = _found(call, resource, profiles)
    if resource.type != call.names["type"]:
        found.insert(0, _other_type(call.names["type"], resource.type))
    if mode in ("update", "") and "id" in call.names and resource.id != call.names["id"]:
        found.insert(0, _other_id(resource.type))
    return Answer(
        200, outcome_of(found) if found else all_well("問題はありません。", "No problems were found.")
    )


def _found(call: Call, resource: Resource, profiles: list[str]) -> list[Problem]:
    """What R4 says, and where R4 is content, what the profiles say: those named, else those that it claims."""
    found = explain(resource)
    if any(one.severity == "error" for one in found):
        return found
    return [*found, *call.house.profiles.check(resource, profiles or None)]


def _told(parameters: Resource, call: Call) -> tuple[Resource | None, str, list[str]]:
    """The resource, mode and profiles of a Parameters resource."""
    resource, mode, profiles = None, "", []
    listed = parameters.tree.get("parameter")
    for one in listed if isinstance(listed, list) else []:
        match one:
            case {"name": "resource", "resource": dict() as tree}:
                resource = parse(orjson.dumps(tree))
            case {"name": "mode", **value}:
                mode = str(next(iter(value.values()), ""))
            case {"name": "profile", **value}:
                profiles.append(str(next(iter(value.values()), "")))
    if resource is None and call.names["type"] == "Parameters":
        resource = parameters
    return resource, mode, profiles


def _nothing_to_validate() -> BadRequest:
    return BadRequest(
        "検証するリソースがありません。本文か Parameters.parameter (name=resource) に入れてください。",
        "There is no resource to validate; send it as the body, or as Parameters.parameter named resource.",
        rule="validate.resource",
    )


def _other_type(wanted: str, found: str) -> Problem:
    return Problem(
        "http.type", f"{found}.resourceType",
        f"宛先は {wanted} ですが、リソースは {found} です。", f"The address says {wanted}, the resource says {found}.",
    )  # fmt: skip


def _other_id(resource_type: str) -> Problem:
    return Problem(
        "http.id", f"{resource_type}.id",
        "リソースの id が宛先の id と一致しません。", "The resource's id is not the one in the address.",
    )  # fmt: skip
