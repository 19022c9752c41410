"""What is sent: a Bundle of the backport guide with its SubscriptionStatus as Parameters. Pure, apart from fresh ids.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html (R4).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.core.ids import new_id
from kakehashi.engines.subscriptions.orders import BACKPORT, Content
from kakehashi.store.feed import Change
from kakehashi.store.rows import Row
from kakehashi.store.subscriptions import Event

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Shown:
    """An event and what may be seen of it now: the version it tells of, None where nothing may."""

    event: Event
    row: Row | None

    @property
    def address(self) -> str:
        """`Type/id` of the resource."""
        return f"{self.event.type}/{self.event.id}"


@dataclass(frozen=True, slots=True)
class Heading:
    """What each notification says of its subscription. `base`: our FHIR address; `error`: what stands in the way."""

    base: str
    subscription: str
    topic: str
    status: str
    events: int
    content: Content = Content.EMPTY
    error: str = ""

    @property
    def address(self) -> str:
        """The subscription's own address."""
        return f"{self.base}/Subscription/{self.subscription}"


def notification(heading: Heading, kind: str, shown: Sequence[Shown] = ()) -> bytes:
    """Return a Bundle: "handshake", "heartbeat", "event-notification" or "query-event"."""
    status = status_of(heading, kind, shown)
    name = new_id()
    entries = [
        orjson.dumps(
            {
                "fullUrl": f"urn:uuid:{name}",
                "resource": {**status, "id": name},
                "request": {"method": "GET", "url": f"{heading.address}/$status"},
                "response": {"status": "200"},
            }
        )
    ]
    if heading.content is not Content.EMPTY:
        entries += [_entry(heading, one) for one in _once(shown)]
    moment = max((one.event.at for one in shown), default=None)
    head: Json = {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{BACKPORT}backport-subscription-notification-r4"]},
        "type": "history",
    }
    if moment is not None:
        head["timestamp"] = fhir_instant(moment)
    return orjson.dumps(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def status_of(heading: Heading, kind: str, shown: Sequence[Shown] = ()) -> Json:
    """Return the SubscriptionStatus as R4 carries it."""
    said: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": heading.address}},
        {"name": "status", "valueCode": heading.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(heading.events)},
    ]
    if heading.topic and (heading.content is not Content.EMPTY or kind == "query-status"):
        said.insert(1, {"name": "topic", "valueCanonical": heading.topic})
    said += [_event(heading, one) for one in shown]
    if heading.error:
        said.append({"name": "error", "valueCodeableConcept": {"text": heading.error}})
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [f"{BACKPORT}backport-subscription-status-r4"]},
        "parameter": said,
    }


def _event(heading: Heading, one: Shown) -> Json:
    parts: list[Json] = [
        {"name": "event-number", "valueString": str(one.event.number)},
        {"name": "timestamp", "valueInstant": fhir_instant(one.event.at)},
    ]
    if heading.content is not Content.EMPTY and one.row is not None:
        reference = f"{heading.base}/{one.address}"
        parts.append({"name": "focus", "valueReference": {"reference": reference}})
    return {"name": "notification-event", "part": parts}


def _once(shown: Sequence[Shown]) -> list[Shown]:
    """The newest of each resource: a Bundle has one entry for each version of an address."""
    newest = {one.address: one for one in shown if one.row is not None}
    return list(newest.values())


def _entry(heading: Heading, one: Shown) -> bytes:
    assert one.row is not None
    address = f"{heading.base}/{one.address}"
    if one.event.change is Change.DELETED:
        method, url, status = "DELETE", one.address, "204"
    elif one.row.version == 1:
        method, url, status = "POST", one.event.type, "201"
    else:
        method, url, status = "PUT", one.address, "200"
    said = orjson.dumps({"request": {"method": method, "url": url}, "response": {"status": status}})
    whole = heading.content is Content.FULL and not one.row.deleted
    resource = b'"resource":' + one.row.body + b"," if whole else b""
    return b'{"fullUrl":' + orjson.dumps(address) + b"," + resource + said[1:]
