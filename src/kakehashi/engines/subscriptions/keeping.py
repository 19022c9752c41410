"""Subscriptions taken in, changed and taken away, in the transaction that stores their resource."""

from collections.abc import Sequence
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Refused
from kakehashi.engines.records.asked import Asked, window_now
from kakehashi.engines.subscriptions.needs import watched
from kakehashi.engines.subscriptions.orders import Order, order_of
from kakehashi.engines.subscriptions.rules import rules_of
from kakehashi.engines.subscriptions.topics import TYPES, topic_of
from kakehashi.fhir.parse import Resource, parse
from kakehashi.search.parse import parse_query
from kakehashi.store import reach, subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.rows import Stored
from kakehashi.store.write import Writing
from kakehashi.trust import roles

_MOST_TOPICS = 500  # of one institution


async def keep_stored(
    work: Writing, resources: Sequence[Resource | None], stored: Sequence[Stored], *, by: Actor, at: datetime,
    base_url: str,
) -> None:  # fmt: skip
    """Take in what was stored as requested, and put off what was stored as `off` or `error`.

    Raises Invalid for what this server does not do, Refused where `by` may not search what is watched.
    """
    asked = [
        (resource, one)
        for resource, one in zip(resources, stored, strict=True)
        if resource is not None and resource.type == "Subscription"
    ]
    if asked:
        await reach.open_on(work.connection, subscriptions.of_institution(by.institution.key))
    for resource, one in asked:
        await _keep(work, resource, one, by, at, base_url)


async def forget(connection: Connection, resource_type: str, resource_id: str, *, by: Actor) -> None:
    """Take a subscription of the actor's institution away with its resource."""
    if resource_type == "Subscription":
        await reach.open_on(connection, subscriptions.of_institution(by.institution.key))
        await subscriptions.forget(connection, resource_id)


async def _keep(
    work: Writing, resource: Resource, stored: Stored, by: Actor, at: datetime, base_url: str
) -> None:
    order = order_of(resource.tree)
    if not order.wanted:
        await subscriptions.stop(work.connection, stored.id, stored.version)
        return
    if by.app:
        raise Refused(
            "アプリからは通知を申し込めません。許可が終わったあとも届き続けてしまうためです。",
            "An app cannot subscribe: it would be told on when what it was allowed has ended.",
            rule="subscriptions.app",
        )
    topic = await _topic(work, order, by, at) if order.topic else b""
    rules = rules_of(order, topic_of(parse(topic).tree) if topic else None, base_url)
    looked_at = watched(rules)
    for kind in sorted(looked_at.types):
        roles.require(by, "search", resource_type=kind)
    await subscriptions.put(
        work.connection, stored.id, stored.version, by=by, watched=looked_at, channel=order.channel,
        definition=resource.body, topic=topic, beats=order.heartbeat, ends=order.ends, at=at,
    )  # fmt: skip


async def _topic(work: Writing, order: Order, by: Actor, at: datetime) -> bytes:
    """Return the Basic that is the topic, as the subscriber may see it; b"" where there is none."""
    window = await window_now(work.connection, Asked(by, at))
    query = parse_query(
        "Basic", [("code", f"{TYPES}|SubscriptionTopic"), ("_count", str(_MOST_TOPICS))], strict=True
    )
    wanted = order.topic.partition("|")[0]
    for row in await work.find(query, window):
        topic = topic_of(parse(row.body).tree)
        if topic is not None and topic.url.partition("|")[0] == wanted:
            return row.body
    return b""
