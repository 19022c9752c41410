"""Asking for a bulk export or import: $export and $import, answered with where the job is looked at.

Sources: https://hl7.org/fhir/uv/bulkdata/STU2/export.html (Bulk Data Access 2.0),
https://hl7.org/fhir/R4/async.html. An import's Parameters follow the manifest proposal as far as it is settled:
https://github.com/smart-on-fhir/bulk-import
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from kakehashi.core.actors import Role
from kakehashi.core.errors import BadRequest, NotSupported, Refused
from kakehashi.core.ids import FHIR_ID
from kakehashi.engines.records import look
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.transfer import fetching, jobs
from kakehashi.engines.transfer.filters import filters_of, query_of
from kakehashi.engines.transfer.wanted import Export, Import, Input, Level
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import UnsupportedMedia, all_well
from kakehashi.faces.api.given import Given, bad, given
from kakehashi.faces.api.headers import media_of
from kakehashi.fhir.parse import Tree, parse
from kakehashi.fhir.types import NUMBER
from kakehashi.search import measures
from kakehashi.trust import roles

NDJSON = ("application/fhir+ndjson", "application/ndjson", "ndjson")
MOST_INPUTS = 1_000  # of an import
_KNOWN = (
    "_outputFormat", "_since", "_until", "_type", "_elements", "_typeFilter", "includeAssociatedData", "patient",
)  # fmt: skip
_ELEMENT = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,99}", re.ASCII)


async def export_all(call: Call) -> Answer:
    """GET or POST [base]/$export: everything that the caller may carry away."""
    return await _export(call, "system")


async def export_patients(call: Call) -> Answer:
    """GET or POST [base]/Patient/$export: what is about persons, or about the `patient`s named."""
    return await _export(call, "patient")


async def export_group(call: Call) -> Answer:
    """GET or POST [base]/Group/[id]/$export: what is about the members of a Group."""
    return await _export(call, "group")


async def import_all(call: Call) -> Answer:
    """POST [base]/$import with NDJSON, or with Parameters that name inputs."""
    if call.actor.role is not Role.SYSTEM:
        raise Refused(
            "取り込みができるのは施設のシステムだけです。", "Only an institution's system imports.",
            rule="bulk.import",
        )  # fmt: skip
    _require_async(call)
    request = f"{call.api.base}/$import"
    if media_of(call.header("content-type")) in NDJSON:
        body = await call.body_of()
        if not body.strip():
            raise bad("body", '{"resourceType":"Patient",…}')
        wanted = Import(request, (Input("input.1.ndjson"),))
        return _accepted(call, await jobs.ask(call.house, call.asked, wanted, body=body))
    inputs = tuple(_inputs(call, await given(call, ("input", "inputFormat", "inputSource", "storageDetail"))))
    return _accepted(call, await jobs.ask(call.house, call.asked, Import(request, inputs)))


async def _export(call: Call, level: Level) -> Answer:
    types = _allowed(call)
    _require_async(call)
    asked = await given(call, _KNOWN)
    _require_answerable(asked)
    if named := _types(asked):
        for one in named:
            roles.require(call.actor, "export", resource_type=one)
        types = named
    filters = filters_of(asked.texts("_typeFilter"), types)
    for kind, some in filters.items():
        for text in some:
            query_of(kind, text, at=call.at, base_url=call.api.base)
    wanted = Export(
        f"{call.api.base}{call.path.removeprefix('/fhir')}" + (f"?{call.query}" if call.query else ""),
        level, types, _moment(asked, "_since"), _moment(asked, "_until"), _elements(asked), dict(filters),
        await _patients(call, level, asked),
    )  # fmt: skip
    return _accepted(call, await jobs.ask(call.house, call.asked, wanted))


def _allowed(call: Call) -> tuple[str, ...]:
    """Return the types that the caller may carry away. Raises Refused where there is none."""
    types = tuple(one for one in NUMBER if roles.permits(call.actor, "export", resource_type=one))
    if not types:
        raise Refused(rule="roles.may")
    return types


def _require_async(call: Call) -> None:
    if not call.prefer.asynchronous:
        raise BadRequest(
            "Prefer: respond-async を付けてください。結果は後で受け取ります。",
            "Send Prefer: respond-async; the result is fetched later.",
            rule="bulk.prefer",
            place="Prefer",
        )


def _require_answerable(asked: Given) -> None:
    """Refuse what is not done here: other formats, associated data."""
    form = asked.text("_outputFormat")
    if form and media_of(form) not in NDJSON:
        raise NotSupported(
            "_outputFormat は application/fhir+ndjson だけです。表 (Parquet) は kakehashi view run で作れます。",
            "_outputFormat is application/fhir+ndjson only; tables (Parquet) are made by `kakehashi view run`.",
            rule="bulk.format",
            place="_outputFormat",
        )
    if asked.texts("includeAssociatedData"):
        raise NotSupported(
            "includeAssociatedData には対応していません。必要な型を _type に書いてください。",
            "includeAssociatedData is not supported; name the types that you need in _type.",
            rule="bulk.associated",
            place="includeAssociatedData",
        )


def _types(asked: Given) -> tuple[str, ...]:
    said = [one for some in asked.texts("_type") for one in some.split(",")]
    if any(one not in NUMBER for one in said):
        raise bad("_type", "Patient,Observation")
    return tuple(dict.fromkeys(said))


def _elements(asked: Given) -> tuple[str, ...]:
    said = tuple(one.strip() for some in asked.texts("_elements") for one in some.split(","))
    if not all(_ELEMENT.fullmatch(one) for one in said):
        raise bad("_elements", "id,Patient.birthDate")
    return said


def _moment(asked: Given, name: str) -> datetime | None:
    text = asked.text(name)
    if not text:
        return None
    found = measures.date(text.replace(" ", "+"), now=0)  # a zone's sign that an address turned into a blank
    try:
        if found is None or found.comparison != "eq":
            raise ValueError
        return datetime.fromtimestamp(found.low / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise bad(name, "2026-11-21T09:00:00+09:00") from None


async def _patients(call: Call, level: Level, asked: Given) -> tuple[str, ...] | None:
    """Return whom the export is about: those named, the Group's members, who is both; None where nobody is named."""
    named = _named(call, level, asked.by_name.get("patient", ()))
    if level != "group":
        return named
    group = await look.read(call.house, _choosing(call), "Group", call.names["id"])
    members = dict.fromkeys(_members(call, parse(group.body).tree))
    return tuple(members) if named is None else tuple(one for one in members if one in named)


def _choosing(call: Call) -> Asked:
    """As whom a system has its Group read: it chooses whom the export is about and is not shown, so it takes no scope.

    Bulk Data asks for the scopes of what is exported only, and clients (smart-fetch) ask for no more.
    """
    actor = call.actor
    if actor.role is not Role.SYSTEM:
        return call.asked
    return replace(call.asked, actor=replace(actor, scopes=(*actor.scopes, "system/Group.r")))


def _named(call: Call, level: Level, said: Iterable[Tree]) -> tuple[str, ...] | None:
    found: list[str] = []
    for one in said:
        match one:
            case {"valueReference": {"reference": str(reference)}} if level != "system":
                found.append(_patient(call, reference))
            case _:
                raise BadRequest(
                    "patient は Patient と Group の $export に、Parameters の valueReference で送ってください。",
                    "patient goes with $export of Patient or Group, as a valueReference in Parameters.",
                    rule="bulk.patient",
                    place="patient",
                )
    return tuple(dict.fromkeys(found)) or None


def _members(call: Call, group: Tree) -> Iterable[str]:
    listed = group.get("member")
    for one in listed if isinstance(listed, list) else ():
        match one:
            case {"inactive": True}:
                continue
            case {"entity": {"reference": str(reference)}}:
                kind, _, name = reference.removeprefix(f"{call.api.base}/").partition("/")
                if kind == "Patient" and FHIR_ID.fullmatch(name):
                    yield name


def _patient(call: Call, reference: str) -> str:
    kind, _, name = reference.removeprefix(f"{call.api.base}/").partition("/")
    if kind != "Patient" or not FHIR_ID.fullmatch(name):
        raise bad("patient", "Patient/123")
    return name


def _inputs(call: Call, asked: Given) -> Iterable[Input]:
    """Return the inputs that Parameters name. Raises BadRequest, Refused, UnsupportedMedia."""
    form = asked.text("inputFormat")
    if form and media_of(form) not in NDJSON:
        raise UnsupportedMedia(
            "inputFormat は application/fhir+ndjson だけです。", "inputFormat is application/fhir+ndjson only.",
            rule="bulk.format",
        )  # fmt: skip
    parts = asked.parts("input")
    if not 0 < len(parts) <= MOST_INPUTS:
        raise bad("input", "Parameters.parameter (name=input, part: type, url)")
    for number, part in enumerate(parts, 1):
        kind, url = part.text("type"), part.text("url")
        if not url or (kind and kind not in NUMBER):
            raise bad("input", "part: type=Patient, url=https://…")
        fetching.require_allowed(call.house.settings, url)
        yield Input(f"input.{number}.ndjson", url, kind)


def _accepted(call: Call, job: str) -> Answer:
    where = f"{call.api.base}/$bulk/{job}"
    body = all_well(
        "受け付けました。Content-Location で進み具合が分かります。", "Accepted; see Content-Location."
    )
    return Answer(202, body, [(b"content-location", where.encode())])
