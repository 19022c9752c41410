"""Many resources at once, each for itself: what is good is stored, what is not is named with its line and reason.

One transaction takes a whole batch; where something in it is refused by the store, the batch is halved until the
refused one stands alone, so that one bad record costs a few more transactions and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict, Failure, Problem, Unavailable
from kakehashi.engines.house import House
from kakehashi.engines.records.check import Checked, check
from kakehashi.engines.records.submit import Sent, submit_checked
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse
from kakehashi.fhir.profiles import ProfileSet

_RACES = 8  # times in a row that a batch may lose against others; each time somebody else made progress


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not taken: the number of its line (from 1), and why."""

    line: int
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Taken:
    """What came of a batch: how many resources of which type were stored, and what was refused."""

    stored: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, other: "Taken") -> None:
        """Count another batch in."""
        for kind, count in other.stored.items():
            self.stored[kind] = self.stored.get(kind, 0) + count
        self.refused += other.refused


async def take(house: House, lines: Sequence[tuple[int, bytes]], *, by: Actor, at: datetime) -> Taken:
    """Store the resource of each (line number, JSON). A resource with an id replaces what had it, others are new.

    Raises Unavailable only; then the batch has left nothing, or may be sent again without doubling anything.
    """
    taken = Taken()
    good: list[tuple[int, Checked]] = []
    for line, body in lines:
        try:
            good.append((line, _checked(body, house.profiles)))
        except Failure as failure:
            taken.refused.append(Refusal(line, failure.problems))
    await _store(house, good, by, at, taken)
    taken.refused.sort(key=lambda one: one.line)
    return taken


def _checked(body: bytes, profiles: ProfileSet) -> Checked:
    """Read and validate one resource; its address is made of itself."""
    resource = parse(body)
    method = Method.UPDATE if resource.id else Method.CREATE
    wanted = Wanted(method, resource.type, resource.id, body, resource=resource)
    return check([wanted], profiles)[0]


async def _store(
    house: House, good: Sequence[tuple[int, Checked]], by: Actor, at: datetime, taken: Taken
) -> None:
    if not good:
        return
    try:
        await _submitted(house, [one for _, one in good], by, at)
    except Unavailable:
        raise
    except Failure as failure:
        if len(good) == 1:
            taken.refused.append(Refusal(good[0][0], failure.problems))
            return
        middle = len(good) // 2
        await _store(house, good[:middle], by, at, taken)
        await _store(house, good[middle:], by, at, taken)
    else:
        for _, one in good:
            taken.stored[one.wanted.type] = taken.stored.get(one.wanted.type, 0) + 1


async def _submitted(house: House, checked: Sequence[Checked], by: Actor, at: datetime) -> None:
    """Submit; where another process was in the way, again: that is no reason to refuse a record."""
    for _ in range(_RACES):
        try:
            await submit_checked(house, checked, by=by, at=at, sent=Sent())
        except Conflict as conflict:
            if conflict.problems[0].rule != "store.race":
                raise
        else:
            return
    raise Unavailable
