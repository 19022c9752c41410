"""$meta, $meta-add and $meta-delete. Source: https://hl7.org/fhir/R4/resource-operations.html

Adding and deleting make a new version, as every change does here: what is signed and logged names one version.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec
import orjson

from kakehashi.engines.records import look
from kakehashi.engines.records.metas import looked_through
from kakehashi.engines.records.submit import submit
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.faces.api.answer import Answer, version_headers
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import bad, given
from kakehashi.faces.api.patches import require_no_submission
from kakehashi.faces.api.writes import body_of, expected_version
from kakehashi.fhir.parse import Resource, Tree, parse
from kakehashi.fhir.patches.pieces import Document

_LISTS = ("profile", "security", "tag")
_Change: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], list[Any]]


async def meta(call: Call) -> Answer:
    """GET [base]/$meta, [base]/[type]/$meta, [base]/[type]/[id]/$meta."""
    if "id" in call.names:
        row = await look.read(call.house, call.asked, call.names["type"], call.names["id"])
        return Answer(200, _told(row.body), version_headers(row.version, row.changed_at))
    rows = await looked_through(call.house, call.asked, call.names.get("type"))
    metas = [orjson.loads(row.body)["meta"] for row in rows]
    used = {name: _added([], [one for said in metas for one in said.get(name, ())]) for name in _LISTS}
    return Answer(200, _parameters(orjson.dumps({name: found for name, found in used.items() if found})))


async def add(call: Call) -> Answer:
    """POST [base]/[type]/[id]/$meta-add."""
    return await _changed(call, _added)


async def delete(call: Call) -> Answer:
    """POST [base]/[type]/[id]/$meta-delete."""
    return await _changed(call, _less)


async def _changed(call: Call, change: _Change) -> Answer:
    said = (await given(call, ("meta",))).objects("meta", "valueMeta")
    if len(said) != 1:
        raise bad("meta", "Parameters.parameter.valueMeta")
    wanted = Wanted(
        Method.PATCH, call.names["type"], call.names["id"], if_match=expected_version(call),
        patch=partial(_with_meta, change, said[0]),
    )  # fmt: skip
    [outcome] = await submit(
        call.house, [wanted], by=call.actor, at=call.at, sent=call.sent(orjson.dumps(said[0]))
    )
    body = await body_of(call, outcome)
    return Answer(200, _told(body) if body else b"", version_headers(outcome.version, outcome.changed_at))


def _with_meta(change: _Change, said: Tree, stored: Resource) -> Resource:
    document = Document(stored.body)
    members = document.at(("meta",))
    if isinstance(members, dict):
        for name in _LISTS:
            left = change(_list(stored.tree["meta"].get(name)), _list(said.get(name)))
            members.pop(name, None)
            members |= {name: msgspec.Raw(orjson.dumps(left))} if left else {}
    resource = parse(document.body)
    require_no_submission(resource)  # a profile can make one of a Bundle
    return resource


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _added(there: Sequence[Any], said: Iterable[Any]) -> list[Any]:
    return list({_key(one): one for one in reversed([*there, *said])}.values())[::-1]


def _less(there: Sequence[Any], said: Iterable[Any]) -> list[Any]:
    gone = {_key(one) for one in said}
    return [one for one in there if _key(one) not in gone]


def _key(one: object) -> tuple[object, object]:
    """What makes two the same: the URL of a profile, system and code of a label."""
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else (one, None)


def _told(body: bytes) -> bytes:
    found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])["meta"]
    return _parameters(bytes(found))


def _parameters(found: bytes) -> bytes:
    if found == b"{}":
        return b'{"resourceType":"Parameters"}'  # an empty object says nothing in FHIR
    return b'{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":' + found + b"}]}"
