"""What is watched of requests beyond their figures: slow ones and traces. Where neither is wanted, nothing is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Token
from dataclasses import dataclass
from time import perf_counter
from typing import Self

from kakehashi.core.settings import Settings
from kakehashi.faces.slow import Answered, SlowLog
from kakehashi.faces.traces import Traces
from kakehashi.store.database import Database
from kakehashi.store.watch import OUTBOUND, WATCH, Watch

Begun = tuple[Watch, Token[Watch | None]]


@dataclass(frozen=True, slots=True)
class Watching:
    """Watches requests for the slow-request log and for traces."""

    slow: SlowLog
    traces: Traces | None = None

    @classmethod
    def of(cls, db: Database, settings: Settings) -> Self:
        """Return what the settings ask for. Raises BadSetting."""
        traces = None
        if settings.traces_endpoint:
            traces = Traces.to(settings.traces_endpoint, settings.traces_percent)
        return cls(SlowLog(db, settings.slow_ms / 1000), traces)

    def begin(self) -> Begun | None:
        """Begin with a request; None where nothing is watched."""
        if not self.slow.least and self.traces is None:
            return None
        watch = Watch()
        return watch, WATCH.set(watch)

    def is_wanted(self, seconds: float) -> bool:
        """Say whether anything is told of a request that took this long."""
        return self.traces is not None or bool(self.slow.least and seconds >= self.slow.least)

    def done(self, begun: Begun, answered: Answered | None, parent: str = "") -> None:
        """End with a request; of one that was answered tell what is to be told (None: nothing is)."""
        watch, token = begun
        WATCH.reset(token)
        if answered is None:
            return
        self.slow.note(answered, watch)
        if self.traces is not None:
            self.traces.note(answered, watch, parent)

    @contextmanager
    def chore(self, name: str) -> Iterator[None]:
        """Trace what a server does by itself, where that sends something to others."""
        if self.traces is None:
            yield
            return
        watch = Watch()
        token = WATCH.set(watch)
        try:
            yield
        finally:
            WATCH.reset(token)
            if any(step.name == OUTBOUND for step in watch.steps):
                seconds = perf_counter() - watch.began
                self.traces.note(Answered("chore", name, "-", "-", 0, "", seconds), watch)

    async def close(self) -> None:
        """Tell what waits to be told."""
        await self.slow.close()
        if self.traces is not None:
            await asyncio.to_thread(self.traces.close)
