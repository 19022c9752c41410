"""$diff: what changed between two versions of a resource, or differs between two, as a FHIRPath Patch."""

import re

from kakehashi.core.errors import BadRequest
from kakehashi.engines.records import look
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import bad, given
from kakehashi.fhir.patches.difference import decoded, difference
from kakehashi.fhir.types import NUMBER
from kakehashi.store.rows import Row

_REFERENCE = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/(\d{1,9}))?", re.ASCII)


async def of_resource(call: Call) -> Answer:
    """[base]/[type]/[id]/$diff: from `fromVersion` (else the one before) to the current version."""
    asked = await given(call, ("fromVersion", "includeMeta"))
    kind, name = call.names["type"], call.names["id"]
    new = await look.read(call.house, call.asked, kind, name)
    wanted = asked.number("fromVersion")
    old = await look.version(
        call.house, call.asked, kind, name, new.version - 1 if wanted is None else wanted
    )
    return _told(old, new, meta=asked.flag("includeMeta"))


async def of_two(call: Call) -> Answer:
    """[base]/$diff?from=…&to=…: two versions of one resource, or two resources of one type."""
    asked = await given(call, ("from", "to", "includeMeta"))
    old, new = await _one(call, "from", asked.text("from")), await _one(call, "to", asked.text("to"))
    if old.type != new.type:
        raise BadRequest(
            "同じ型の2つを指定してください。", "Name two of one type.", rule="diff.type", place="to",
        )  # fmt: skip
    return _told(old, new, meta=asked.flag("includeMeta"))


async def _one(call: Call, name: str, said: str) -> Row:
    found = _REFERENCE.fullmatch(said)
    if found is None or found[1] not in NUMBER:
        raise bad(name, "Patient/123/_history/2")
    if found[3] is None:
        return await look.read(call.house, call.asked, found[1], found[2])
    return await look.version(call.house, call.asked, found[1], found[2], int(found[3]))


def _told(old: Row, new: Row, *, meta: bool) -> Answer:
    skipped = ({"id"} if old.id != new.id else set()) | (set() if meta else {"meta"})
    return Answer(200, difference(decoded(old.body), decoded(new.body), skip=frozenset(skipped)))
