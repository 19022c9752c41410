"""Many resources at once, each for itself: what is good is stored, what is not is named with its line and reason.

One transaction takes a whole batch; where something in it is refused by the store, the batch is halved until the
refused one stands alone, so that one bad record costs a few more transactions and nothing else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Conflict, Failure, Problem, Unavailable
from kakehashi.engines.house import House
from kakehashi.engines.records.check import Checked, check
from kakehashi.engines.records.sizes import require_size
from kakehashi.engines.records.submit import Sent, submit_checked
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse

Item = TypeVar("Item")
Write: TypeAlias = Callable[[Sequence[Item]], Awaitable[None]]
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

    def count(self, kind: str, more: int = 1) -> None:
        """Count what was stored."""
        self.stored[kind] = self.stored.get(kind, 0) + more


async def take(house: House, lines: Sequence[tuple[int, bytes]], *, by: Actor, at: datetime) -> Taken:
    """Store the resource of each (line number, JSON). A resource with an id replaces what had it, others are new.

    Raises Unavailable only; then the batch has left nothing, or may be sent again without doubling anything.
    """
    taken = Taken()
    good: list[tuple[int, Checked]] = []
    for line, body in lines:
        try:
            good.append((line, _checked(body, house)))
        except Failure as failure:
            taken.refused.append(Refusal(line, failure.problems))

    async def write(some: Sequence[Checked]) -> None:
        await submit_checked(house, some, by=by, at=at, sent=Sent())

    for one in await each_for_itself(good, write, taken.refused):
        taken.count(one.wanted.type)
    taken.refused.sort(key=lambda one: one.line)
    return taken


def _checked(body: bytes, house: House) -> Checked:
    """Read and validate one resource; its address is made of itself."""
    require_size(body, house.settings)
    resource = parse(body)
    method = Method.UPDATE if resource.id else Method.CREATE
    wanted = Wanted(method, resource.type, resource.id, body, resource=resource)
    return check([wanted], house.profiles, most=house.settings.max_resource_bytes)[0]


async def each_for_itself(
    good: Sequence[tuple[int, Item]], write: Write[Item], refused: list[Refusal]
) -> list[Item]:
    """Write numbered items in as few transactions as may be; return those written, and add the others to `refused`.

    `write` stores all it is given or raises. Raises Unavailable only.
    """
    if not good:
        return []
    items = [one for _, one in good]
    try:
        await _written(write, items)
    except Unavailable:
        raise
    except Failure as failure:
        if len(good) == 1:
            refused.append(Refusal(good[0][0], failure.problems))
            return []
        middle = len(good) // 2
        first = await each_for_itself(good[:middle], write, refused)
        return first + await each_for_itself(good[middle:], write, refused)
    return items


async def _written(write: Write[Item], items: Sequence[Item]) -> None:
    """Write; where another process was in the way, again: that is no reason to refuse a record."""
    for _ in range(_RACES):
        try:
            await write(items)
        except Conflict as conflict:
            if conflict.problems[0].rule != "store.race":
                raise
        else:
            return
    raise Unavailable
