"""Legal holds (保存期間の停止): records that retention leaves alone. Rows only; trust/ decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("legal_holds")


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on one person's records of some kinds (bit set). `lifted_at` None: in force."""

    person: int
    hold: int
    kinds: int
    reason: str
    placed_by: str
    placed_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


async def place(db: Connection, person: int, *, kinds: int, reason: str, by: str, at: datetime) -> int:
    """Keep a person's records of these kinds whatever their retention says; return the hold's number."""
    return int(await db.fetchval(_SQL["hold_place"], person, kinds, reason, by, at))


async def lift(
    db: Connection, persons: Iterable[int], number: int, *, reason: str, by: str, at: datetime
) -> int | None:
    """End a hold; return the key that it was on, or None when none such is in force."""
    found: int | None = await db.fetchval(_SQL["hold_lift"], list(persons), number, at, by, reason)
    return found


async def of_person(db: Connection, persons: Iterable[int]) -> list[Hold]:
    """Return every hold on a person, lifted ones too, newest first."""
    return [Hold(**dict(row)) for row in await db.fetch(_SQL["holds_of"], list(persons))]


async def live(db: Connection, most: int) -> list[Hold]:
    """Return the holds in force, oldest first."""
    return [Hold(**dict(row)) for row in await db.fetch(_SQL["holds_live"], most)]
