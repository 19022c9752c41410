"""On a real Citus: what docs/scale.md says of shards is so, and the second wall holds on every one of them.

Wants KAKEHASHI_CITUS, the folder of the programs of a PostgreSQL with Citus (`make test-citus CITUS=…`).
"""

import os
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg
import pytest
from scale import cluster
from scale.distribute import BY_PERSON, REFERENCE
from scale.shards import printed
from test_plan import block

from kakehashi.core.window import Pane, Window
from kakehashi.store import window_sql

AT = datetime(2026, 11, 21, tzinfo=UTC)
SHARDS = 8


@pytest.fixture(scope="module")
def urls() -> Iterator[list[str]]:
    if not (programs := os.environ.get("KAKEHASHI_CITUS")):
        pytest.skip("KAKEHASHI_CITUS names no PostgreSQL with Citus (make test-citus)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        tempfile.TemporaryDirectory(prefix="kakehashi-citus-") as folder,
        cluster.nodes(Path(programs), Path(folder), port) as found,
    ):
        yield found


@pytest.fixture(scope="module")
async def made(urls: list[str]) -> AsyncIterator[tuple[str, str]]:
    yield await cluster.installation(urls, shards=SHARDS)


@dataclass(frozen=True)
class Stored:
    """A row as the walls see it."""

    person: int
    kind: int
    custodian: int
    addressee: int
    flags: int
    at: datetime = AT


async def test_every_table_of_a_person_lies_on_that_persons_shard_and_the_others_on_every_node(
    made: tuple[str, str],
) -> None:
    db = await asyncpg.connect(made[0])
    found = {
        row["name"]: row
        for row in await db.fetch(
            "SELECT table_name::text AS name, citus_table_type, colocation_id, shard_count FROM citus_tables"
        )
    }
    await db.close()
    assert {one for one, row in found.items() if row["citus_table_type"] == "distributed"} == set(BY_PERSON)
    assert {one for one, row in found.items() if row["citus_table_type"] == "reference"} == set(REFERENCE)
    assert len({found[one]["colocation_id"] for one in BY_PERSON}) == 1
    assert {found[one]["shard_count"] for one in BY_PERSON} == {SHARDS}


async def test_the_second_wall_holds_on_every_shard(made: tuple[str, str]) -> None:
    """No window: an error. A window: what Window.sees says, asked without a condition of the application's own."""
    rng = Random(7)
    rows = [
        Stored(
            rng.randint(1, 40),
            rng.randint(0, 5),
            rng.randint(1, 3),
            rng.randint(0, 2),
            rng.choice([0, 8, 16]),
        )
        for _ in range(60)
    ]
    owner, app = await asyncpg.connect(made[0]), await asyncpg.connect(made[0])
    await app.execute("SET ROLE kakehashi_app")
    for number, one in enumerate(rows):
        whose = f"{one.person}, {number}, 0, '{AT}', '{AT}', 1, {one.custodian}, {one.addressee}"
        await owner.execute(
            "INSERT INTO resource (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind,"
            f" flags, id, tokens, ranges, texts, body) VALUES ({whose}, 1, {one.kind}, {one.flags}, 'r{number}',"
            " '{}', '{}', '', '')"
        )
    with pytest.raises(asyncpg.PostgresError, match="no window is open"):
        await app.fetch("SELECT id FROM resource")
    for _ in range(25):
        window = Window(tuple(_pane(rng) for _ in range(rng.randint(0, 3))), "test")
        async with app.transaction():
            await app.execute(f"SET LOCAL kakehashi.\"window\" = '{window_sql.setting(window)}'")
            found = {row["id"] for row in await app.fetch("SELECT id FROM resource")}
        assert found == {f"r{number}" for number, one in enumerate(rows) if window.sees(one)}, window
    await owner.close()
    await app.close()


def _pane(rng: Random) -> Pane:
    def some(low: int, high: int) -> frozenset[int] | None:
        return rng.choice([None, frozenset(rng.sample(range(low, high), 2))])

    return Pane(
        rng.getrandbits(6), some(1, 41), some(1, 4), frozenset(rng.sample(range(1, 4), rng.randint(0, 1))), some(0, 3),
        rng.choice([0, 8, 24]),
    )  # fmt: skip


async def test_the_document_says_what_each_statement_touches(made: tuple[str, str]) -> None:
    said = await printed(*made)
    assert block("shards") == said.strip()
