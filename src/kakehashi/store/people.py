"""Persons, the identifiers they hold, the links behind them, and how institutions describe them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
import orjson

from kakehashi.core.errors import Conflict
from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("people")
Row: TypeAlias = asyncpg.Record
Key: TypeAlias = tuple[str, str, str]  # system, value, holder
Json: TypeAlias = Mapping[str, object]


class Raced(Conflict):
    """Another writer took one of the keys at the same moment. Roll back, look again, decide again."""

    default_ja = "同じ番号が同時に登録されました。もう一度やり直してください。"
    default_en = "The same identifier was registered at the same moment. Please try again."


async def holders(db: Connection, keys: Sequence[Key]) -> list[Row]:
    """Return who holds the keys, as rows of system, value, holder, person, root."""
    return await db.fetch(_SQL["holders"], *_columns(keys)) if keys else []


async def roots(db: Connection, persons: Sequence[int]) -> dict[int, int]:
    """Return the root of each person that exists."""
    rows = await db.fetch(_SQL["roots"], list(persons)) if persons else []
    return {row["person"]: row["root"] for row in rows}


async def descriptions(db: Connection, of_roots: Sequence[int]) -> list[Row]:
    """Return every institution's description of everyone merged under these roots."""
    return await db.fetch(_SQL["descriptions"], list(of_roots)) if of_roots else []


async def open_links(db: Connection, persons: Sequence[int], institution: int) -> list[Row]:
    """Return the keys that the institution has said of these persons, with the state of each link."""
    return await db.fetch(_SQL["open_links"], list(persons), institution) if persons else []


async def add_persons(db: Connection, keys: Sequence[int], *, by: str, at: datetime) -> None:
    """Store new persons."""
    if keys:
        await db.execute(_SQL["persons_add"], list(keys), at, by)


async def add_keys(db: Connection, taken: Sequence[tuple[Key, int]]) -> None:
    """Give keys to persons. Raises Raced when somebody else holds one by now: then nothing may be kept."""
    if not taken:
        return
    ordered = sorted(taken)  # one order for all writers: no deadlock
    keys, persons = [key for key, _ in ordered], [person for _, person in ordered]
    got = await db.fetch(_SQL["keys_add"], *_columns(keys), persons)
    if len(got) != len(ordered):
        raise Raced


async def add_links(db: Connection, rows: Sequence[Json], institution: int, *, by: str, at: datetime) -> None:
    """Store links: rows of person, system, value, holder, state, evidence."""
    if rows:
        await db.execute(_SQL["links_add"], orjson.dumps(rows).decode(), institution, at, by)


async def close_links(
    db: Connection, system: str, now: Mapping[int, str], institution: int, *, at: datetime
) -> None:
    """End the institution's links of persons in a system, but for the value that it says now."""
    if now:
        await db.execute(_SQL["links_close"], list(now), list(now.values()), system, institution, at)


async def put_descriptions(db: Connection, rows: Sequence[Json], institution: int, *, at: datetime) -> None:
    """Store what the institution now says of persons: rows with the columns of person_description."""
    if rows:
        await db.execute(_SQL["descriptions_put"], orjson.dumps(rows).decode(), institution, at)


async def likenesses(db: Connection, persons: Sequence[int], most: int) -> list[Row]:
    """Return others with the same birth date, sex and name as each of these persons, `most` for each."""
    return await db.fetch(_SQL["likenesses"], list(persons), most) if persons else []


async def everyone(db: Connection, system: str, *, after: tuple[int, int], most: int) -> list[Row]:
    """Return the next descriptions after a (person, institution), with those, root, and the member id (of this system).

    In that order, `most` of them at a time; none: it was the end.
    """
    return await db.fetch(_SQL["everyone"], system, *after, most)


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[str], list[str]]:
    return [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]
