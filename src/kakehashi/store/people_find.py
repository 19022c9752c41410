"""Find persons by identifiers or by items. Exact and indexed: nothing here browses by a beginning of a name."""

from collections.abc import Iterable
from datetime import date

from kakehashi.store.database import Connection
from kakehashi.store.people import Row
from kakehashi.store.sql import statements

_SQL = statements("people_find")


async def by_identifier(db: Connection, system: str, value: str, birth: date | None, most: int) -> list[Row]:
    """Return rows of root, disputed; with a birth date only those who were described with it."""
    return await db.fetch(_SQL["by_identifier"], system, value, birth, most)


async def by_items(db: Connection, birth: date, kana: str, kanji: str, sex: str, most: int) -> list[Row]:
    """Return descriptions that agree: root, kana, kanji (did it agree), sex, prefecture, municipality, town."""
    return await db.fetch(_SQL["by_items"], birth, kana, kanji, sex, most)


async def description(db: Connection, persons: Iterable[int], institution: int) -> Row | None:
    """Return how a person is described, by this institution if it does, else by the newest word."""
    return await db.fetchrow(_SQL["description_of"], list(persons), institution)


async def patients(db: Connection, roots: Iterable[int]) -> list[str]:
    """Return the Patients ("Patient/…") that everyone merged under these roots is described by."""
    return [row["patient"] for row in await db.fetch(_SQL["patients_of"], list(roots))]
