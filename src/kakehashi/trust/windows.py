"""The one way to a Window: fetch the facts in one round trip, and decide.

The facts are read in the caller's transaction, so that a consent withdrawn before it began is dead for it.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from kakehashi.core.actors import Actor, Role
from kakehashi.core.window import Window
from kakehashi.people.identifiers import MEMBER_SYSTEM
from kakehashi.store import window_facts
from kakehashi.store.database import Connection
from kakehashi.store.window_facts import Fact
from kakehashi.trust.decide import Consent, Emergency, Proxy, WindowFacts, decide

NOBODY = -1  # a person key that nobody has (keys are positive)
_NO_FACTS = WindowFacts()


async def open_window(db: Connection, actor: Actor, person: int | None, *, at: datetime) -> Window:
    """Return what `actor` may see of `person` at `at`.

    Without a person: what the actor's institution wrote, what is addressed to it, and what is shared; but an actor
    bound to one person (the person themselves, a token's launch context) is always asked about that one.
    """
    asked = actor.person if person is None else person
    if asked is None:
        return decide(_NO_FACTS, actor, at)
    return decide(await facts_of(db, actor, asked, at=at), actor, at)


async def facts_of(db: Connection, actor: Actor, person: int, *, at: datetime) -> WindowFacts:
    """Return the facts that a decision about `person` rests on for this actor. One round trip; two for an insurer."""
    rows = await window_facts.of_person(db, person, actor.institution.key, actor.subject, at=at)
    return await _facts_in(db, actor, rows)


async def open_windows(
    db: Connection, actor: Actor, keys: Sequence[tuple[str, str]], *, at: datetime
) -> list[tuple[int, Window]]:
    """Return for each resource (type, id) whose it is and the window on them; NOBODY where there is none.

    For opening windows before a look, never for showing: a resource that is not there takes the same steps. One round
    trip for all; an insurer's takes one more for each.
    """
    found: dict[int, list[Fact]] = {place: [] for place in range(1, len(keys) + 1)}
    rows = await window_facts.of_named(db, keys, actor.institution.key, actor.subject, nobody=NOBODY, at=at)
    for row in rows:
        found[row["place"]].append(row)
    return [
        (some[0]["person"], decide(await _facts_in(db, actor, some), actor, at)) for some in found.values()
    ]


async def _facts_in(db: Connection, actor: Actor, rows: Sequence[Fact]) -> WindowFacts:
    persons = frozenset(row["number"] for row in rows if row["what"] == "key")
    insurer = None
    if actor.role is Role.INSURER:
        insurer = await window_facts.insurer_now(db, persons, MEMBER_SYSTEM)
    return _facts(rows, persons, insurer)


def _facts(rows: Sequence[Fact], persons: frozenset[int], insurer: int | None) -> WindowFacts:
    if len(rows) == len(persons):  # nothing but keys: the most frequent case
        return WindowFacts(persons, insurers=frozenset() if insurer is None else frozenset({insurer}))
    said = {
        what: list(some) for what, some in groupby(sorted(rows, key=itemgetter("what")), itemgetter("what"))
    }
    withheld, suspended = said.get("withheld", ()), said.get("suspended", ())
    return WindowFacts(
        persons=persons,
        consents=tuple(_consent(row) for row in said.get("consent", ())),
        withheld_custodians=frozenset(
            row["institution"] for row in withheld if row["institution"] is not None
        ),
        withheld_kinds=sum({1 << row["number"] for row in withheld if row["number"] is not None}),
        referrers=frozenset(row["institution"] for row in said.get("referrer", ())),
        emergencies=tuple(_emergency(row) for row in said.get("emergency", ())),
        proxies=tuple(_proxy(row) for row in said.get("proxy", ())),
        disclosure_stopped="stopped" in said,
        insurers=frozenset() if insurer is None else frozenset({insurer}),
        suspended=frozenset(row["institution"] for row in suspended if row["institution"] is not None),
        suspended_all=any(row["institution"] is None for row in suspended),
    )


def _consent(row: Fact) -> Consent:
    return Consent(str(row["id"]), row["institution"], row["number"], row["starts"], row["ends"])


def _emergency(row: Fact) -> Emergency:
    return Emergency(str(row["id"]), row["institution"], row["account"], row["starts"], row["ends"])


def _proxy(row: Fact) -> Proxy:
    return Proxy(str(row["id"]), row["account"], row["number"], row["starts"], row["ends"])
