"""健診: results of all check-up reports as one table, an item a row, a check-up a column, newest first. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.labs import Result, item_of, result_of
from kakehashi.services.viewer.sheet import Sheet, Tree, each, first, words
from kakehashi.services.viewer.timeline import day_of


@dataclass(frozen=True, slots=True)
class Checkup:
    """One check-up: a column of the table. `ref` opens its report."""

    ref: str
    day: date
    custodian: int


@dataclass(frozen=True, slots=True)
class Item:
    """One item over the years: its results by check-up, None where it was not looked at."""

    name: str
    results: tuple[Result | None, ...]

    @property
    def range_text(self) -> str:
        """The newest reference range that was given."""
        return next((one.range_text for one in self.results if one and one.range_text), "")


@dataclass(frozen=True, slots=True)
class Table:
    """All check-ups and all their items, in the order in which the newest report names them."""

    checkups: tuple[Checkup, ...]
    items: tuple[Item, ...]


def checkups_of(sheets: Iterable[Sheet]) -> Table:
    """Return the table of the check-up reports (document Bundles) among these resources."""
    reports = sorted(
        (sheet for sheet in sheets if sheet.kind is Kind.CHECKUP and sheet.type == "Bundle"),
        key=lambda sheet: sheet.at,
        reverse=True,
    )
    names: dict[str, str] = {}
    by_report: list[dict[str, Result]] = []
    for sheet in reports:
        found: dict[str, Result] = {}
        for tree in _observations(sheet.tree):
            key = item_of(first(tree, "code"))
            names.setdefault(key, words(first(tree, "code")))
            found.setdefault(key, result_of(sheet, tree))
        by_report.append(found)
    return Table(
        tuple(Checkup(sheet.ref, day_of(sheet.at), sheet.custodian) for sheet in reports),
        tuple(Item(name, tuple(found.get(key) for found in by_report)) for key, name in names.items()),
    )


def _observations(bundle: Tree) -> Iterator[Tree]:
    """Yield what carries a value: a battery (値の無い親) is only the frame of its members."""
    for entry in each(bundle, "entry"):
        resource = first(entry, "resource")
        if resource.get("resourceType") == "Observation":
            yield from (
                one
                for one in (resource, *each(resource, "component"))
                if any(n.startswith("value") for n in one)
            )
