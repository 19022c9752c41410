"""A real server on a port: a real websocket client, and kill -9 while it delivers."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from api_words import MIDORI, SAKURA, Caller, lab, patient
from subscription_words import BACKPORT, Receiver, on_topic, plain, receiving, status_in, topic, trigger
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kakehashi.core.actors import Institution, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.store import clients, institutions
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import demo
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup

_SERVER = Path(__file__).with_name("subscription_server.py")
_PATIENCE = 30.0  # seconds


@dataclass
class Real:
    """A server in a process of its own, with its chores."""

    db: Database
    settings: Settings
    client: httpx.AsyncClient
    process: "subprocess.Popen[bytes] | None" = None

    async def start(self) -> None:
        command = [
            sys.executable,
            str(_SERVER),
            str(self.settings.home),
            self.db.url,
            str(self.settings.port),
        ]
        self.process = await asyncio.to_thread(subprocess.Popen, command, start_new_session=True)
        await until(self._answers)

    async def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return (await self.client.get("/health")).status_code == 200
        return False

    def kill(self) -> None:
        """As a power cut would: the server and its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    async def caller(self, institution: Institution = SAKURA, role: Role = Role.SYSTEM) -> Caller:
        tokens = Tokens(self.db, Vault.at(self.settings.home), self.settings.public_url)
        token = await demo.mint(
            tokens, self.settings, institution=institution, role=role, lives=3600, at=system_clock()
        )
        return Caller(self.client, token)


@pytest.fixture
async def real(db: Database, tmp_path: Path) -> AsyncIterator[Real]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(home=tmp_path, port=port, demo=True, hook_networks="127.0.0.0/8")
    async with db.transaction() as tx:
        for place in (setup.OPERATOR, SAKURA, MIDORI):
            await institutions.put(tx, place)
    async with httpx.AsyncClient(base_url=settings.public_url) as client:
        server = Real(db, settings, client)
        await server.start()
        try:
            yield server
        finally:
            server.kill()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.01)


async def heard(socket: ClientConnection) -> str:
    async with asyncio.timeout(_PATIENCE):
        return str(await socket.recv())


async def token_for(caller: Caller, name: str) -> tuple[str, str]:
    """A binding token, and the address to use it at."""
    told = (await caller.get(f"/fhir/Subscription/{name}/$get-ws-binding-token")).json()
    said: dict[str, Any] = {
        one["name"]: next(v for k, v in one.items() if k != "name") for one in told["parameter"]
    }
    return said["token"], said["websocket-url"]


async def test_a_websocket_is_bound_by_a_token_and_told_events_in_order_also_those_it_missed(
    real: Real,
) -> None:
    sakura = await real.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(None, content="full-resource"))
    missed = await sakura.made(lab(taro))
    token, url = await token_for(sakura, name)
    async with connect(url) as socket:
        await socket.send(f"bind-with-token {token}")
        assert status_in(orjson.loads(await heard(socket)))["type"] == "handshake"
        first = orjson.loads(await heard(socket))
        assert [one["resource"]["id"] for one in first["entry"][1:]] == [missed]
        made = [await sakura.made(lab(taro)) for _ in range(3)]
        told: list[str] = []
        while len(told) < 3:
            bundle = orjson.loads(await heard(socket))
            told += [one["resource"]["id"] for one in bundle["entry"][1:]]
        assert told == made
        status = status_in(bundle)
        assert status["events"][-1]["event-number"] == "4" == status["events-since-subscription-start"]


async def test_r4s_own_websocket_binds_by_id_with_a_bearer_token_and_hears_pings(real: Real) -> None:
    sakura = await real.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    name = await sakura.made(plain(None, "Observation?code=718-7"))
    url = f"ws://127.0.0.1:{real.settings.port}/fhir/websocket"
    async with connect(url, additional_headers={"authorization": f"Bearer {sakura.token}"}) as socket:
        await socket.send(f"bind {name}")
        assert await heard(socket) == f"bound {name}"
        await sakura.made(lab(taro, code="2951-2"))
        await sakura.made(lab(taro))
        assert await heard(socket) == f"ping {name}"


async def test_a_subscriber_who_is_stopped_is_cut_off_and_hears_nothing_more(real: Real) -> None:
    sakura = await real.caller()
    midori = await real.caller(MIDORI)
    taro = "Patient/" + await sakura.made(patient("S1"))
    await sakura.made(topic(trigger("create")))
    name = await sakura.made(on_topic(None))
    token, url = await token_for(sakura, name)
    assert (await midori.get(f"/fhir/Subscription/{name}/$get-ws-binding-token")).status_code == 404
    async with connect(url) as socket:
        await socket.send(f"bind-with-token {token}")
        await heard(socket)
        async with real.db.transaction() as tx:
            await clients.set_status(tx, f"demo-{SAKURA.code}", "suspended")
        nurse = await real.caller(SAKURA, Role.DOCTOR)
        await nurse.made(lab(taro))
        with pytest.raises(ConnectionClosed):
            await heard(socket)


async def test_who_says_what_is_not_understood_or_not_theirs_is_shown_out(real: Real) -> None:
    for said in ("bind-with-token forged", "bind nobody", "hello", "x" * 20_000):
        async with connect(f"ws://127.0.0.1:{real.settings.port}/fhir/websocket") as socket:
            await socket.send(said)
            with pytest.raises(ConnectionClosed):
                await heard(socket)


async def test_there_is_no_other_websocket_and_no_way_in_with_a_bad_token(real: Real) -> None:
    base = f"ws://127.0.0.1:{real.settings.port}"
    with pytest.raises(InvalidStatus):
        async with connect(f"{base}/fhir/elsewhere"):
            pass
    with pytest.raises(InvalidStatus):
        async with connect(f"{base}/fhir/websocket", additional_headers={"authorization": "Bearer none"}):
            pass


async def test_killed_while_it_delivers_it_goes_on_where_it_was_and_loses_and_reorders_nothing(
    real: Real,
) -> None:
    sakura = await real.caller()
    taro = "Patient/" + await sakura.made(patient("S1"))
    await sakura.made(topic(trigger("create")))
    async with receiving() as hook:
        order = on_topic(hook)
        order["channel"]["extension"] = [{"url": f"{BACKPORT}backport-max-count", "valuePositiveInt": 1}]
        await sakura.made(order)
        made = []
        for part in range(3):
            made += [await sakura.made(lab(taro, value=n)) for n in range(8)]
            await until(partial(_got, hook, 8 * part + 3))
            real.kill()
            await real.start()
        await until(partial(_got, hook, 24))
        told = [
            (number, focus.rpartition("/")[2])
            for one in hook.got
            for number, focus in zip(one.numbers, one.focuses, strict=True)
        ]
        assert all(later[0] in (earlier[0], earlier[0] + 1) for earlier, later in pairwise(told))
        assert [name for _, name in dict(told).items()] == made
        assert set(told) == set(enumerate(made, 1))


async def _got(hook: Receiver, number: int) -> bool:
    """Whether an event with this number, or a later one, came."""
    return max((n for one in hook.got for n in one.numbers), default=0) >= number
