"""Words for tests of subscriptions: a subscriber with a real HTTP server of its own, and the house's courier."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from api_words import Caller, Json, Region

from kakehashi.engines.house import House
from kakehashi.engines.subscriptions.courier import Courier
from kakehashi.trust.outbound import Outbound

TOPIC = "https://hospital.example/topics/results"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic."


@dataclass
class Got:
    """One request that a receiver got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return orjson.loads(self.body)

    @property
    def status(self) -> dict[str, Any]:
        """The SubscriptionStatus in a notification: parameter names to values, events as a list."""
        return status_in(self.json)

    @property
    def focuses(self) -> list[str]:
        return [one["focus"] for one in self.status["events"] if "focus" in one]

    @property
    def numbers(self) -> list[int]:
        return [int(one["event-number"]) for one in self.status["events"]]


def status_in(bundle: Json) -> dict[str, Any]:
    """The SubscriptionStatus of a notification Bundle, read plainly."""
    said: dict[str, Any] = {"events": []}
    for one in bundle["entry"][0]["resource"]["parameter"]:
        if one["name"] == "notification-event":
            said["events"].append({part["name"]: _plain(part) for part in one["part"]})
        else:
            said[one["name"]] = _plain(one)
    return said


def _plain(one: Json) -> Any:
    value = next(value for name, value in one.items() if name.startswith("value"))
    return value.get("reference", value.get("text")) if isinstance(value, dict) else value


@dataclass
class Receiver:
    """A small HTTP server. `answer`: "200", "500", "302", "hang" or "endless"."""

    port: int = 0
    answer: str = "200"
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self) -> list[Got]:
        """What came since it was last asked."""
        taken, self.got = self.got, []
        return taken

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(method, path, headers, body))
            await self._answer(writer)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.answer == "hang":
            await asyncio.sleep(30)
        elif self.answer == "endless":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"x-more: " + b"m" * 1000 + b"\r\n")
                await writer.drain()
        location = f"Location: http://127.0.0.1:{self.port}/elsewhere\r\n" if self.answer == "302" else ""
        writer.write(f"HTTP/1.1 {self.answer} X\r\n{location}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


def courier_of(region: Region, *, networks: str = "127.0.0.0/8", seconds: float = 2.0) -> Courier:
    """The house's courier, as a server's chore has it."""
    house = House(region.db, region.settings, region.clock)
    return Courier(house, Outbound(networks, seconds=seconds))


def plain(receiver: Receiver | None, criteria: str, *, payload: str = "", **more: Any) -> Json:
    """A subscription as R4 itself knows it."""
    channel: Json = {"type": "rest-hook", "endpoint": receiver.url} if receiver else {"type": "websocket"}
    channel |= {"payload": payload} if payload else {}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "見本 sample",
        "criteria": criteria,
        "channel": {**channel, **more},
    }


def on_topic(
    receiver: Receiver | None, *, content: str = "", filters: tuple[str, ...] = (), heartbeat: int = 0,
    **more: Any,
) -> Json:  # fmt: skip
    """A subscription to the topic, as the backport guide writes it."""
    made = plain(receiver, TOPIC, payload="application/fhir+json", **more)
    made["meta"] = {"profile": [f"{BACKPORT}backport-subscription"]}
    channel = made["channel"]
    if content:
        channel["_payload"] = {
            "extension": [{"url": f"{BACKPORT}backport-payload-content", "valueCode": content}]
        }
    if heartbeat:
        channel["extension"] = [
            {"url": f"{BACKPORT}backport-heartbeat-period", "valueUnsignedInt": heartbeat}
        ]
    if filters:
        made["_criteria"] = {
            "extension": [{"url": f"{BACKPORT}backport-filter-criteria", "valueString": f} for f in filters]
        }
    return made


def topic(*triggers: Json, filters: tuple[str, ...] = (), url: str = TOPIC) -> Json:
    """A SubscriptionTopic in a Basic; a trigger is `trigger(...)`."""
    extensions: list[Json] = [{"url": f"{_R5}url", "valueUri": url}]
    extensions += [{"url": f"{_R5}resourceTrigger", "extension": one["parts"]} for one in triggers]
    if filters:
        extensions.append(
            {
                "url": f"{_R5}canFilterBy",
                "extension": [{"url": "filterParameter", "valueString": one} for one in filters],
            }
        )
    return {
        "resourceType": "Basic",
        "code": {"coding": [{"system": "http://hl7.org/fhir/fhir-types", "code": "SubscriptionTopic"}]},
        "extension": extensions,
    }


def trigger(*interactions: str, resource: str = "Observation", **criteria: Any) -> Json:
    parts: list[Json] = [
        {"url": "resource", "valueUri": f"http://hl7.org/fhir/StructureDefinition/{resource}"}
    ]
    parts += [{"url": "supportedInteraction", "valueCode": one} for one in interactions]
    if criteria:
        kinds = {"current": "valueString", "previous": "valueString", "requireBoth": "valueBoolean"}
        said = [{"url": name, kinds.get(name, "valueCode"): value} for name, value in criteria.items()]
        parts.append({"url": "queryCriteria", "extension": said})
    return {"parts": parts}


async def state_of(caller: Caller, name: str) -> str:
    return str((await caller.get(f"/fhir/Subscription/{name}")).json()["status"])
