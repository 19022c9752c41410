"""Random filters of `_filter`: trees for the grammar alone, and filters on what a world holds."""

from random import Random

from search_worlds import CHAINS, REVERSES, Asking

from kakehashi.fhir.indexing.parameters import parameter
from kakehashi.search.filtering import OPERATORS
from kakehashi.search.filters import Both, Compared, Filter, Negated, Operator, Step

_VALUES = [
    "x",
    "2024-02",
    "http://loinc.org|718-7",
    "山 田",
    "a)b",
    "]",
    '"',
    "\\",
    "",
    "and",
    "eq",
    "()",
    "胃癌",
    "-1.5e2",
]
_NAMES = ["name", "birth-date", "_id", "and", "subject", "a1", "eq"]
_ANY: list[Operator] = ["eq", "ne", "co", "sw", "ew", "gt", "ap", "pr", "po", "ss", "in", "re"]


def tree(rng: Random, depth: int = 0) -> Filter:
    """Any tree that can be written."""
    roll = rng.random() if depth < 4 else 0
    if roll < 0.5:
        return Compared(_path(rng, depth), rng.choice(_ANY), rng.choice(_VALUES))
    if roll < 0.85:
        return Both(tree(rng, depth + 1), rng.choice(["and", "or"]), tree(rng, depth + 1))
    return Negated(tree(rng, depth + 1))


def _path(rng: Random, depth: int) -> tuple[Step, ...]:
    steps = []
    while rng.random() < 0.3:
        if rng.random() < 0.3:
            steps.append(Step("_has:Observation:patient:"))
            continue
        inner = tree(rng, depth + 2) if rng.random() < 0.4 and depth < 3 else None
        steps.append(Step(rng.choice(_NAMES) + rng.choice(["", ":Patient"]), inner))
    return (*steps, Step(rng.choice(_NAMES)))


class Filtering:
    """Makes filters that a world can answer."""

    def __init__(self, rng: Random, asking: Asking) -> None:
        self.rng, self.asking = rng, asking

    def filter(self, kind: str, depth: int = 0) -> Filter:
        """A filter on resources of a type."""
        roll = self.rng.random() if depth < 3 else 0
        if roll < 0.6:
            return self._test(kind, depth)
        if roll < 0.85:
            word = self.rng.choice(["and", "or"])
            return Both(self.filter(kind, depth + 1), word, self.filter(kind, depth + 1))
        return Negated(self.filter(kind, depth + 1))

    def _test(self, kind: str, depth: int) -> Compared:
        path: tuple[Step, ...] = ()
        links = [(name, to, None) for (base, name), to in CHAINS.items() if base == kind]
        links += [(f"_has:{name}:", to, None) for (base, name), to in REVERSES.items() if base == kind]
        if links and depth < 2 and self.rng.random() < 0.25:
            name, to, _ = self.rng.choice(links)
            back = name.startswith("_has")
            inner = self.filter(to, depth + 2) if not back and self.rng.random() < 0.4 else None
            path, kind = (Step(name, inner),), to
        return self._compared(path, kind)

    def _compared(self, path: tuple[Step, ...], kind: str) -> Compared:
        while True:
            name, value = self.asking.pair(kind)
            found = parameter(kind, name)
            if found is None or "," in value or "\\" in value:
                continue
            if found.kind in ("special", "composite") and self.rng.random() < 0.5:
                continue
            operators = [one for one in OPERATORS[found.kind] if one not in ("in", "ni", "ss", "sb", "re")]
            operator = self.rng.choice(operators)
            if operator == "pr":
                value = self.rng.choice(["true", "false"])
            elif found.kind in ("date", "number", "quantity"):
                value = value.lstrip("neqgtlasbp")
            if value:
                return Compared((*path, Step(name)), operator, value)  # type: ignore[arg-type]
