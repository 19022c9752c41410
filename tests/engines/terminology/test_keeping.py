"""What was compiled lies beside the row it was made of: made with it, gone with it, made anew where it is missing."""

from datetime import UTC, datetime

import asyncpg
import orjson
import pytest

from databases import as_owner
from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.core.settings import Settings
from kakehashi.core.window import NOTHING, Pane, Window
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, own_window
from kakehashi.engines.records.submit import Sent, submit
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.engines.terminology.cache import Cache
from kakehashi.engines.terminology.expanding import Expand, expand
from kakehashi.engines.terminology.world import Named
from kakehashi.store import institutions, window_sql
from kakehashi.store.database import Database
from kakehashi.trust.signin import setup

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
OPERATOR = Actor("operator", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS)
SAKURA = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
DOCTOR = Actor("doctor", Role.DOCTOR, SAKURA, Purpose.TREATMENT, licence="1")
URL = "urn:example:colours"


@pytest.fixture
async def house(db: Database) -> House:
    async with db.transaction() as tx:
        for one in (setup.OPERATOR, SAKURA):
            await institutions.put(tx, one)
    return House(db, Settings(), system_clock)


def colours(*codes: str) -> bytes:
    concept = [{"code": code, "display": f"色 {code}"} for code in codes]
    return orjson.dumps(
        {"resourceType": "CodeSystem", "id": "colours", "url": URL, "status": "active", "content": "complete",
         "concept": concept}
    )  # fmt: skip


async def put(house: House, *codes: str) -> None:
    wanted = Wanted(Method.UPDATE, "CodeSystem", "colours", colours(*codes))
    await submit(house, [wanted], by=OPERATOR, at=NOW, sent=Sent())


async def expanded(house: House, actor: Actor = DOCTOR) -> list[str]:
    whole = await expand(house, Asked(actor, NOW), Expand(Named(url=f"{URL}?fhir_vs")))
    return [one["code"] for one in whole["expansion"].get("contains", [])]


async def kept(house: House) -> list[tuple[int, int]]:
    """The row versions and forms of all frames."""
    async with house.db.transaction() as tx:
        await window_sql.open_on(tx, window_sql.system_window("test"))
        return [tuple(one) for one in await tx.fetch("SELECT row, form FROM terminology ORDER BY row")]


async def change(house: House, statement: str) -> None:
    admin = await asyncpg.connect(as_owner(house.db.url))
    await admin.execute(
        "SELECT set_config('kakehashi.window', '{\"(9223372036854775807,,,{},,0,)\"}', false)"
    )
    await admin.execute(statement)
    await admin.close()


def forgetful(house: House) -> House:
    """The same installation, in a process that has just begun."""
    return House(house.db, house.settings, house.clock)


async def test_a_frame_is_made_with_the_row_and_replaced_with_it(house: House) -> None:
    await put(house, "red")
    assert await kept(house) == [(1, 1)]
    await put(house, "red", "blue")
    assert await kept(house) == [(2, 1)]
    assert await expanded(house) == ["red", "blue"]


@pytest.mark.parametrize(
    "harm",
    ["DELETE FROM terminology", "UPDATE terminology SET form = 0", "UPDATE terminology SET row = 7"],
    ids=["lost", "of another form", "of another version"],
)
async def test_a_frame_that_cannot_be_used_is_made_anew_and_kept(house: House, harm: str) -> None:
    await put(house, "red")
    await change(house, harm)
    assert await expanded(forgetful(house)) == ["red"]
    assert await kept(house) == [(1, 1)]


async def test_a_deleted_system_is_gone_from_memory_too(house: House) -> None:
    await put(house, "red")
    assert await expanded(house) == ["red"]
    await submit(house, [Wanted(Method.DELETE, "CodeSystem", "colours")], by=OPERATOR, at=NOW, sent=Sent())
    with pytest.raises(Exception, match="not here"):
        await expanded(house)
    admin = await asyncpg.connect(as_owner(house.db.url))
    assert (
        await admin.fetch("SELECT FROM terminology") == []
    )  # truly gone, not only behind row-level security
    await admin.close()


async def test_nothing_is_seen_without_a_window_and_nothing_through_a_shut_one(house: House) -> None:
    await put(house, "red")
    async with house.db.transaction() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no window is open"):
            await tx.fetch("SELECT FROM terminology")
    async with house.db.transaction() as tx:
        for shut in (
            NOTHING,
            Window((Pane(EVERY_KIND, persons=frozenset({7})),)),
            Window((Pane(Kind.LAB.bit),)),
        ):
            await window_sql.open_on(tx, shut)
            assert await tx.fetch("SELECT FROM terminology") == []
        await window_sql.open_on(tx, own_window(DOCTOR))
        assert len(await tx.fetch("SELECT FROM terminology")) == 1


async def test_the_app_may_not_change_a_frame(house: House) -> None:
    await put(house, "red")
    async with house.db.transaction() as tx:
        await window_sql.open_on(tx, window_sql.system_window("test"))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("UPDATE terminology SET frame = ''")


async def test_a_refused_write_leaves_no_frame(house: House) -> None:
    bad = Wanted(Method.UPDATE, "CodeSystem", "colours", colours("red").replace(b'"active"', b'"lively"'))
    with pytest.raises(Exception, match="lively"):
        await submit(house, [bad], by=OPERATOR, at=NOW, sent=Sent())
    assert await kept(house) == []


async def test_who_may_not_read_them_gets_nothing_and_the_memory_helps_nobody(house: House) -> None:
    await put(house, "red")
    assert await expanded(house) == ["red"]  # it lies in memory now
    nobody = Actor("system", Role.SYSTEM, SAKURA, Purpose.TREATMENT)  # a system without scopes
    with pytest.raises(Refused):
        await expanded(house, nobody)


async def test_a_memory_that_is_too_small_answers_all_the_same(house: House) -> None:
    await put(house, *(f"c{number}" for number in range(500)))
    small = House(house.db, house.settings, house.clock, terms=Cache(most=10))
    for _ in range(2):
        assert len(await expanded(small)) == 500
    assert small.terms.size == 0


async def test_an_unknown_set_is_named(house: House) -> None:
    with pytest.raises(NotFound, match="urn:nothing"):
        await expand(house, Asked(DOCTOR, NOW), Expand(Named(url="urn:nothing")))
