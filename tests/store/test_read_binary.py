"""Reads by id in PostgreSQL's binary form, as we write it, are what PostgreSQL reads."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.store.database import Database
from kakehashi.store.read_binary import Ask, element

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
asks = st.builds(
    Ask,
    texts,
    st.integers(-(2**15), 2**15 - 1),
    st.integers(-(2**63), 2**63 - 1),
    texts,
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (bounds)
    st.binary(),
    st.binary(),
    st.none() | st.binary(),
)


@settings(deadline=None)
@given(st.lists(asks, min_size=1, max_size=20))
def note_what_is_asked(some: list[Ask]) -> None:
    WAITING.append(some)


WAITING: list[list[Ask]] = []


async def test_postgresql_reads_what_is_asked(db: Database) -> None:
    WAITING.clear()
    note_what_is_asked()
    assert WAITING
    async with db.connection() as connection:
        for some in WAITING:
            found = await connection.fetch(
                "SELECT panes, type, rid, id, at, head, tail, nothing FROM unnest($1::ask[])",
                [*map(element, some)],
            )
            assert [tuple(one.values()) for one in found] == [tuple(one) for one in some]
