"""Subscriptions taken in, changed and taken away, in the transaction that stores their resource."""

from collections.abc import Sequence
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.engines.records.asked import Asked, window_now
from kakehashi.engines.subscriptions.orders import Order, order_of
from kakehashi.engines.subscriptions.rules import rules_of
from kakehashi.engines.subscriptions.topics import TYPES, topic_of
from kakehashi.fhir.parse import Resource, parse
from kakehashi.search.parse import parse_query
from kakehashi.store import subscriptions
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

    Raises Invalid for what this server does not do, Refused where `by` may not read what is watched.
    """
    for resource, one in zip(resources, stored, strict=True):
        if resource is not None and resource.type == "Subscription":
            await _keep(work, resource, one, by, at, base_url)


async def forget(connection: Connection, resource_type: str, resource_id: str) -> None:
    """Take a subscription away with its resource."""
    if resource_type == "Subscription":
        await subscriptions.forget(connection, resource_id)


async def _keep(
    work: Writing, resource: Resource, stored: Stored, by: Actor, at: datetime, base_url: str
) -> None:
    order = order_of(resource.tree)
    if not order.wanted:
        await subscriptions.stop(work.connection, stored.id, stored.version)
        return
    topic = await _topic(work, order, by, at) if order.topic else b""
    rules = rules_of(order, topic_of(parse(topic).tree) if topic else None, base_url)
    types = {rule.type for rule in rules}
    for kind in sorted(types):
        roles.require(by, "read", resource_type=kind)
    await subscriptions.put(
        work.connection, stored.id, stored.version, by=by, types=types, channel=order.channel,
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
