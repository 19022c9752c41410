"""What is known before a search, to find its rows by the shortest way. It changes no answer, only the way to it.

The index of tokens also says which institutions a row concerns: its custodian and its addressee. A window that opens by
institutions alone is so taken to the index, and a search over all persons meets only rows of theirs.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from kakehashi.core.window import Pane, Window
from kakehashi.fhir.facts_kinds import kinds_of_type
from kakehashi.store.window_sql import Arguments

MANY = 20_000  # rows that are too many to be gathered before the first of them are shown


@dataclass(frozen=True, slots=True)
class Hints:
    """window: through which it is looked (None: unknown). common: tokens that more than MANY rows have.

    persons: whether the persons are known whom the search is about, so that rows are few by that alone.
    """

    window: Window | None = None
    common: Collection[int] = field(default=frozenset())
    persons: bool = False

    def concerning(self, resource_type: str, alias: str, arguments: Arguments) -> str:
        """Return a test that every row of the type that the window sees passes; "" where there is none."""
        if self.window is None or self.persons:
            return ""
        keys = institutions(self.window, resource_type)
        if not keys:
            return ""
        return f" AND ARRAY[{alias}.custodian, {alias}.addressee] && {arguments.add(keys, 'integer[]')}"


NO_HINTS = Hints()


def institutions(window: Window, resource_type: str) -> list[int] | None:
    """Return institutions one of which every row of the type that the window sees has as custodian or addressee.

    None where the window also opens by persons, or to everybody: then the institution tells nothing.
    """
    kinds = kinds_of_type(resource_type)
    keys = [_institutions(pane) for pane in window.panes if pane.kinds & kinds]
    if None in keys:
        return None
    return sorted(frozenset[int]().union(*(one for one in keys if one)))


def _institutions(pane: Pane) -> frozenset[int] | None:
    return pane.custodians if pane.custodians is not None else pane.addressees
