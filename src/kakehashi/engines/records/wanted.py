"""What a caller wants done with one resource, and what came of it. Shapes only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from kakehashi.fhir.parse import Resource

Patch: TypeAlias = Callable[[Resource], Resource]
"""What a patch makes of the resource that is stored. May raise Failure."""


class Method(StrEnum):
    """The interaction wanted; the values are HTTP's."""

    CREATE = "POST"
    UPDATE = "PUT"
    DELETE = "DELETE"
    PATCH = "PATCH"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One wish. `place` is where it stands in what was sent ("Bundle.entry[3].resource"), "" for a lone resource.

    `id` is None for a create. `condition` is the search text of a conditional update or delete (then `id` is
    None), `if_none_exist` that of a conditional create. `if_match` is the version the caller believes current.
    `full_url` is how other entries of the same transaction refer to this one. `resource` is the body already read,
    where the caller had to read it; `patch`, of a PATCH, makes it from what is stored.
    """

    method: Method
    type: str
    id: str | None = None
    body: bytes | None = None
    if_match: int | None = None
    condition: str | None = None
    if_none_exist: str | None = None
    full_url: str | None = None
    place: str = ""
    resource: Resource | None = None
    patch: Patch | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish. `body` is the served form, None for a delete or where the answer is an earlier one's.

    `status` is HTTP's: 200, 201 or 204. A version of 0: there was nothing, or it was deleted before.
    """

    status: int
    type: str
    id: str
    version: int
    changed_at: datetime
    body: bytes | None = None
