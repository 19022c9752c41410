"""Value sets of installed packages, expanded as far as the code systems are here.

Source: https://hl7.org/fhir/R4/valueset.html#compositions. What is not here is left open: its codes are let pass and
the profile says so in `unchecked`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kakehashi.fhir import definitions
from kakehashi.fhir.profiles.files import Installed
from kakehashi.fhir.profiles.library import Library
from kakehashi.fhir.profiles.model import CodeList, Filter, Include, ValueSetRules, split

_DEEPEST = 16  # value sets within value sets
_BELOW = ("is-a", "descendent-of")


@dataclass(frozen=True, slots=True)
class Codes:
    """A value set as (system, code) pairs. Of systems in `open` any code may be in it; `unknown`: of any system."""

    url: str
    pairs: frozenset[tuple[str, str]] = frozenset()
    open: frozenset[str] = frozenset()
    unknown: bool = False

    @property
    def told(self) -> bool:
        """Whether it can refuse anything."""
        return not self.unknown

    @property
    def whole(self) -> bool:
        """Whether every code of it is known."""
        return not self.unknown and not self.open

    def holds(self, system: object, code: object) -> bool:
        """Say whether a coded value may be in the set."""
        if not isinstance(code, str) or not isinstance(system, str | None):
            return self.unknown
        return self.unknown or (system, code) in self.pairs or system in self.open

    def some(self, most: int = 8) -> str:
        """Return a few codes as an aid to who must mend one."""
        listed = sorted(f"{system}#{code}" for system, code in self.pairs)
        rest = [f"{system}#…" for system in sorted(self.open)]
        return ", ".join([*listed[:most], *(["…"] if len(listed) > most else []), *rest])

    def only_codes(self) -> Callable[[object], bool]:
        """Return what says whether a bare code is in the set, whatever its system."""
        codes = frozenset(code for _system, code in self.pairs)
        free = self.unknown or bool(self.open)
        return lambda value: free or (isinstance(value, str) and value in codes)


class Expander:
    """Expands value sets; each once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[tuple[str, int], Codes] = {}

    def codes(self, canonical: str, home: Installed | None = None, depth: int = 0) -> Codes:
        """Return the value set that a canonical means, seen from the package that names it."""
        key = (canonical, id(home))
        if key not in self._known:
            self._known[key] = self._expanded(canonical, home, depth)
        return self._known[key]

    def _expanded(self, canonical: str, home: Installed | None, depth: int) -> Codes:
        url, _version = split(canonical)
        entry = self._library.entry("value-set", canonical, home)
        if depth > _DEEPEST:
            return Codes(url, unknown=True)
        if entry:
            rules = self._library.read(entry, ValueSetRules)
            return self._composed(rules, entry.package, depth)
        if held := definitions.load().value_sets.get(url):
            pairs = frozenset((system, code) for system, codes in held.codes.items() for code in codes)
            return Codes(url, pairs, frozenset(held.open))
        return Codes(url, unknown=True)

    def _composed(self, rules: ValueSetRules, home: Installed, depth: int) -> Codes:
        parts = [self._included(one, home, depth) for one in rules.include]
        less = [self._included(one, home, depth) for one in rules.exclude]
        removed = frozenset[tuple[str, str]]().union(*(one.pairs for one in less if one.whole))
        return Codes(
            rules.url,
            frozenset[tuple[str, str]]().union(*(one.pairs for one in parts)) - removed,
            frozenset[str]().union(*(one.open for one in parts)),
            any(one.unknown for one in parts) or not parts,
        )

    def _included(self, include: Include, home: Installed, depth: int) -> Codes:
        """All that the system with its filters and the value sets agree on."""
        found = [self.codes(one, home, depth + 1) for one in include.value_sets]
        if include.system:
            found.append(self._of_system(include, home))
        return _common(found)

    def _of_system(self, include: Include, home: Installed) -> Codes:
        system, _version = split(include.system)
        if include.codes:
            return Codes("", frozenset((system, code) for code in include.codes))
        for entry in self._library.entries("code-list", include.system, home):
            held = self._library.read(entry, CodeList)
            chosen = _filtered(held, include.filters) if held.complete else None
            if chosen is not None:
                return Codes("", frozenset((system, code) for code in chosen))
        return Codes("", open=frozenset({system}))


def _common(found: list[Codes]) -> Codes:
    """Intersect; where one side is open it lets the other's codes pass."""
    if not found:
        return Codes("", unknown=True)
    first, *rest = found
    for one in rest:
        pairs = {pair for pair in first.pairs if one.holds(*pair)} | {
            pair for pair in one.pairs if first.holds(*pair)
        }
        unknown = first.unknown and one.unknown
        systems = one.open if first.unknown else first.open if one.unknown else first.open & one.open
        first = Codes("", frozenset(pairs), systems, unknown)
    return first


def _filtered(held: CodeList, filters: Iterable[Filter]) -> set[str] | None:
    """The codes that all filters let through; None where one is of a kind that is not known here."""
    chosen = set(held.codes)
    for one in filters:
        if one.op not in _BELOW or one.property not in ("concept", "code", "parent"):
            return None
        below = set(_descendants(held, one.value))
        chosen &= below | {one.value} if one.op == "is-a" else below
    return chosen


def _descendants(held: CodeList, top: str) -> Iterator[str]:
    """The codes below one, at every depth."""
    children: dict[int, list[int]] = {}
    for number, parents in enumerate(held.parents):
        for parent in parents:
            children.setdefault(parent, []).append(number)
    waiting = list(children.get(held.codes.index(top), ())) if top in held.codes else []
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            yield held.codes[number]
            waiting += children.get(number, ())


def codings_of(value: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the codings of a CodeableConcept."""
    listed = value.get("coding")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def coded(codes: Codes, kind: str) -> Callable[[Any], bool] | None:
    """Return what says whether a value of a type is in the set; None for types that hold no code."""
    holds, plain = codes.holds, codes.only_codes()

    def concept(value: dict[str, Any]) -> bool:
        return any(holds(one.get("system"), one.get("code")) for one in codings_of(value))

    tests: dict[str, Callable[[Any], bool]] = {
        "CodeableConcept": concept,
        "Coding": lambda value: holds(value.get("system"), value.get("code")),
        "Quantity": lambda value: holds(value.get("system"), value.get("code")),
    }
    return tests.get(kind) or (plain if kind in ("code", "string", "uri") else None)
