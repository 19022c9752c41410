"""What an institution keeps of a person by which submission: asked when something comes in again."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kakehashi.core.kinds import Kind
from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.fhir.types import NUMBER
from kakehashi.store import compression
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("submissions")


class Asked(NamedTuple):
    """A resource that may be kept already. `besides`: the row key of the Bundle that does not count."""

    person: int
    type: str
    value: str  # of its identifier
    besides: int


async def origins_of(
    db: Connection, custodian: int, system: str, asked: Iterable[Asked]
) -> Mapping[Asked, bytes]:
    """Return, for each resource that is kept under an identifier of `system`, the Bundle that it came by.

    One round trip, none where nothing is asked. Needs an open window.
    """
    keys = list(dict.fromkeys(asked))
    if not keys:
        return {}
    salts = [_salt(one.type) for one in keys]
    found = await db.fetch(
        _SQL["submission_origins"],
        [one.person for one in keys],
        [NUMBER[one.type] for one in keys],
        [salt ^ forms.code_form(one.value) for salt, one in zip(salts, keys, strict=True)],
        [salt ^ forms.system_form(system) for salt in salts],
        [salt ^ forms.beside(forms.system_form(system)) for salt in salts],
        [one.besides for one in keys],
        custodian,
    )
    return {keys[row["place"] - 1]: compression.unpack(row["body"]) for row in found}


async def documents_of(
    db: Connection, person: int, custodian: int, kind: Kind, *, besides: int
) -> list[bytes]:
    """Return the Bundles of one kind that an institution keeps of a person: some ten. Needs an open window.

    `besides`: the row key of a Bundle that does not count.
    """
    found = await db.fetch(_SQL["submission_documents"], person, NUMBER["Bundle"], custodian, kind, besides)
    return [compression.unpack(row["body"]) for row in found]


def _salt(resource_type: str) -> int:
    found = parameter(resource_type, "identifier")
    return found.salt if found else 0
