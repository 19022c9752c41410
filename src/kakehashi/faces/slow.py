"""One line for each request that took long: where its time went, and the plan of its slowest statement.

The line is written after the answer is sent. Names only: of the route, of parameters that R4 or this server knows, of
statements; never a value, an id of a record, or an address. The plan is asked for on another connection, at most once a
minute for each statement and one at a time; where it is not asked for, the line says nothing of it.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

import structlog

from kakehashi.store.database import Database
from kakehashi.store.plans import Plan, plan_of
from kakehashi.store.watch import Step, Watch, name_of

PLAN_EVERY = 60.0  # seconds between two plans of one statement
MOST_NAMED = 20  # steps and parameters that a line names
_KNOWN = 500  # statements whose last plan is remembered
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}", re.ASCII)

Line = dict[str, object]

log = structlog.get_logger("kakehashi.slow")


def _told(line: Line) -> None:
    log.warning("slow request", **line)


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered, in words of our own. `parameters`: names as they were sent."""

    interaction: str
    type: str
    method: str
    route: str
    status: int
    request: str
    seconds: float
    parameters: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()  # names that may be repeated


@dataclass(slots=True)
class SlowLog:
    """Writes them. `least`: seconds from which a request is slow; 0: none is."""

    db: Database
    least: float
    clock: Callable[[], float] = monotonic
    tell: Callable[[Line], object] = _told
    _planned: dict[str, float] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def note(self, answered: Answered, watch: Watch) -> None:
        """Write the line of a request, if it was slow; with a plan it comes a moment later."""
        if not self.least or answered.seconds < self.least:
            return
        if self._may_plan(watch.slowest):
            self._task = asyncio.create_task(self._with_plan(answered, watch))
        else:
            self.tell(line_of(answered, watch, None))

    async def close(self) -> None:
        """Wait for the line that is being made."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def _may_plan(self, text: str) -> bool:
        name, now = name_of(text), self.clock()
        busy = self._task is not None and not self._task.done()
        if not text or busy or now - self._planned.get(name, -PLAN_EVERY) < PLAN_EVERY:
            return False
        if len(self._planned) >= _KNOWN:
            self._planned.clear()
        self._planned[name] = now
        return True

    async def _with_plan(self, answered: Answered, watch: Watch) -> None:
        plan = None
        try:
            plan = await plan_of(self.db, watch.slowest)
        finally:
            self.tell(line_of(answered, watch, plan))


def line_of(answered: Answered, watch: Watch, plan: Plan | None) -> Line:
    """Return what is said of a slow request."""
    said: Line = {
        "request": answered.request,
        "interaction": answered.interaction,
        "type": answered.type,
        "method": answered.method,
        "route": answered.route,
        "status": answered.status,
        "ms": _ms(answered.seconds),
        "parameters": _names(answered),
        "steps": _by_name(watch.steps),
    }
    if watch.more:
        said["more"] = watch.more
    if watch.slowest:
        said["slowest"] = name_of(watch.slowest)
    if plan is not None:
        said["plan"] = plan
    return said


def _names(answered: Answered) -> list[str]:
    """The parameters' names; of one that nobody knows only that it was there: it may be a value."""
    heads = (re.split(r"[:.]", name, maxsplit=1)[0] for name in answered.parameters)
    told = (
        head if head in answered.known and _PARAMETER.fullmatch(head) else "?"
        for head in heads
    )  # fmt: skip
    return list(dict.fromkeys(told))[:MOST_NAMED]


def _by_name(steps: Iterable[Step]) -> list[dict[str, object]]:
    """Steps of one name as one, those that took longest first: how often, milliseconds, rows."""
    found: dict[str, dict[str, float]] = {}
    for step in steps:
        one = found.setdefault(step.name, {"times": 0, "seconds": 0.0, "rows": 0})
        one["times"] += 1
        one["seconds"] += step.seconds
        one["rows"] += step.rows or 0
    longest = sorted(found.items(), key=lambda one: -one[1]["seconds"])[:MOST_NAMED]
    return [
        {"step": name, "times": one["times"], "ms": _ms(one["seconds"]), "rows": one["rows"]}
        for name, one in longest
    ]


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
