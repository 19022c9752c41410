"""/metrics is for the operator: by a token, or on the machine itself where no proxy can be in front."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.faces.api.door import Door
from kakehashi.faces.app import build
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
