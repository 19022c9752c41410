"""From the feed to numbered events: each change is held against the subscriptions that it may concern, once.

It is an event only if the subscriber may see the change at that moment, so that numbers count nothing that is not
theirs. Events and the place in the feed are committed together: none is lost and none comes twice, whenever the
server stops. Which subscriptions a change may concern is asked of the database by what the change has (needs.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.engines.subscriptions import standing
from kakehashi.engines.subscriptions.needs import needs_of, tokens_of
from kakehashi.engines.subscriptions.orders import order_of
from kakehashi.engines.subscriptions.rules import Holds, Rule, rules_of
from kakehashi.engines.subscriptions.topics import topic_of
from kakehashi.fhir.parse import Resource, parse
from kakehashi.search import memory
from kakehashi.store import feed, reach, subscriptions
from kakehashi.store.database import Connection
from kakehashi.store.feed import Change, Entry
from kakehashi.store.reach import EVERY_SUBSCRIPTION
from kakehashi.store.rows import Row
from kakehashi.store.subscriptions import FOLLOWER, Held
from kakehashi.trust import roles

AT_ONCE = 500  # entries of the feed in one transaction
_Key = tuple[int, int, int]  # person, rid, version
_Watcher = tuple[Held, tuple[Rule, ...]]


async def notice(house: House, *, at: datetime) -> bool:
    """Take the next changes; say whether there were any."""
    async with feed.following(house.db, FOLLOWER, limit=AT_ONCE) as (tx, entries):
        wanted = [one for one in entries if one.change is not Change.REMOVED]
        if wanted:
            await reach.open_on(tx, EVERY_SUBSCRIPTION)
            found = await _Batch(house, tx, at).events(wanted)
            await subscriptions.number(tx, found)
    return bool(entries)


@lru_cache(maxsize=32_768)
def _rules(
    name: str, version: int, definition: bytes, topic: bytes, base_url: str
) -> tuple[tuple[Rule, frozenset[int]], ...]:
    """The rules of a subscription and what each needs, kept; none where they cannot be read any more (an upgrade that
    refuses them)."""
    try:
        told = topic_of(parse(topic).tree) if topic else None
        return tuple(
            (rule, needs_of(rule)) for rule in rules_of(order_of(parse(definition).tree), told, base_url)
        )
    except Failure:
        return ()


@dataclass(frozen=True, slots=True)
class _Changed:
    """A change with its row, and the resource that it is judged by: as it is, or as it was before a deletion."""

    entry: Entry
    row: Row
    judged: Resource | None

    @property
    def tokens(self) -> frozenset[int]:
        """What it has, for `needs`."""
        return tokens_of(self.judged) if self.judged is not None else frozenset()


@dataclass
class _Batch:
    """One transaction of the follower, and what it found out so far."""

    house: House
    tx: Connection
    at: datetime
    actors: dict[tuple[object, ...], Actor | None] = field(default_factory=dict)
    windows: dict[tuple[Actor, int], Window] = field(default_factory=dict)
    resources: dict[_Key, Resource] = field(default_factory=dict)
    answers: dict[_Key, Holds] = field(default_factory=dict)

    async def events(self, entries: list[Entry]) -> list[tuple[str, Entry, str]]:
        """Return (subscription, change, id) of every event, in the order of the feed."""
        types = await subscriptions.watched(self.tx, {one.type for one in entries})
        rows = await self._rows([one for one in entries if one.type in types], types)
        changes = list(self._changes(entries, rows))
        tokens = {id(one): one.tokens for one in changes}
        by_token = _by_token(
            await subscriptions.concerned(self.tx, frozenset().union(*tokens.values())),
            f"{self.house.settings.public_url}/fhir",
        )
        found = []
        for one in changes:
            before, after = self._states(one.entry, one.row, rows)
            for held, rules in _candidates(by_token, tokens[id(one)]):
                met = one.entry.position.xid >= held.begins and any(rule.met(before, after) for rule in rules)
                if met and await self._sees(held, one):
                    found.append((held.id, one.entry, one.row.id))
        return found

    def _changes(self, entries: list[Entry], rows: dict[_Key, Row]) -> Iterator[_Changed]:
        """The changes whose rows are as the feed tells: not removed since, nor given to another person."""
        for entry in entries:
            row = rows.get(_key(entry))
            if row is None or row.deleted != (entry.change is Change.DELETED):
                continue
            judged = rows.get(_before(entry)) if row.deleted else row
            yield _Changed(entry, row, None if judged is None or judged.deleted else self._resource(judged))

    async def _rows(self, entries: list[Entry], types: dict[str, bool]) -> dict[_Key, Row]:
        """The versions that the entries tell of; and those before, where a deletion or a rule looks at them."""
        keys = [_key(one) for one in entries]
        keys += [
            _before(one)
            for one in entries
            if one.version > 1 and (one.change is Change.DELETED or types[one.type])
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

    def _resource(self, row: Row) -> Resource:
        key = (row.person, row.rid, row.version)
        if key not in self.resources:
            self.resources[key] = parse(row.body)
        return self.resources[key]

    def _asking(self, row: Row) -> Holds:
        key = (row.person, row.rid, row.version)
        if key not in self.answers:
            self.answers[key] = memory.asking(_held(self._resource(row), row))
        return self.answers[key]

    async def _sees(self, held: Held, one: _Changed) -> bool:
        """Whether the subscriber may see the row now. People and windows are asked about once a batch."""
        row = one.row
        who = (held.subject, held.institution, held.role, held.purpose, held.person, held.scopes, held.halted)
        if who not in self.actors:
            self.actors[who] = await standing.actor_of(self.tx, held, at=self.at)
        actor = self.actors[who]
        if actor is None or not roles.permits(actor, "search", resource_type=row.type):
            return False
        key = (actor, row.person)
        if key not in self.windows:
            self.windows[key] = await standing.window_of(self.tx, actor, row.person, at=self.at)
        return self.windows[key].sees(row if one.judged is None else _held(one.judged, row))


def _held(resource: Resource, row: Row) -> memory.Held:
    """A row with the resource that it is judged by."""
    return memory.Held(
        resource, row.person, row.kind, row.custodian, row.addressee, row.flags, row.at, row.changed_at
    )


def _by_token(held: Iterable[Held], base_url: str) -> dict[int, list[tuple[Held, Rule]]]:
    """The rules of subscriptions by what they need."""
    found: dict[int, list[tuple[Held, Rule]]] = {}
    for one in held:
        for rule, needs in _rules(one.id, one.version, one.definition, one.topic, base_url):
            for token in needs:
                found.setdefault(token, []).append((one, rule))
    return found


def _candidates(by_token: dict[int, list[tuple[Held, Rule]]], tokens: frozenset[int]) -> list[_Watcher]:
    """The subscriptions that a change with these tokens may concern, each with its rules that it may meet, once."""
    found: dict[str, tuple[Held, dict[int, Rule]]] = {}
    for token in tokens & by_token.keys():
        for held, rule in by_token[token]:
            found.setdefault(held.id, (held, {}))[1][id(rule)] = rule
    return [(held, tuple(rules.values())) for _, (held, rules) in sorted(found.items())]


def _nothing(_: object) -> bool:
    return False


def _key(entry: Entry) -> _Key:
    return entry.person, entry.rid, entry.version


def _before(entry: Entry) -> _Key:
    return entry.person, entry.rid, entry.version - 1
