"""$status, $events and $get-ws-binding-token of Subscription.

Source: https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/operations.html
"""

from datetime import UTC, datetime

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import BadRequest
from kakehashi.engines.subscriptions import asking
from kakehashi.engines.subscriptions.orders import Content
from kakehashi.faces.api import binding
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import bad, given
from kakehashi.trust import roles

MOST = 100  # subscriptions in one question


async def status(call: Call) -> Answer:
    """GET or POST [base]/Subscription/$status and [base]/Subscription/[id]/$status: a searchset of statuses."""
    _require_reader(call)
    asked = await given(call, ("id", "status"))
    one = call.names.get("id")
    names = (one,) if one else asked.texts("id")
    _require_few(names)
    if one:
        await asking.find(call.house, call.asked, one)  # one that is not there is said to be so
    told = await asking.statuses(call.house, call.asked, names, asked.texts("status"))
    entries = (
        b'{"fullUrl":%b,"resource":%b,"search":{"mode":"match"}}'
        % (orjson.dumps(f"{call.api.base}/Subscription/{name}/$status"), orjson.dumps(said))
        for name, said in told
    )
    return Answer(200, bundle("searchset", entries, total=len(told)))


async def events(call: Call) -> Answer:
    """GET or POST [base]/Subscription/[id]/$events: what happened, as the caller may see it now."""
    _require_reader(call)
    asked = await given(call, ("eventsSinceNumber", "eventsUntilNumber", "content"))
    content = asked.text("content")
    if content not in ("", *Content):
        raise bad("content", "id-only")
    told = await asking.events(
        call.house, call.asked, call.names["id"],
        since=asked.number("eventsSinceNumber") or 0, until=asked.number("eventsUntilNumber"),
        content=Content(content) if content else None,
    )  # fmt: skip
    return Answer(200, told)


async def binding_token(call: Call) -> Answer:
    """GET or POST [base]/Subscription/[id]/$get-ws-binding-token, or of several by `id`: a token for our websocket."""
    _require_reader(call)
    asked = await given(call, ("id", "ids"))
    one = call.names.get("id")
    names = (one,) if one else (*asked.texts("id"), *asked.texts("ids"))
    _require_few(names)
    if not names:
        raise BadRequest(
            "id で購読を指定してください。",
            "Name the subscriptions by id.",
            rule="subscription.id",
            place="id",
        )
    for name in names:
        await asking.require_own(call.house, call.asked, name)
    token, over = binding.token(call.api.seals, call.actor, names, at=call.at)
    said: list[dict[str, object]] = [
        {"name": "token", "valueString": token},
        {"name": "expiration", "valueDateTime": fhir_instant(datetime.fromtimestamp(over, UTC))},
        {"name": "websocket-url", "valueUrl": binding.address(call.house.settings.public_url)},
    ]
    said += [{"name": "subscription", "valueString": name} for name in names]
    return Answer(200, orjson.dumps({"resourceType": "Parameters", "parameter": said}))


def _require_reader(call: Call) -> None:
    roles.require(call.actor, "read", resource_type="Subscription")


def _require_few(names: tuple[str, ...]) -> None:
    if len(names) > MOST:
        raise bad("id", f"≤ {MOST}")
