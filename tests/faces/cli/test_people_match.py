"""`kakehashi people match` compares everyone; a server does it too, beside its other work; they do not do it twice."""

import asyncio
import sys
from pathlib import Path

import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces import chores
from kakehashi.faces.cli import people
from kakehashi.people import bulk_runs, synthetic, synthetic_errors
from kakehashi.people.assign import assign
from kakehashi.store import matching_runs
from kakehashi.store.database import Database
from kakehashi.trust.signin.setup import OPERATOR

SITES = [
    Institution(1, "4910100017", "架橋中央病院（架空）", InstitutionType.HOSPITAL),
    Institution(2, "4910100033", "みなと総合病院（架空）", InstitutionType.HOSPITAL),
]
KEEPER = Actor("keeper", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)


@pytest.fixture
async def house(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Thirty people, whom two hospitals describe without any identifier."""
    monkeypatch.setattr(people, "_EVERY", 0.05)
    house = House(db, Settings(home=tmp_path, database_url=db.url), system_clock)
    humans = synthetic.make(30, seed=31)
    for site in SITES:
        sent = [one.patient for one in synthetic_errors.sightings(humans, seed=site.key, most=1)]
        for one in sent:
            one.tree.pop("identifier", None)
        by = Actor("system", Role.SYSTEM, site, Purpose.TREATMENT)
        await assign(db, sent, institution=site, by=by, at=house.clock())
    return house


async def test_it_says_how_far_it_is_and_what_it_found_and_what_it_cost(house: House) -> None:
    said: list[str] = []
    assert await people.match(house, said.append)
    assert any(line.startswith("読み込み · reading") for line in said[:-1])
    assert "60 件の登録を比べ" in said[-1] and "60 descriptions compared" in said[-1]
    assert "MB" in said[-1] and "照合" in said[-1]


async def test_it_ends_badly_and_says_why_when_the_process_dies(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert not await people.match(house, said.append)
    assert "途中で終わりました" in said[-1] and "ended too early" in said[-1]


async def test_a_server_does_what_was_asked_for_and_the_command_waits_for_it(house: House) -> None:
    await bulk_runs.ask(house.db, by=KEEPER, at=house.clock())
    said: list[str] = []
    async with chores.under_way(house):
        await _begun(house)
        assert await people.match(house, said.append)
    assert "すでに進行中" in said[0] and "60 件" in said[-1]
    async with house.db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM matching_run") == 1


async def _begun(house: House) -> None:
    while True:
        run = await bulk_runs.last(house.db, by=KEEPER)
        if run and run.step != "waiting":
            return
        await asyncio.sleep(0.05)


async def test_what_a_dead_process_left_is_finished_by_the_command(house: House) -> None:
    await bulk_runs.ask(house.db, by=KEEPER, at=house.clock())
    async with house.db.transaction() as tx:
        long_ago = house.clock() - 2 * bulk_runs._STALLED
        await matching_runs.take(tx, at=long_ago, stalled=long_ago)
    said: list[str] = []
    assert await people.match(house, said.append) and "60 件" in said[-1]
