"""`Composition/$document`: a Composition with everything that it refers to, and they in turn.

Source: https://hl7.org/fhir/R4/composition-operation-document.html
"""

import re

from kakehashi.core.errors import TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, window_on
from kakehashi.fhir.types import NUMBER
from kakehashi.store.read import reading
from kakehashi.store.rows import Row
from kakehashi.trust import roles

MOST = 2000  # resources in one document
_DEPTH = 4  # references followed from the Composition on
_REFERENCE = re.compile(rb'"reference"\s*:\s*"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/\d+)?"')


async def document(house: House, asked: Asked, composition: str) -> list[Row]:
    """Return the Composition, then what it leads to. Raises NotFound, Gone, Refused, TooCostly, Unavailable."""
    roles.require(asked.actor, "read", resource_type="Composition")
    window = await window_on(house, asked, "Composition", composition)
    note = asked.note("document", "Composition", window)
    async with reading(house.db, window, note, at=asked.at) as look:
        fresh = [await look.one("Composition", composition)]
        found = {(row.type, row.id): row for row in fresh}
        for _ in range(_DEPTH):
            wanted = {key for row in fresh for key in _named(row.body) if _may(asked, key[0])} - found.keys()
            if not wanted:
                break
            if len(found) + len(wanted) > MOST:
                raise _too_much()
            fresh = sorted(await look.include(wanted), key=lambda row: (row.type, row.id))
            found |= {(row.type, row.id): row for row in fresh}
    return list(found.values())


def _named(body: bytes) -> set[tuple[str, str]]:
    found = {(kind.decode(), name.decode()) for kind, name in _REFERENCE.findall(body)}
    return {key for key in found if key[0] in NUMBER}


def _may(asked: Asked, resource_type: str) -> bool:
    return roles.permits(asked.actor, "read", resource_type=resource_type)


def _too_much() -> TooCostly:
    return TooCostly(
        f"文書が {MOST} 件を超えるリソースを参照しています。",
        f"The document refers to more than {MOST} resources.",
        rule="document.size",
    )
