"""The one window (DESIGN, decision 3): which rows may be seen, as a value.

trust.open_window makes it; every read of the store takes it. It becomes SQL in store/window_sql.py and a
predicate here; a property test holds the two equal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
    """What may be seen: the union of its panes. No pane: nothing. `because` is for the log, not the caller."""

    panes: tuple[Pane, ...] = ()
    because: str = ""  # e.g. "own", "consent:<id>", "emergency:<id>", "nothing"
    until: datetime | None = None

    def sees(self, row: Facts) -> bool:
        """Say whether the row is seen through any pane."""
        return any(pane.sees(row) for pane in self.panes)

    def joined(self, other: "Window") -> "Window":
        """Return the union of two windows; it closes with the first of them."""
        ends = [end for end in (self.until, other.until) if end]
        because = "+".join(filter(None, (self.because, other.because)))
        return Window(self.panes + other.panes, because, min(ends, default=None))


NOTHING = Window((), "nothing")
