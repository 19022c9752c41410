"""Whose a resource is: its person, custodian and version. For decisions inside a write; never shown."""

from collections.abc import Iterable
from dataclasses import dataclass

from kakehashi.core.hashing import row_key
from kakehashi.fhir.types import NAME, NUMBER
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("whereabouts")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a current resource stands."""

    person: int
    custodian: int
    version: int
    origin: int = 0  # rid of the submission that it came in by; 0: none


async def whereabouts(db: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Place]:
    """Return the place of each (type, id) that exists. One round trip, none for no key. Needs an open window."""
    known = sorted({(kind, name) for kind, name in keys if kind in NUMBER})
    if not known:
        return {}
    found = await db.fetch(_SQL["whereabouts"], *_columns(known))
    return {(NAME[one[0]], one[1]): Place(one[2], one[3], one[4], one[5]) for one in found}


async def flagged(db: Connection, keys: Iterable[tuple[str, str]], flags: int) -> set[tuple[str, str]]:
    """Return those of these (type, id) that have, or ever had, one of the flags. Needs no window."""
    known = sorted({key for key in keys if key[0] in NUMBER})
    if not known:
        return set()
    found = await db.fetch(_SQL["whereabouts_flagged"], *_columns(known), flags)
    return {(NAME[one[0]], one[1]) for one in found}


def _columns(known: list[tuple[str, str]]) -> tuple[list[int], list[int], list[str]]:
    return [NUMBER[kind] for kind, _ in known], [row_key(*key) for key in known], [name for _, name in known]
