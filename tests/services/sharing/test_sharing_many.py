"""Many submissions in few transactions come out as if each had come alone: same records, same refusals."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from builders import BUILDERS, HOSPITAL, conditions, put, referral

from databases import copy_of
from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import Failure
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.services.sharing.register import register, register_many
from kakehashi.store import compression, institutions
from kakehashi.store.database import Database
from kakehashi.store.window_sql import open_on, system_window

SITE = Institution(1, HOSPITAL, "東山病院（架空）", InstitutionType.HOSPITAL)
SYSTEM = Actor("load", Role.SYSTEM, SITE, Purpose.TREATMENT, scopes=("system/*.cruds",))
Refused = list[tuple[int, tuple[str, ...]]]  # line, rules


@pytest.fixture
async def twin(cluster: str, template: str) -> AsyncIterator[Database]:
    """A second empty database."""
    async with copy_of(cluster, template, "twin") as url, await Database.open(url) as database:
        yield database


async def house(db: Database, home: Path) -> House:
    async with db.transaction() as tx:
        await institutions.put(tx, SITE)
    return House(db, Settings(home=home), system_clock)


def numbered(number: str, **changes: object) -> bytes:
    """A Bundle of diseases under this number, with some things changed by their paths."""
    tree = conditions()
    put(tree, "identifier.value", f"{HOSPITAL}^2026^{number}")
    for path, value in changes.items():
        put(tree, path.replace("__", "."), value)
    return orjson.dumps(tree)


def own(bundle: bytes, serial: str) -> bytes:
    """The same Bundle with findings of its own, so that it is no resend of another's."""
    tree = orjson.loads(bundle)
    for entry in tree["entry"]:
        for one in entry["resource"].get("identifier", ()):
            if entry["resource"]["resourceType"] != "Patient":
                one["value"] += serial
    return orjson.dumps(tree)


def withdrawal(number: str) -> bytes:
    tree = orjson.loads(numbered(number))
    tree["entry"] = tree["entry"][:1]
    return orjson.dumps(tree)


def renamed(bundle: bytes, text: str) -> bytes:
    """The same Bundle, whose Patient is now called otherwise."""
    tree = orjson.loads(bundle)
    tree["entry"][0]["resource"]["name"][0]["text"] = text
    return orjson.dumps(tree)


SENT: list[bytes] = [
    numbered("1"),
    own(numbered("2"), "b"),
    own(numbered("3"), "c"),
    numbered("1", timestamp="2026-11-20T11:00:00.000+09:00"),  # replaces the first
    numbered("4"),  # the first one's finding under another number: refused
    withdrawal("2"),
    withdrawal("5"),  # nothing there: refused
    own(numbered("2"), "b"),  # registered again
    own(numbered("6"), "b"),  # and its finding under another number: refused
    b'{"resourceType":"Bundle"',  # refused
    orjson.dumps(referral()),  # its addressee takes no part: refused
    renamed(own(numbered("7"), "g"), "架空 花子（改姓）"),
    withdrawal("1"),
    numbered("8"),  # the finding is free again
    *(
        orjson.dumps(make())
        for name, make in sorted(BUILDERS.items())
        if name not in ("conditions", "referral")
    ),
]


async def one_by_one(of: House, sent: list[bytes]) -> Refused:
    refused = []
    for line, body in enumerate(sent, 1):
        try:
            await register(of, body, by=SYSTEM, at=of.clock())
        except Failure as failure:
            refused.append((line, tuple(one.rule for one in failure.problems)))
    return refused


async def at_once(of: House, sent: list[bytes]) -> Refused:
    taken = await register_many(of, list(enumerate(sent, 1)), by=SYSTEM, at=of.clock())
    assert taken.stored["Bundle"] + len(taken.refused) == len(sent)
    return [(one.line, tuple(problem.rule for problem in one.problems)) for one in taken.refused]


async def kept(db: Database) -> list[dict[str, Any]]:
    """What is stored, without what differs between two runs: persons' keys, times and the Patient's versions."""
    async with db.transaction() as tx:
        await open_on(tx, system_window("test"))
        rows = await tx.fetch(
            "SELECT type, id, kind, flags, custodian, origin, body FROM resource ORDER BY type, id"
        )
        persons = await tx.fetchval("SELECT count(*) FROM person")
    found = [{**row, "body": orjson.loads(compression.unpack(row["body"]))} for row in rows]
    for row in found:
        del row["body"]["meta"]["lastUpdated"], row["body"]["meta"]["versionId"]
    return [{"persons": persons}, *found]


async def test_many_at_once_leave_what_each_by_itself_leaves(
    db: Database, twin: Database, tmp_path: Path
) -> None:
    alone, together = await house(db, tmp_path), await house(twin, tmp_path)
    refused = await one_by_one(alone, SENT)
    assert {line for line, _ in refused} >= {5, 7, 9, 10, 11}
    assert await at_once(together, SENT) == refused
    assert await kept(twin) == await kept(db)


async def test_those_that_are_not_about_one_another_share_a_transaction(db: Database, tmp_path: Path) -> None:
    of = await house(db, tmp_path)
    await at_once(of, [own(numbered(f"{n}"), f"-{n}") for n in range(20)])
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(DISTINCT xid) FROM feed") == 1


async def test_a_load_sent_twice_changes_no_record(db: Database, tmp_path: Path) -> None:
    of = await house(db, tmp_path)
    sent = [own(numbered(f"{n}"), f"-{n}") for n in range(5)]
    await at_once(of, sent)
    before = await kept(db)
    assert await at_once(of, sent) == []
    assert await kept(db) == before
