"""Rows of an older index scheme are missed by searches; `kakehashi reindex` makes them found, whatever comes between.

The rows are made old by a superuser: entries that nobody asks for, and a lower number.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import orjson
import pytest

from databases import as_owner
from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import Conflict, Refused
from kakehashi.core.kinds import EVERY_KIND
from kakehashi.core.settings import Settings
from kakehashi.core.window import Pane, Window
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records import reindex as records
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.search import search
from kakehashi.faces.cli import demo
from kakehashi.faces.cli.doctor import examine
from kakehashi.faces.cli.reindex import reindex
from kakehashi.fhir.indexing.scheme import BEFORE, SCHEME
from kakehashi.search.parse import parse_query
from kakehashi.store import institutions, window_sql
from kakehashi.store import reindex as store
from kakehashi.store.database import Database
from kakehashi.trust.signin.setup import OPERATOR

CHUO = Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL)
MINATO = Institution(2, "4910100033", "みなと総合病院（架空）", InstitutionType.HOSPITAL)
SYSTEM = Actor("system", Role.SYSTEM, CHUO, Purpose.TREATMENT, scopes=("system/*.cruds",))
OTHERS = Actor("system", Role.SYSTEM, MINATO, Purpose.TREATMENT, scopes=("system/*.cruds",))
KEEPER = Actor("reindex", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)
WEIGHTS = 7


@pytest.fixture
async def house(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """One person's weights, in parts of two rows."""
    monkeypatch.setattr(store, "_ROWS", 2)
    house = House(db, Settings(home=tmp_path, database_url=db.url), system_clock)
    async with db.transaction() as tx:
        for site in (CHUO, MINATO):
            await institutions.put(tx, site)
    patient: dict[str, object] = {"resourceType": "Patient", "id": "p", "name": [{"text": "見本 花子"}]}
    await put(house, patient, *(weight(number) for number in range(WEIGHTS)))
    return house


def weight(number: int, code: str = "weight") -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": f"w-{number}",
        "status": "final",
        "code": {"coding": [{"system": "urn:local", "code": code}], "text": "体重"},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-04-01",
        "valueQuantity": {"value": 60 + number, "unit": "kg"},
    }


async def put(house: House, *resources: dict[str, object]) -> None:
    taken = await bulk.take(
        house, list(enumerate(map(orjson.dumps, resources), 1)), by=SYSTEM, at=house.clock()
    )
    assert taken.refused == []


async def as_superuser(house: House, statement: str) -> list[asyncpg.Record]:
    superuser = await asyncpg.connect(as_owner(house.db.url))
    try:
        return await superuser.fetch(statement)
    finally:
        await superuser.close()


async def grow_old(house: House) -> None:
    """Make it a database that an earlier version filled: its rows have entries that nobody asks for."""
    await as_superuser(house, "UPDATE resource SET tokens = '{42}', ranges = '{0}', texts = ''")
    await as_superuser(house, f"UPDATE index_scheme SET number = {BEFORE}")


async def found(house: House, by: Actor = SYSTEM, **asked: str) -> list[str]:
    query = parse_query(
        "Observation", list(asked.items()), strict=True, at=house.clock(), base_url="http://localhost/fhir"
    )
    answer = await search(house, Asked(by, house.clock()), query)
    return sorted(row.id for row in answer.rows)


async def entries(house: House) -> list[tuple[object, ...]]:
    rows = await as_superuser(
        house, "SELECT person, rid, version, changed_at, tokens, ranges, texts FROM resource ORDER BY 1, 2"
    )
    return [tuple(row) for row in rows]


def say(_: str) -> None:
    """Nobody listens."""


async def test_rows_of_an_older_scheme_are_missed_until_they_are_indexed_anew(house: House) -> None:
    before, there = await entries(house), await found(house, code="weight")
    assert len(there) == WEIGHTS
    await grow_old(house)
    assert await found(house, code="weight") == []
    said: list[str] = []
    assert await reindex(house, said.append)
    assert await found(house, code="weight") == there
    assert await found(house, date="2026-04-01") == there
    assert await entries(house) == before
    assert f"{WEIGHTS + 1} records, {WEIGHTS + 1} renewed" in said[-1]
    assert (await records.state(house.db)).number == SCHEME


async def test_readers_are_told_of_nothing_and_the_log_of_one_act(house: House) -> None:
    counts = "SELECT (SELECT count(*) FROM feed), (SELECT count(*) FROM resource_version), (SELECT count(*) FROM log)"
    await grow_old(house)
    [(feed, versions, log)] = await as_superuser(house, counts)
    await reindex(house, say)
    assert [tuple(row) for row in await as_superuser(house, counts)] == [(feed, versions, log + 1)]
    [(person, entry)] = await as_superuser(house, "SELECT person, entry FROM log ORDER BY seq DESC LIMIT 1")
    told = orjson.loads(entry)
    assert (person, told["who"], told["action"], told["count"]) == (0, "reindex", "reindex", 0)


async def test_where_everything_is_of_the_present_scheme_nothing_is_done_unless_asked_for(
    house: House,
) -> None:
    said: list[str] = []
    assert await reindex(house, said.append)
    assert "every record is indexed" in said[0]
    await as_superuser(house, "UPDATE resource SET tokens = '{42}'")
    assert await reindex(house, say, again=True)
    assert len(await found(house, code="weight")) == WEIGHTS


async def test_whoever_stores_a_row_anew_meanwhile_wins(house: House) -> None:
    await grow_old(house)
    await records.begin(house, by=KEEPER, at=house.clock())
    parts = []
    while part := await store.deal(house.db):
        parts.append((part, await store.rows(house.db, part)))
    await put(house, weight(0, code="other"))  # after it was read, before it is renewed
    for part, held in parts:
        await store.renew(house.db, part, [(one, records._entries(one)) for one in held], unreadable=0)  # type: ignore[misc]
    done = await records.finish(house.db)
    assert (done.number, done.changed) == (SCHEME, WEIGHTS)
    assert await found(house, code="other") == ["w-0"]
    assert len(await found(house, code="weight")) == WEIGHTS - 1


async def test_writers_and_several_hands_side_by_side_leave_the_entries_that_the_bodies_have(
    house: House,
) -> None:
    await grow_old(house)
    await records.begin(house, by=KEEPER, at=house.clock())

    async def hand() -> None:
        while await records.work_on(house.db):
            pass

    async def writer() -> None:
        for number in range(WEIGHTS):
            await put(house, weight(number, code="other"))

    await asyncio.gather(hand(), writer(), hand())
    assert (await records.finish(house.db)).number == SCHEME
    assert len(await found(house, code="other")) == WEIGHTS
    assert await found(house, code="weight") == []


async def test_a_run_that_was_broken_off_goes_on_and_ends_complete(house: House) -> None:
    before = await entries(house)
    await grow_old(house)
    await records.begin(house, by=KEEPER, at=house.clock())
    assert await records.work_on(house.db)
    assert await store.deal(house.db) is not None  # taken by a process that died with it
    assert not (await records.state(house.db)).present
    assert len(await found(house, code="weight")) < WEIGHTS
    assert await reindex(house, say)
    done = await records.state(house.db)
    assert (done.looked, done.changed) == (WEIGHTS + 1, WEIGHTS + 1)
    assert await entries(house) == before


async def test_the_command_killed_in_the_middle_is_run_again_and_ends_complete(house: House) -> None:
    before = await entries(house)
    await grow_old(house)
    [(person,)] = await as_superuser(house, "SELECT min(person) FROM resource WHERE person <> 0")
    superuser = await asyncpg.connect(as_owner(house.db.url))
    in_the_way = superuser.transaction()
    await in_the_way.start()  # so that it surely is in the middle when it is killed
    await superuser.execute("SELECT FROM resource WHERE person = $1 FOR UPDATE", person)
    first = await asyncio.to_thread(command, house)
    async with asyncio.timeout(60):
        while not await as_superuser(house, "SELECT FROM index_part"):  # noqa: ASYNC110 - another process tells by it
            await asyncio.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    await asyncio.to_thread(first.communicate)
    await in_the_way.rollback()
    await superuser.close()
    assert not (await records.state(house.db)).present
    second = await asyncio.to_thread(command, house)
    said, _ = await asyncio.to_thread(second.communicate)
    assert second.returncode == 0, said
    assert await entries(house) == before
    assert (await records.state(house.db)).present


def command(house: House, name: str = "reindex", **settings: str) -> "subprocess.Popen[str]":
    own = {"KAKEHASHI_HOME": str(house.settings.home), "KAKEHASHI_DATABASE_URL": house.db.url, **settings}
    return subprocess.Popen(
        [sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()", name],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


async def test_the_server_says_it_at_its_start(house: House) -> None:
    await grow_old(house)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    server = await asyncio.to_thread(command, house, "serve", KAKEHASHI_PORT=port)
    try:
        assert await asyncio.to_thread(said_by, server, "kakehashi reindex")
    finally:
        server.terminate()
        await asyncio.to_thread(server.communicate)


def said_by(process: "subprocess.Popen[str]", words: str) -> bool:
    assert process.stdout is not None
    return any(words in line for line in process.stdout)


async def test_two_at_once_do_not_work_against_each_other(house: House) -> None:
    async with store.alone(house.db):
        with pytest.raises(Conflict):
            await reindex(house, say)
    assert await reindex(house, say)


async def test_a_body_that_cannot_be_read_is_told_and_the_database_stays_marked(house: House) -> None:
    await grow_old(house)
    await as_superuser(house, r"UPDATE resource SET body = '\x00' WHERE id = 'w-3'")
    said: list[str] = []
    assert not await reindex(house, said.append)
    assert "1 records cannot be read" in said[-1]
    assert len(await found(house, code="weight")) == WEIGHTS - 1
    assert not (await records.state(house.db)).present


async def test_row_level_security_still_holds_afterwards(house: House) -> None:
    await grow_old(house)
    await reindex(house, say)
    async with house.db.transaction() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.fetch("SELECT rid FROM resource")
    async with house.db.transaction() as tx:
        await window_sql.open_on(tx, Window((Pane(EVERY_KIND, custodians=frozenset({MINATO.key})),), "own"))
        assert await tx.fetch("SELECT rid FROM resource") == []
    assert len(await found(house, code="weight")) == WEIGHTS
    assert await found(house, by=OTHERS, code="weight") == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
async def test_nobody_but_the_operator_may(house: House, role: Role) -> None:
    await grow_old(house)
    by = Actor("somebody", role, CHUO, Purpose.TREATMENT, scopes=("system/*.cruds",))
    with pytest.raises(Refused):
        await records.begin(house, by=by, at=house.clock())
    assert (await records.state(house.db)).toward is None


async def test_the_doctor_says_what_to_run_until_it_was_run(house: House) -> None:
    async def finding() -> tuple[bool, bool, str]:
        [one] = [one for one in await examine(house) if "searches find every record" in one.en]
        return one.good, one.unsafe, one.todo_en

    assert (await finding())[0]
    await grow_old(house)
    good, unsafe, todo = await finding()
    assert not good and unsafe and "kakehashi reindex" in todo
    await reindex(house, say)
    assert (await finding())[0]


async def test_the_sample_region_of_an_earlier_version_is_indexed_anew_by_itself(house: House) -> None:
    await grow_old(house)
    await demo._searchable(house, say)
    assert len(await found(house, code="weight")) == WEIGHTS


async def test_an_empty_database_begins_at_the_present_scheme(db: Database) -> None:
    assert (await records.state(db)).present


async def test_an_upgrade_marks_the_rows_that_are_there_as_older(house: House) -> None:
    await as_superuser(house, "DROP TABLE index_scheme, index_part")
    await as_superuser(house, "DROP FUNCTION begin_index_scheme")
    await as_superuser(house, "DELETE FROM migration WHERE name LIKE '0013%'")
    async with await Database.open(as_owner(house.db.url)) as upgraded:
        assert (await records.state(upgraded)).number == BEFORE


async def test_opening_a_database_with_rows_raises_no_number_and_takes_newer_rows_for_mixed(
    house: House,
) -> None:
    for number, becomes in ((BEFORE, BEFORE), (SCHEME, SCHEME), (SCHEME + 1, BEFORE)):
        await as_superuser(house, f"UPDATE index_scheme SET number = {number}")
        async with await Database.open(house.db.url) as again:
            assert (await records.state(again)).number == becomes
