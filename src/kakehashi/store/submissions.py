"""What an institution keeps of a person by which submission: asked when something comes in again."""

from collections.abc import Iterable, Mapping

from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.fhir.types import NUMBER
from kakehashi.store import compression
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("submissions")
Key = tuple[str, str]  # resource type, value of its identifier


async def origins_of(
    db: Connection, person: int, custodian: int, system: str, keys: Iterable[Key], *, besides: int
) -> Mapping[Key, bytes]:
    """Return, for each resource that is kept under an identifier of `system`, the Bundle that it came by.

    `besides`: the row key of a Bundle that does not count. One round trip, none for no key. Needs an open window.
    """
    asked = list(dict.fromkeys(keys))
    if not asked:
        return {}
    types = [NUMBER[kind] for kind, _ in asked]
    tokens = [_salt(kind) ^ forms.asked_token(system, value) for kind, value in asked]
    found = await db.fetch(_SQL["submission_origins"], person, custodian, types, tokens, besides)
    return {asked[row["place"] - 1]: compression.unpack(row["body"]) for row in found}


def _salt(resource_type: str) -> int:
    found = parameter(resource_type, "identifier")
    return found.salt if found else 0
