"""From the feed to numbered events: each change is held against the subscriptions of its type, once.

It is an event only if the subscriber may see the change at that moment, so that numbers count nothing that is not
theirs. Events and the place in the feed are committed together: none is lost and none comes twice, whenever the
server stops.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions import standing
from kakehashi.engines.subscriptions.orders import order_of
from kakehashi.engines.subscriptions.rules import Holds, Rule, rules_of
from kakehashi.engines.subscriptions.topics import topic_of
from kakehashi.fhir.parse import parse
from kakehashi.fhir.types import NAME
from kakehashi.search import memory
from kakehashi.store import feed, subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.feed import Change, Entry
from kakehashi.store.rows import Row
from kakehashi.store.subscriptions import FOLLOWER, Held
from kakehashi.trust import roles

AT_ONCE = 500  # entries of the feed in one transaction
_Key = tuple[int, int, int]  # person, rid, version


async def notice(house: House, *, at: datetime) -> bool:
    """Take the next changes; say whether there were any."""
    async with feed.following(house.db, FOLLOWER, limit=AT_ONCE) as (tx, entries):
        wanted = [one for one in entries if one.change is not Change.REMOVED]
        if wanted:
            held = await subscriptions.watching(tx, {one.type for one in wanted})
            if held:
                found = await _Batch(house, tx, at).events(held, wanted)
                await subscriptions.number(tx, found)
    return bool(entries)


@lru_cache(maxsize=32_768)
def _rules(name: str, version: int, definition: bytes, topic: bytes, base_url: str) -> tuple[Rule, ...]:
    """The rules of a subscription, kept; none where they cannot be read any more (an upgrade that refuses them)."""
    try:
        told = topic_of(parse(topic).tree) if topic else None
        return rules_of(order_of(parse(definition).tree), told, base_url)
    except Failure:
        return ()


@dataclass
class _Batch:
    """One transaction of the follower, and what it found out so far."""

    house: House
    tx: Connection
    at: datetime
    actors: dict[str, Actor | None] = field(default_factory=dict)
    windows: dict[tuple[str, int], Window] = field(default_factory=dict)
    answers: dict[_Key, Holds] = field(default_factory=dict)

    async def events(self, held: list[Held], entries: list[Entry]) -> list[tuple[str, Entry, str]]:
        """Return (subscription, change, id) of every event, in the order of the feed."""
        base = f"{self.house.settings.public_url}/fhir"
        by_type: dict[str, list[tuple[Held, tuple[Rule, ...]]]] = {}
        for one in held:
            rules = _rules(one.id, one.version, one.definition, one.topic, base)
            for number in one.types:
                by_type.setdefault(NAME[number], []).append(
                    (one, tuple(rule for rule in rules if rule.type == NAME[number]))
                )
        watched = [entry for entry in entries if entry.type in by_type]
        rows = await self._rows(watched, by_type)
        found = []
        for entry in watched:
            row = rows.get(_key(entry))
            if row is None or row.deleted != (entry.change is Change.DELETED):
                continue  # removed since, or given to another person
            before, after = self._states(entry, row, rows)
            for one, rules in by_type[entry.type]:
                met = entry.position.xid >= one.begins and any(rule.met(before, after) for rule in rules)
                if met and await self._sees(one, row):
                    found.append((one.id, entry, row.id))
        return found

    async def _rows(
        self, entries: list[Entry], by_type: dict[str, list[tuple[Held, tuple[Rule, ...]]]]
    ) -> dict[_Key, Row]:
        """The versions that the entries tell of; and those before, where a deletion or a rule looks at them."""
        looking_back = {
            kind
            for kind, some in by_type.items()
            if any(rule.needs_before for _, rules in some for rule in rules)
        }
        keys = [_key(one) for one in entries]
        keys += [
            _before(one)
            for one in entries
            if one.version > 1 and (one.change is Change.DELETED or one.type in looking_back)
        ]
        return await subscriptions.rows(self.tx, keys)

    def _states(self, entry: Entry, row: Row, rows: dict[_Key, Row]) -> tuple[Holds | None, Holds | None]:
        """What can be asked of the state before (None: there was none) and after (None: there is none)."""
        earlier = rows.get(_before(entry))
        if earlier is not None and earlier.deleted:
            earlier = None
        before = self._asking(earlier) if earlier is not None else None
        if before is None and entry.version > 1 and not row.deleted:
            before = _nothing  # there was a version, and no rule looks at it
        return before, None if row.deleted else self._asking(row)

    def _asking(self, row: Row) -> Holds:
        key = (row.person, row.rid, row.version)
        if key not in self.answers:
            resource = parse(row.body)
            self.answers[key] = memory.asking(
                memory.Held(
                    resource, row.person, row.kind, row.custodian, row.addressee, row.flags, row.at,
                    row.changed_at,
                )
            )  # fmt: skip
        return self.answers[key]

    async def _sees(self, held: Held, row: Row) -> bool:
        """Whether the subscriber may see the row now. People and windows are asked about once a batch."""
        if held.id not in self.actors:
            self.actors[held.id] = await standing.actor_of(self.tx, held)
        actor = self.actors[held.id]
        if actor is None or not roles.permits(actor, "read", resource_type=row.type):
            return False
        key = (held.id, row.person)
        if key not in self.windows:
            self.windows[key] = await standing.window_of(self.tx, actor, row.person, at=self.at)
        return self.windows[key].sees(row)


def _nothing(_: object) -> bool:
    return False


def _key(entry: Entry) -> _Key:
    return entry.person, entry.rid, entry.version


def _before(entry: Entry) -> _Key:
    return entry.person, entry.rid, entry.version - 1
