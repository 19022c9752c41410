"""The slow-request log: where the time went and the plan, and nobody's name, number or record in it."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from kakehashi.core.actors import Institution, InstitutionType, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.faces.api.door import Door
from kakehashi.faces.app import build
from kakehashi.faces.slow import PLAN_EVERY, Answered, SlowLog
from kakehashi.faces.watching import Watching
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.store.watch import WATCH, Watch
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import demo
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup

HOSPITAL = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
NAME, NUMBER = "目立津名前", "TELLTALE-778899"
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:oid:1.2.392.100495.20.3.51.11311234567", "value": NUMBER}],
    "name": [{"text": NAME, "family": NAME}],
    "gender": "female",
    "birthDate": "1931-02-03",
}
Line = dict[str, Any]


class Server:
    """A server to which every request is slow, and what it said of them."""

    def __init__(self, door: Door, client: httpx.AsyncClient, lines: list[Line]) -> None:
        self.door, self.client, self.lines = door, client, lines

    async def line(self, method: str, path: str, **more: Any) -> Line:
        """Ask, and return the line about it."""
        self.lines.clear()
        self.answer = await self.client.request(method, path, **more)
        await self.door.watching.close()
        [line] = self.lines
        return line


@pytest.fixture
async def server(db: Database, tmp_path: Path) -> Server:
    settings = Settings(home=tmp_path, demo=True)
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, HOSPITAL):
            await institutions.put(tx, place)
    door = build(db, settings)
    tokens = Tokens(db, Vault.at(tmp_path), settings.public_url)
    token = await demo.mint(
        tokens, settings, institution=HOSPITAL, role=Role.SYSTEM, lives=600, at=system_clock()
    )
    lines: list[Line] = []
    door.watching = Watching(SlowLog(db, 1e-9, tell=lines.append))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door),
        base_url=settings.public_url,
        headers={"authorization": f"Bearer {token}"},
    )
    return Server(door, client, lines)


async def test_a_slow_search_says_where_its_time_went_and_how_it_was_planned(server: Server) -> None:
    line = await server.line("GET", f"/fhir/Patient?family={NAME}&_count=5", headers={"x-request-id": "abc"})
    assert (line["interaction"], line["type"], line["status"]) == ("search", "Patient", 200)
    assert (line["request"], line["method"], line["route"]) == ("abc", "GET", "/fhir/{type}")
    assert line["parameters"] == ["family", "_count"]
    steps = {one["step"]: one for one in line["steps"]}
    assert steps["connection"]["times"] >= 1 and line["slowest"] in steps
    assert all(one["ms"] >= 0 for one in line["steps"])
    assert line["ms"] > 0 and {"node", "cost", "rows"} <= line["plan"].keys()


async def test_a_person_goes_through_all_of_it_and_leaves_no_trace(server: Server) -> None:
    """Written, read, searched for by name and number, chained, refused: nothing of hers is in any line."""
    made = await server.line("POST", "/fhir/Patient", json=PATIENT)
    assert server.answer.status_code == 201, server.answer.text
    mine = server.answer.json()["id"]
    said = [made]
    for path in (
        f"/fhir/Patient/{mine}",
        f"/fhir/Patient?family={NAME}&identifier=|{NUMBER}",
        f"/fhir/Observation?subject:Patient.family={NAME}&patient.identifier={NUMBER}",
        f"/fhir/Patient?{NAME}={NUMBER}&birthdate=1931-02-03",
        f"/fhir/Patient/{mine}/$everything?_since=1931-02-03",
        f"/fhir/Patient/{NUMBER}",
        f"/fhir/{NUMBER}/{NAME}",
        f"/fhir/Patient?_has:Observation:patient:code={NUMBER}",
    ):
        said.append(await server.line("GET", path))
    text = orjson.dumps(said).decode()
    for telltale in (NAME, NUMBER, mine, "1931-02-03"):
        assert telltale not in text
    assert "?" in said[4]["parameters"]


async def test_whoever_is_fast_is_not_told_of(server: Server) -> None:
    server.door.watching = Watching(SlowLog(server.door.api.house.db, 3_600, tell=server.lines.append))
    assert (await server.client.get("/fhir/Patient?_id=none")).status_code == 200
    assert server.lines == []


async def test_where_nothing_is_watched_no_request_has_a_watch(db: Database) -> None:
    watching = Watching.of(db, Settings(slow_ms=0))
    assert watching.begin() is None and WATCH.get() is None


async def test_one_statement_is_explained_once_a_minute(db: Database) -> None:
    lines: list[Line] = []
    now = [0.0]
    slow = SlowLog(db, 0.001, clock=lambda: now[0], tell=lines.append)
    watch = Watch(slowest="/* x.one */ SELECT 1")
    answered = Answered("search", "Patient", "GET", "/fhir/{type}", 200, "r", 2.0)
    for seconds in (0.0, 1.0, PLAN_EVERY + 1):
        now[0] = seconds
        slow.note(answered, watch)
        await slow.close()
    assert ["plan" in one for one in lines] == [True, False, True]


async def test_ten_thousand_slow_requests_at_once_ask_for_one_plan(db: Database) -> None:
    lines: list[Line] = []
    slow = SlowLog(db, 0.001, tell=lines.append)
    answered = Answered("search", "Patient", "GET", "/fhir/{type}", 200, "r", 2.0)
    for number in range(10_000):
        slow.note(answered, Watch(slowest=f"/* x.s{number} */ SELECT 1"))
    await slow.close()
    assert len(lines) == 10_000 and sum("plan" in one for one in lines) == 1


async def test_the_line_is_written_without_the_plan_when_the_server_stops_meanwhile(db: Database) -> None:
    lines: list[Line] = []
    slow = SlowLog(db, 0.001, tell=lines.append)
    answered = Answered("search", "Patient", "GET", "/fhir/{type}", 200, "r", 2.0)
    slow.note(answered, Watch(slowest="/* x.y */ SELECT pg_sleep(10)"))
    await asyncio.sleep(0)
    assert slow._task is not None
    slow._task.cancel()
    await slow.close()
    assert len(lines) == 1 and "plan" not in lines[0]


async def test_a_page_is_told_of_without_its_address(server: Server) -> None:
    line = await server.line("GET", f"/nowhere/{NUMBER}")
    assert (line["interaction"], line["route"], line["parameters"]) == ("page", "-", [])
    assert NUMBER not in orjson.dumps(line).decode()


async def test_an_unheard_of_method_is_not_repeated(server: Server) -> None:
    line = await server.line(NUMBER, "/fhir/Patient")
    assert line["method"] == "-"
