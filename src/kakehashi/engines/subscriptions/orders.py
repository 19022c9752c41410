"""What a Subscription asks for, read from the resource. Pure.

Sources: https://hl7.org/fhir/R4/subscription.html, https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/ (R4).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from kakehashi.core.errors import Invalid, Problem
from kakehashi.fhir.parse import Tree
from kakehashi.fhir.types import NUMBER
from kakehashi.trust import outbound

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
JSON, XML = "application/fhir+json", "application/fhir+xml"
CHANNELS = ("rest-hook", "websocket")
MOST_HEADERS = 20
SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT = 5, 86_400  # seconds
MOST_AT_ONCE = 20  # events of one notification; each opens a window
_PAYLOADS = {"": "", JSON: JSON, "application/json": JSON, "json": JSON, XML: XML, "application/xml": XML}
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}):[ \t]*([\x20-\x7e]{1,4000})", re.ASCII)
_OURS = frozenset(  # of the transport, or ours to say
    "host content-length content-type content-encoding transfer-encoding connection upgrade te trailer "
    "keep-alive expect accept-encoding proxy-authorization proxy-connection".split()
)


class Content(StrEnum):
    """How much of a resource a notification tells. The values are FHIR's."""

    EMPTY = "empty"
    ID_ONLY = "id-only"
    FULL = "full-resource"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. `topic`: its canonical, "" where `criteria` is a search of R4; `filters`: narrow a topic."""

    status: str
    channel: str
    endpoint: str
    headers: tuple[tuple[str, str], ...]
    payload: str  # media type; "" for none
    content: Content
    criteria: str
    topic: str
    filters: tuple[str, ...]
    heartbeat: int  # seconds; 0 for none
    most: int  # events of one notification
    ends: datetime | None

    @property
    def wanted(self) -> bool:
        """Whether it shall run: R4 lets a client say `requested` or `off`; what it read (`active`) counts as asked."""
        return self.status in ("requested", "active")


def order_of(tree: Tree) -> Order:
    """Return what a valid Subscription asks for. Raises Invalid for what is not done here, where it shall run."""
    channel = tree["channel"]
    criteria = str(tree["criteria"]).strip()
    by_topic = _is_topic(criteria)
    said = str(channel.get("payload", "")).partition(";")[0].strip().lower()
    order = Order(
        str(tree["status"]), str(channel["type"]), str(channel.get("endpoint", "")), _headers(channel),
        _PAYLOADS.get(said, said), _content(channel, by_topic, bool(said)), criteria,
        criteria if by_topic else "",
        tuple(str(v) for v in _said(tree.get("_criteria"), "backport-filter-criteria")),
        next((int(v) for v in _said(channel, "backport-heartbeat-period")), 0),
        min(MOST_AT_ONCE, next((int(v) for v in _said(channel, "backport-max-count")), MOST_AT_ONCE)),
        _moment(tree.get("end")),
    )  # fmt: skip
    if order.wanted and (problems := list(_problems(order, channel))):
        raise Invalid(problems=problems)
    return order


def _is_topic(criteria: str) -> bool:
    return criteria.partition("?")[0] not in NUMBER


def _said(element: Any, name: str) -> Iterator[Any]:
    """The values of an extension of the backport guide."""
    for one in element.get("extension", ()) if isinstance(element, dict) else ():
        if one.get("url") == BACKPORT + name:
            yield from (value for key, value in one.items() if key.startswith("value"))


def _content(channel: Tree, by_topic: bool, payload: bool) -> Content:
    """R4's own kind sends all or nothing; a topic's subscriber gets ids unless more, or less, is asked for."""
    if not by_topic:
        return Content.FULL if payload else Content.EMPTY
    asked = next((str(v) for v in _said(channel.get("_payload"), "backport-payload-content")), "")
    return Content(asked) if asked in tuple(Content) else Content.ID_ONLY


def _headers(channel: Tree) -> tuple[tuple[str, str], ...]:
    found = (_HEADER.fullmatch(str(one)) for one in channel.get("header", ()))
    return tuple((one[1], one[2].strip()) for one in found if one)


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")).astimezone(UTC)


def _problems(order: Order, channel: Tree) -> Iterator[Problem]:
    if order.channel not in CHANNELS:
        yield problem(
            "channel",
            "channel.type",
            "rest-hook か websocket を使ってください。",
            "Use rest-hook or websocket.",
        )
    if order.channel == "rest-hook" and not outbound.sound(order.endpoint):
        yield problem(
            "endpoint", "channel.endpoint",
            "https://… の宛先を、利用者名や # なしで書いてください。",
            "Give an https://… address without user names or fragments.",
        )  # fmt: skip
    if order.payload not in ("", JSON, XML):
        yield problem(
            "payload", "channel.payload", f"{JSON} か {XML} を使ってください。", f"Use {JSON} or {XML}."
        )
    listed = channel.get("header", ())
    if (
        len(listed) > MOST_HEADERS
        or len(order.headers) < len(listed)
        or any(name.lower() in _OURS for name, _ in order.headers)
    ):
        yield problem(
            "header", "channel.header",
            f"「名前: 値」の形で {MOST_HEADERS} 個まで。Host や Content-Type など通信用のものは指定できません。",
            f"Write `Name: value`, {MOST_HEADERS} at most; headers of the transport (Host, Content-Type, …) are ours.",
        )  # fmt: skip
    if order.heartbeat and not SHORTEST_HEARTBEAT <= order.heartbeat <= LONGEST_HEARTBEAT:
        yield problem(
            "heartbeat", "channel", f"間隔は {SHORTEST_HEARTBEAT}〜{LONGEST_HEARTBEAT} 秒にしてください。",
            f"A heartbeat has {SHORTEST_HEARTBEAT} to {LONGEST_HEARTBEAT} seconds.",
        )  # fmt: skip


def problem(rule: str, place: str, ja: str, en: str) -> Problem:
    """Return what is wrong with a Subscription, as one of our rules."""
    return Problem(f"subscription.{rule}", f"Subscription.{place}", ja, en, "not-supported")


def heartbeat_due(order_heartbeat: int, told_at: datetime, now: datetime) -> bool:
    """Say whether silence has lasted as long as the subscriber allows."""
    return order_heartbeat > 0 and now >= told_at + timedelta(seconds=order_heartbeat)
