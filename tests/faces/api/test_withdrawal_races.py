"""What is shut is shut for every read that begins after the answer to it came back (N7): 64 rivals, two servers.

The rivals read one record by every way there is and never stop while it is shut and opened again before them. A read
that began before may still show it; one that began after must not, whichever server it goes to, and whatever reads it
shares a round trip with.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

import httpx
import pytest
from api_words import MIDORI, Caller, Region, lab, patient

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.kinds import PERSONAL_KINDS, Kind
from kakehashi.core.settings import Settings
from kakehashi.faces.app import build
from kakehashi.store.database import Database
from kakehashi.trust import consents, quarantine, withholding
from kakehashi.trust.oauth.tokens import REFRESH
from kakehashi.trust.signin.setup import OPERATOR

PATIENCE = 60  # seconds; a race in which nothing is shown, or nothing refused, has failed
RIVALS, ROUNDS, AFTER = 64, 3, 2  # rivals; openings and shuttings; reads of each rival begun after a shutting
_NUMBERS = count(1)
WAYS = [
    "Observation/{name}", "Observation/{name}/_history", "Observation/{name}/_history/1",
    "Observation?patient={who}", "Observation?patient={who}&_total=accurate", "Patient/{who}/$everything",
    "Patient?_id={who}&_revinclude=Observation:subject", "Observation?patient={who}&_sort=-date&_count=1", "batch",
]  # fmt: skip
CLERK = Actor("clerk", Role.CLERK, MIDORI, Purpose.ADMINISTRATION)
KEEPER = Actor("keeper", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2)


@dataclass
class Door:
    """What stands open or shut before the rivals; `shuttings` counts the shuttings whose answer has come back."""

    open: bool = True
    shuttings: int = 0
    shown: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Record:
    """A result at 桜台, its patient and person."""

    region: Region
    who: str
    name: str
    mark: str  # a code that nothing else has
    person: int
    held: str = ""

    @property
    def me(self) -> Actor:
        return Actor("me", Role.PERSON, OPERATOR, Purpose.PATIENT_REQUEST, person=self.person)


@pytest.fixture
async def servers(region: Region) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Two servers of one installation, each with a pool of its own."""
    async with await Database.open(region.db.url, connections=5) as db:
        own: Settings = region.settings
        app = build(db, own, region.clock)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=own.public_url
        ) as second:
            yield [region.client, second]


@pytest.fixture
async def record(region: Region, sakura: Caller) -> Record:
    number = next(_NUMBERS)
    who = await sakura.made(patient(f"RACE{number}", family="競合", birth=f"19{number + 10}-07-08"))
    mark = f"race-{number}"
    name = await sakura.made(lab(f"Patient/{who}", code=mark))
    return Record(region, who, name, mark, await region.person_of(who))


async def rival(caller: Caller, way: str, record: Record, door: Door, until: int) -> None:
    """Read without end until the last shutting, and some times after each."""
    after = 0
    while door.shuttings < until or after < AFTER:
        began_shut, shuttings = not door.open, door.shuttings
        if way == "batch":
            reads = [WAYS[0].format(name=record.name), WAYS[3].format(who=record.who)]
            asked = [{"request": {"method": "GET", "url": one}} for one in reads]
            answer = await caller.post("/fhir", {"resourceType": "Bundle", "type": "batch", "entry": asked})
        else:
            answer = await caller.get("/fhir/" + way.format(name=record.name, who=record.who))
        assert answer.status_code in (200, 401, 403, 404), answer.text
        shows = record.mark in answer.text
        if began_shut and door.shuttings == shuttings and not door.open:  # it was shut all the while
            after += door.shuttings == until
            if shows:
                door.wrong.append(way)
        door.shown += shows
        door.refused += not shows
        await asyncio.sleep(0)


Act = Callable[[Record], Awaitable[None]]


async def race(record: Record, callers: list[Caller], opens: Act, shuts: Act) -> Door:
    """Set the rivals on the record, open and shut it before them, and return what came of it."""
    door = Door()
    await opens(record)
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as rivals:
        for number in range(RIVALS):
            caller, way = callers[number % len(callers)], WAYS[number // len(callers) % len(WAYS)]
            rivals.create_task(rival(caller, way, record, door, ROUNDS))
        for number in range(ROUNDS):
            if number:
                door.open = True
                await opens(record)
            shown = door.shown
            while door.shown < shown + 8:  # noqa: ASYNC110 (the rivals are watched, not told)
                await asyncio.sleep(0.001)
            await shuts(record)
            door.open, door.shuttings = False, door.shuttings + 1
            refused = door.refused
            while door.refused < refused + 8 and not door.wrong:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    return door


async def agree(record: Record) -> None:
    async with record.region.db.transaction() as tx:
        at = record.region.clock.now
        await consents.give(tx, record.person, MIDORI.key, PERSONAL_KINDS, by=CLERK, at=at)


async def withdraw(record: Record) -> None:
    async with record.region.db.transaction() as tx:
        at = record.region.clock.now
        for one in await consents.of_person(tx, record.person, by=CLERK, at=at):
            if one.withdrawn is None:
                await consents.withdraw(tx, record.person, one.id, by=CLERK, at=at)


async def withhold(record: Record, *, kind: Kind | None = None) -> None:
    async with record.region.db.transaction() as tx:
        item = None if kind else f"Observation/{record.name}"
        at = record.region.clock.now
        record.held = await withholding.withhold(tx, record.person, item=item, kind=kind, by=record.me, at=at)


async def withhold_results(record: Record) -> None:
    await withhold(record, kind=Kind.LAB)


async def release(record: Record) -> None:
    async with record.region.db.transaction() as tx:
        if record.held:
            await withholding.release(
                tx, record.person, record.held, by=record.me, at=record.region.clock.now
            )


async def doctors(region: Region, servers: list[httpx.AsyncClient]) -> list[Caller]:
    token = (await region.caller(MIDORI, Role.DOCTOR)).token
    return [Caller(one, token) for one in servers]


@pytest.mark.parametrize(
    ("opens", "shuts"),
    [(agree, withdraw), (release, withhold), (release, withhold_results)],
    ids=["consent", "withheld record", "withheld kind"],
)
async def test_no_read_begun_after_the_shutting_shows_the_record(
    region: Region, servers: list[httpx.AsyncClient], record: Record, opens: Act, shuts: Act
) -> None:
    await agree(record)
    door = await race(record, await doctors(region, servers), opens, shuts)
    assert door.wrong == []
    assert door.shown >= ROUNDS * 8, "the rivals did see it while it was open"


async def test_no_server_answers_an_institution_in_quarantine_though_it_knows_its_token(
    region: Region, servers: list[httpx.AsyncClient], record: Record
) -> None:
    """Verified tokens are kept; each server reads the list of struck ones again after half a second of the clock."""
    await agree(record)
    callers = await doctors(region, servers)
    path = f"/fhir/Observation/{record.name}"
    assert [(await one.get(path)).status_code for one in callers] == [200, 200]
    await quarantine.place(region.db, MIDORI.key, "不審な通信", by=KEEPER, at=region.clock.now)
    region.clock.tick(REFRESH.total_seconds())
    try:
        answers = await asyncio.gather(*(one.get(path) for one in callers * (RIVALS // 2)))
        assert {one.status_code for one in answers} == {401}
        assert not any(record.mark in one.text for one in answers)
    finally:
        await quarantine.lift(region.db, MIDORI.key, by=KEEPER, at=region.clock.now)
