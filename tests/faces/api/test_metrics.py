"""/metrics is for the operator: by a token, or on the machine itself where no proxy can be in front."""

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.faces.api.door import Door
from kakehashi.faces.api.figures import Figures
from kakehashi.faces.api.figures_shared import Shared
from kakehashi.faces.api.figures_text import GAUGES, text
from kakehashi.faces.app import build
from kakehashi.faces.pulse import Pulse
from kakehashi.fhir.types import NUMBER
from kakehashi.store import feed
from kakehashi.store.database import Database

TOKEN = "m" * 32
PUBLIC = "https://kakehashi.example"


async def asked(
    db: Database, home: Path, headers: dict[str, str], peer: str = "127.0.0.1", **settings: Any
) -> int:
    app = build(db, Settings(home=home, **settings), system_clock)
    return (await got(app, headers, peer)).status_code


async def got(app: Door, headers: dict[str, str], peer: str = "127.0.0.1") -> httpx.Response:
    way = httpx.ASGITransport(app=app, client=(peer, 4711))
    async with httpx.AsyncClient(transport=way, base_url="http://127.0.0.1:8080") as client:
        return await client.get("/metrics", headers=headers)


async def test_on_the_machine_itself_and_from_nowhere_else(db: Database, tmp_path: Path) -> None:
    assert await asked(db, tmp_path, {}) == 200
    assert await asked(db, tmp_path, {}, peer="203.0.113.9") == 404
    assert await asked(db, tmp_path, {"x-forwarded-for": "127.0.0.1"}) == 404


async def test_a_proxy_that_says_nothing_of_whom_it_speaks_for_is_not_taken_for_this_machine(
    db: Database, tmp_path: Path
) -> None:
    assert await asked(db, tmp_path, {}, base_url=PUBLIC) == 404


@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
async def test_a_token_opens_it_from_anywhere_and_only_a_token(
    db: Database, tmp_path: Path, peer: str
) -> None:
    right = {"authorization": f"Bearer {TOKEN}"}
    assert await asked(db, tmp_path, right, peer, base_url=PUBLIC, metrics_token=TOKEN) == 200
    assert await asked(db, tmp_path, right | {"x-forwarded-for": peer}, peer, metrics_token=TOKEN) == 200
    for wrong in ("", "Bearer ", "Bearer " + "x" * 32, f"Basic {TOKEN}", TOKEN):
        assert await asked(db, tmp_path, {"authorization": wrong}, peer, metrics_token=TOKEN) == 404, wrong


async def test_it_tells_how_far_each_follower_of_the_feed_is_behind(db: Database, tmp_path: Path) -> None:
    app = build(db, Settings(home=tmp_path), system_clock)
    assert "kakehashi_feed_lag{" not in (await got(app, {})).text
    async with feed.following(db, "lake") as (_, entries):
        assert entries == []
    assert 'kakehashi_feed_lag{follower="lake"} 0.0' in (await got(app, {})).text


async def test_while_the_database_is_away_the_other_figures_are_told(db: Database, tmp_path: Path) -> None:
    app = build(db, Settings(home=tmp_path), system_clock)
    await db.close()
    answer = await got(app, {})
    assert answer.status_code == 200 and "kakehashi_requests" in answer.text


async def test_seconds_and_bytes_are_told_by_interaction(db: Database, tmp_path: Path) -> None:
    app = build(db, Settings(home=tmp_path), system_clock)
    await got(app, {})
    told = (await got(app, {})).text
    assert 'kakehashi_request_seconds_bucket{interaction="metrics",le="+Inf"} 1.0' in told
    assert 'kakehashi_request_seconds_count{interaction="metrics"} 1.0' in told
    sent = re.search(r'kakehashi_sent_bytes_total\{interaction="metrics"\} (\S+)', told)
    assert sent and float(sent[1]) > 1_000


async def test_it_tells_of_the_worker_and_of_what_waits(db: Database, tmp_path: Path) -> None:
    told = (await got(build(db, Settings(home=tmp_path), system_clock), {})).text
    for name in GAUGES:
        assert re.search(rf'^{name}{{worker="{os.getpid()}"}} \d', told, re.MULTILINE), name
    assert re.search(r"^kakehashi_log_lag \d", told, re.MULTILINE)
    assert re.search(r"^kakehashi_notifications_waiting 0", told, re.MULTILINE)


async def test_whoever_speaks_openmetrics_is_answered_so(db: Database, tmp_path: Path) -> None:
    app = build(db, Settings(home=tmp_path), system_clock)
    answer = await got(app, {"accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_addresses_that_a_stranger_makes_up_make_no_labels(db: Database, tmp_path: Path) -> None:
    """Neither what is asked for nor a type or method that is refused becomes a series of its own."""
    app = build(db, Settings(home=tmp_path), system_clock)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8080"
    ) as client:
        for name in (*sorted(NUMBER)[:50], "山田", "x" * 50):
            await client.get(f"/fhir/{name}/1")
            await client.request(f"M{len(name)}", f"/fhir/{name}?name=山田")
    told = (await got(app, {})).text
    assert told.count("kakehashi_requests_total{") < 6 and "山田" not in told and "Account" not in told


async def test_several_workers_are_added_up_and_one_that_ended_keeps_its_counts(tmp_path: Path) -> None:
    here, there = Figures(os.getpid()), Figures(2**22 + 1)  # beyond the largest process id
    shared = Shared(tmp_path)
    for figures, times in ((here, 2), (there, 3)):
        figures.gauges({"kakehashi_pool_connections": lambda: 4})
        for _ in range(times):
            figures.note("read", "Patient", 200, 0.003, 0, 100)
    shared.leave(there)
    (tmp_path / "broken.json").write_text("{", "utf-8")
    body, _ = text([here.snapshot(), *shared.others(here.worker)], None)
    said = body.decode()
    assert 'kakehashi_requests_total{interaction="read",status="200",type="Patient"} 5.0' in said
    assert 'kakehashi_request_seconds_count{interaction="read"} 5.0' in said
    assert 'kakehashi_sent_bytes_total{interaction="read"} 500.0' in said
    assert said.count("kakehashi_pool_connections{") == 1


def test_one_worker_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    Shared(None).leave(Figures(1))
    assert list(tmp_path.iterdir()) == [] and Shared(None).others(1) == []


async def test_a_beat_that_comes_late_tells_how_long_nobody_was_served() -> None:
    pulse = Pulse()
    later = asyncio.Event()
    task = asyncio.create_task(pulse.beat(later.set))
    await asyncio.sleep(0)
    time.sleep(1.3)  # noqa: ASYNC251 - everybody is kept waiting
    await asyncio.wait_for(later.wait(), 5)
    task.cancel()
    assert pulse.lag >= 0.2
