"""Who asks for records, and through which window: the values and steps that every look shares.

A record that may not be seen and one that does not exist take the same steps: where there is no person, the
facts of NOBODY are fetched, so that neither the answer nor the work done tells the two apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from kakehashi.core.actors import Actor
from kakehashi.core.errors import TooCostly
from kakehashi.core.logentry import Note
from kakehashi.core.window import Window
from kakehashi.engines.house import House
from kakehashi.store.database import Connection
from kakehashi.trust.decide import WindowFacts, consented, decide
from kakehashi.trust.windows import facts_of, open_window, open_windows

PERSONS = 10  # persons that one search may name
EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and under which request id; `reason` is what an emergency access was opened for."""

    actor: Actor
    at: datetime
    request: str = ""
    reason: str = ""

    def note(self, action: str, what: str, window: Window) -> Note:
        """Return what the log says of this look."""
        return Note(self.actor, action, what, window.because, self.request, self.reason)


@dataclass(frozen=True, slots=True)
class Scene:
    """The window that is open, and the person keys that the look is known to be about (None: anybody's).

    `consented`: bit set of the kinds that live consents of that one person to the actor's institution name.
    """

    window: Window
    persons: frozenset[int] | None = None
    consented: int = 0

    def searching(self) -> "Scene":
        """Return it with the window as a search through it is narrowed."""
        return self if self.window.narrowing is None else replace(self, window=self.window.searching())

    def exporting(self) -> "Scene":
        """Return it with the window narrowed for what is carried away."""
        return self if self.window.narrowing is None else replace(self, window=self.window.exporting())


def bound(actor: Actor) -> bool:
    """Say whether the actor may look at one person only (the person, a token's launch context)."""
    return actor.person is not None


@lru_cache(maxsize=4096)
def own_window(actor: Actor) -> Window:
    """Return the window of an unbound actor with no person in mind. It rests on no facts, so it is always the same."""
    return decide(WindowFacts(), actor, _ANY_TIME)


async def window_now(db: Connection, asked: Asked) -> Window:
    """Return the actor's window with no person in mind, in an open transaction."""
    if bound(asked.actor):
        return await open_window(db, asked.actor, None, at=asked.at)
    return own_window(asked.actor)


async def window_on(house: House, asked: Asked, resource_type: str, resource_id: str) -> Window:
    """Return the window for one resource: on its person, whoever that is, and on nobody when there is none."""
    async with house.db.connection() as db:
        if bound(asked.actor):
            return await window_now(db, asked)
        [(_, on_person)] = await open_windows(db, asked.actor, [(resource_type, resource_id)], at=asked.at)
        return _joined([own_window(asked.actor), on_person])


async def scene_on(house: House, asked: Asked, patients: Sequence[str]) -> Scene:
    """Return the scene of a look that names Patients by id: the actor's own window and one on each person."""
    if len(patients) > PERSONS:
        raise _too_many()
    if not patients:
        if not bound(asked.actor):
            return Scene(own_window(asked.actor))
        async with house.db.connection() as db:
            return Scene(await window_now(db, asked))
    async with house.db.connection() as db:
        own = await window_now(db, asked)
        opened = await open_windows(db, asked.actor, [("Patient", one) for one in patients], at=asked.at)
    persons = frozenset[int]().union(*(_persons_in(window, person) for person, window in opened))
    return Scene(_joined([own, *(window for _, window in opened)]), persons)


async def scene_around(house: House, asked: Asked, keys: Sequence[tuple[str, str]]) -> Scene:
    """Return the scene of a look at many resources (type, id): the actor's own window and one on each one's person.

    One round trip for all. The persons are those that the windows reach.
    """
    async with house.db.connection() as db:
        own = await window_now(db, asked)
        if bound(asked.actor) or not keys:
            return Scene(own, _persons_in(own, asked.actor.person or 0))
        opened = await open_windows(db, asked.actor, keys, at=asked.at)
    persons = frozenset[int]().union(*(_persons_in(window, person) for person, window in opened))
    return Scene(_joined([own, *(window for _, window in opened)]), persons)


async def scene_of(house: House, asked: Asked, person: int) -> Scene:
    """Return the scene of a look at one person's record: nothing but the window on that person."""
    async with house.db.connection() as db:
        facts = await facts_of(db, asked.actor, person, at=asked.at)
    window = decide(facts, asked.actor, asked.at)
    return Scene(window, _persons_in(window, person), consented(facts, asked.actor, asked.at))


async def scene_behind(house: House, asked: Asked, patient: str) -> Scene:
    """Return the scene of a look at the record of whom a Patient resource describes, nobody where there is none."""
    async with house.db.connection() as db:
        [(person, window)] = await open_windows(db, asked.actor, [("Patient", patient)], at=asked.at)
        return Scene(window, _persons_in(window, person))


def _persons_in(window: Window, person: int) -> frozenset[int]:
    """Return the person's keys, merged ones too, as far as the window on them reaches (0 is nobody)."""
    reached = frozenset(key for pane in window.panes for key in pane.persons or ())
    return (reached | {person}) - {0}


def _joined(windows: Sequence[Window]) -> Window:
    """Return the union, each pane and each reason once."""
    whole = windows[0]
    for one in windows[1:]:
        whole = whole.joined(one)
    return replace(whole.each_once(), because=_because(windows))


def _because(windows: Sequence[Window]) -> str:
    """Return the reasons; of very many only their kinds, since each entry of the log repeats them."""
    reasons = dict.fromkeys(one.because for one in windows if one.because)
    if len(reasons) > PERSONS + 1:
        reasons = dict.fromkeys(one.partition(":")[0] for one in reasons)
    return "+".join(reasons)


def _too_many() -> TooCostly:
    return TooCostly(
        f"一度に指定できる患者は {PERSONS} 人までです。検索を分けてください。",
        f"One search names {PERSONS} patients at most; split it.",
        rule="search.persons",
    )


_ANY_TIME = datetime.max.replace(tzinfo=UTC)
