"""The one window (DESIGN, decision 3): which rows may be seen, as a value.

trust.open_window makes it; every read of the store takes it. It becomes SQL in store/window_sql.py and a
predicate here; a property test holds the two equal. What a token's scopes narrow it to is in narrowing.py.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from kakehashi.core.narrowing import Entries, Narrowing


class Facts(Protocol):
    """What a window needs to know of a row. `at` is the row's clinical time (UTC), else when it was stored."""

    @property
    def person(self) -> int: ...
    @property
    def kind(self) -> int: ...
    @property
    def custodian(self) -> int: ...
    @property
    def addressee(self) -> int: ...
    @property
    def flags(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def type(self) -> str: ...
    def entries(self) -> Entries:
        """Return its index entries; asked for only where the window is narrowed."""
        ...


@dataclass(frozen=True, slots=True)
class Pane:
    """One opening. A row is seen through it when every condition holds; None means "any".

    persons, custodians, addressees: keys. kinds: bit set of Kind. hidden: bit set of Flag, a row with any of
    them is not seen. since: rows older than this are not seen.
    """

    kinds: int
    persons: frozenset[int] | None = None
    custodians: frozenset[int] | None = None
    not_custodians: frozenset[int] = frozenset()
    addressees: frozenset[int] | None = None
    hidden: int = 0
    since: datetime | None = None

    def sees(self, row: Facts) -> bool:
        """Say whether the row is seen through this pane."""
        return bool(
            self.kinds >> row.kind & 1
            and (self.persons is None or row.person in self.persons)
            and (self.custodians is None or row.custodian in self.custodians)
            and row.custodian not in self.not_custodians
            and (self.addressees is None or row.addressee in self.addressees)
            and not row.flags & self.hidden
            and (self.since is None or row.at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What may be seen: the union of its panes. No pane: nothing. `because` is for the log, not the caller.

    `narrowing`: what the scopes of the actor's token leave of it, None where they leave all. As it is made, a window is
    narrowed for reading; whoever searches or exports says so.
    """

    panes: tuple[Pane, ...] = ()
    because: str = ""  # e.g. "own", "consent:<id>", "emergency:<id>", "nothing"
    until: datetime | None = None
    narrowing: Narrowing | None = None

    @property
    def narrowed(self) -> bool:
        """Whether something is in force that its panes do not say."""
        return self.narrowing is not None and bool(self.narrowing.now)

    def sees(self, row: Facts) -> bool:
        """Say whether the row is seen through any pane, and left by the narrowing."""
        if not any(pane.sees(row) for pane in self.panes):
            return False
        narrowing = self.narrowing
        return (
            narrowing is None
            or narrowing.now.of(row.type) is None
            or narrowing.leaves(row.type, row.entries())
        )

    def joined(self, other: "Window") -> "Window":
        """Return the union of two windows of one actor; it closes with the first of them."""
        ends = [end for end in (self.until, other.until) if end]
        because = "+".join(filter(None, (self.because, other.because)))
        narrowing = self.narrowing if self.panes else other.narrowing
        if self.panes and other.panes and self.narrowing != other.narrowing:
            raise ValueError("windows of two tokens")
        return Window(self.panes + other.panes, because, min(ends, default=None), narrowing)

    def each_once(self) -> "Window":
        """Return the same window with each pane once."""
        return replace(self, panes=tuple(dict.fromkeys(self.panes)))

    def reading(self) -> "Window":
        """Return it narrowed for what is shown."""
        return self if self.narrowing is None else replace(self, narrowing=self.narrowing.reading())

    def searching(self) -> "Window":
        """Return it narrowed for what is searched through and found."""
        return self if self.narrowing is None else replace(self, narrowing=self.narrowing.searching())

    def exporting(self) -> "Window":
        """Return it narrowed for what needs both rights."""
        return self if self.narrowing is None else replace(self, narrowing=self.narrowing.exporting())


NOTHING = Window((), "nothing")
