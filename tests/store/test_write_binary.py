"""Rows in PostgreSQL's binary form, as we write it, are the rows that PostgreSQL reads."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from storing import SAKURA

from kakehashi.core.hashing import row_key
from kakehashi.fhir.index import Index
from kakehashi.fhir.types import NUMBER
from kakehashi.store import write_binary
from kakehashi.store.database import Database
from kakehashi.store.rows import Draft, Stored

bigints = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
drafts = st.builds(
    Draft,
    st.sampled_from(["Patient", "Observation", "VisionPrescription"]),
    st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True),
    st.integers(0, 2**62),
    st.integers(0, 62),
    st.integers(0, 2**31 - 1),
    moments,
    st.just(b"{}"),
    st.builds(
        Index,
        st.lists(bigints),
        st.lists(st.floats(allow_nan=False)),
        texts,
        st.lists(st.integers(-(2**15), 2**15 - 1)),
    ),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**15 - 1),
    bigints,
)


@settings(deadline=None)
@given(st.lists(st.tuples(drafts, st.binary(), moments, st.integers(1, 2**31 - 1)), min_size=1, max_size=20))
def rows_come_back(some: list[tuple[Draft, bytes, datetime, int]]) -> None:
    rows = []
    for draft, packed, changed_at, version in some:
        stored = Stored(draft.type, draft.id, draft.person, version, changed_at, True, b"")
        rows.append(write_binary.row(draft, (NUMBER[draft.type], draft.rid), stored, packed))
    WAITING.append((some, rows))


WAITING: list[tuple[list[tuple[Draft, bytes, datetime, int]], list[bytes]]] = []


async def test_postgresql_reads_what_was_written(db: Database) -> None:
    WAITING.clear()
    rows_come_back()
    assert WAITING
    async with db.connection() as connection:
        for some, rows in WAITING:
            found = await connection.fetch("SELECT * FROM unnest($1::resource[])", rows)
            assert [tuple(one.values()) for one in found] == [
                (
                    draft.person, row_key(draft.type, draft.id), draft.origin, draft.at, changed_at, version,
                    draft.custodian, draft.addressee, NUMBER[draft.type], draft.kind, draft.flags, draft.id,
                    draft.index.tokens, draft.index.ranges, draft.index.texts, packed,
                    list(draft.index.grams),
                )
                for draft, packed, changed_at, version in some
            ]  # fmt: skip


async def test_the_binary_form_has_the_columns_of_the_table(db: Database) -> None:
    """A migration that adds a column must add it here too."""
    async with db.connection() as connection:
        columns = await connection.fetch(
            "SELECT attname, atttypid::int FROM pg_attribute"
            " WHERE attrelid = 'resource'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
    assert [one["attname"] for one in columns] == [
        "person", "rid", "origin", "at", "changed_at", "version", "custodian", "addressee", "type", "kind", "flags",
        "id", "tokens", "ranges", "texts", "body", "grams",
    ]  # fmt: skip
    assert [one["atttypid"] for one in columns] == [
        20, 20, 20, 1184, 1184, 23, 23, 23, 21, 21, 21, 25, 1016, 1022, 25, 17, 1005,
    ]  # fmt: skip


def test_a_row_of_nobody_without_index_entries_is_a_row_too() -> None:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    empty = Draft("Organization", "o", 0, 0, SAKURA, at, b"{}", Index())
    packed = write_binary.row(empty, (1, 2), Stored("Organization", "o", 0, 1, at, True, b""), b"")
    assert int.from_bytes(packed[:4], "big") == len(packed) - 4
