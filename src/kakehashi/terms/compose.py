"""Which codes a value set means: includes united, what is excluded taken away, value sets within value sets. Pure.

Resources that are needed come from a `World`: it raises Missing for one that nobody looked for yet, and answers None
for one that is not here. Source: https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kakehashi.terms import filters, masks
from kakehashi.terms.code_system import PARTIAL, CodeSystem
from kakehashi.terms.columns import Concepts, Detail
from kakehashi.terms.masks import Mask
from kakehashi.terms.refusals import cyclic, too_much_work, unknown, wrong_version
from kakehashi.terms.value_set import Include, ValueSet

MOST_WORK = 3_000_000  # concepts that one value set may have looked at one by one: some ten seconds
_EACH = 100  # what an include costs whatever it is
_QUICK = 50  # concepts that are dealt with as fast as one that is looked at


class World(Protocol):
    """What was loaded, by canonical (`url` or `url|version`)."""

    def code_system(self, canonical: str) -> CodeSystem | None: ...
    def value_set(self, canonical: str) -> ValueSet | None: ...


@dataclass(frozen=True, slots=True)
class Versions:
    """Which versions of code systems an expansion wants, by system: by default, to be checked, in any case.

    `but`: systems whose codes are left out (`exclude-system`).
    """

    default: Mapping[str, str] = field(default_factory=dict)
    check: Mapping[str, str] = field(default_factory=dict)
    force: Mapping[str, str] = field(default_factory=dict)
    but: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Part:
    """Codes of one system that a value set means: `mask` over `held`.

    held: the system's concepts, or those that the value set lists where the system is not here. order: places as they
    are listed; empty: as they are numbered. said: what the value set says of a place in the system's stead.
    """

    system: str
    version: str
    held: Concepts
    mask: Mask
    source: CodeSystem | None = None
    order: tuple[int, ...] = ()
    said: Mapping[int, Detail] = field(default_factory=dict)

    def find(self, code: str) -> int | None:
        """Return the place of a code, None when it is not in this part."""
        place = self.held.find(code)
        return place if place is not None and self.mask[place] else None

    def only(self, mask: Mask) -> "Part":
        """Return the part with another set of its places."""
        return replace(self, mask=mask)


@dataclass(frozen=True, slots=True)
class Composed:
    """The codes of a value set. absent: systems that would be needed and are not here. used: systems with versions.

    partial: those used that are here in part only.
    """

    parts: tuple[Part, ...]
    absent: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes that it takes in memory beside its code systems, about."""
        return 1_000 + sum(len(part.mask) + 100 * (len(part.order) + len(part.said)) for part in self.parts)

    def find(self, system: str, code: str, version: str = "") -> tuple[Part, int] | None:
        """Return where a code stands; `version` "": of whatever version of the system."""
        for part in self.parts:
            if part.system == system and version in ("", part.version):
                place = part.find(code)
                if place is not None:
                    return part, place
        return None


def composed(value_set: ValueSet, world: World, versions: Versions | None = None) -> Composed:
    """Return the codes of a value set. Raises Invalid, NotFound, and Missing."""
    composer = _Composer(world, versions or Versions())
    parts = composer.of(value_set, ())
    return Composed(
        tuple(parts), *(tuple(sorted(one)) for one in (composer.absent, composer.used, composer.partial))
    )


class _Composer:
    """One composition. What it meets on the way is gathered."""

    def __init__(self, world: World, versions: Versions) -> None:
        self.world, self.versions = world, versions
        self.work = 0
        self.done: dict[
            str, list[Part]
        ] = {}  # by canonical: a value set that many include is worked out once
        self.absent: set[str] = set()
        self.used: set[str] = set()
        self.partial: set[str] = set()

    def of(self, value_set: ValueSet, inside: tuple[str, ...]) -> list[Part]:
        """Return the parts of a value set; `inside`: the canonicals that led here."""
        own = f"{value_set.url}|{value_set.version}"
        if value_set.url and own in inside:
            raise cyclic(value_set.url)
        within = (*inside, own)
        parts = _united([part for one in value_set.include for part in self._included(one, within)])
        for one in value_set.exclude:
            if one.system and one.listed is None and not one.filters and not one.value_sets:
                parts = [part for part in parts if part.system != one.system]  # all of it, here or not
            else:
                gone = self._included(one, within)
                parts = [_less(part, gone) for part in parts]
        if not value_set.inactive:
            parts = [part.only(masks.less(part.mask, part.held.inactive)) for part in parts]
        return [part for part in parts if 1 in part.mask]

    def _included(self, include: Include, inside: tuple[str, ...]) -> list[Part]:
        """What the system with its filters, and all the value sets, agree on."""
        if include.system in self.versions.but:
            return []
        self._spend(_EACH + (len(include.listed) if include.listed else 0))
        found = [self._of_value_set(one, inside) for one in include.value_sets]
        if include.system:
            found.insert(0, self._of_system(include))
        if not found:
            return []
        first, *rest = found
        for other in rest:
            first = [_common(part, other) for part in first]
        return [part for part in first if 1 in part.mask]

    def _of_value_set(self, canonical: str, inside: tuple[str, ...]) -> list[Part]:
        if canonical not in self.done:
            found = self.world.value_set(canonical)
            if found is None:
                raise unknown("ValueSet", canonical)
            self.done[canonical] = self.of(found, inside)
        return self.done[canonical]

    def _of_system(self, include: Include) -> list[Part]:
        system = self._system(include)
        if include.listed is not None:
            return _listed(include, system)
        if system is None:
            self.absent.add(include.system)
            return []
        self._spend(
            sum(filters.cost(system, one) for one in include.filters) + len(system.concepts) // _QUICK
        )
        mask = filters.chosen(system, include.filters)
        return [Part(include.system, system.version, system.concepts, mask, system)]

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > MOST_WORK:
            raise too_much_work()

    def _system(self, include: Include) -> CodeSystem | None:
        """Return the code system of an include in the version wanted, None when its codes are not here."""
        url, asked = include.system, self.versions
        version = asked.force.get(url) or include.version or asked.default.get(url, "")
        found = self.world.code_system(f"{url}|{version}" if version else url)
        if found is None or found.content in ("not-present", "supplement"):
            return None
        if (wanted := asked.check.get(url)) and found.version != wanted:
            raise wrong_version(url, found.version, wanted)
        named = f"{url}|{found.version}" if found.version else url
        self.used.add(named)
        if found.content in PARTIAL:
            self.partial.add(named)
        return found


def _listed(include: Include, system: CodeSystem | None) -> list[Part]:
    """The codes that an include lists: as the system has them, where it is here; else as they are listed."""
    listed = include.listed
    assert listed is not None
    if system is None:
        return [Part(include.system, include.version, listed, masks.every(len(listed)))]
    order: list[int] = []
    said: dict[int, Detail] = {}
    strange: list[int] = []
    for place in range(len(listed)):
        at = system.concepts.find(listed.code(place))
        if at is None:
            strange.append(place)
        else:
            order.append(at)
            if detail := listed.detail(place):
                said[at] = detail
    mask = masks.of_places(order, len(system.concepts))
    parts = [
        Part(include.system, system.version, system.concepts, mask, system, tuple(dict.fromkeys(order)), said)
    ]
    if strange and system.content in PARTIAL:  # the part that is not here may have them
        parts.append(Part(include.system, system.version, listed, masks.of_places(strange, len(listed))))
    return parts


def _united(parts: Sequence[Part]) -> list[Part]:
    """Return the parts so that each code comes once, in the order in which they are met."""
    united: list[Part] = []
    for part in parts:
        rest = _less(part, [one for one in united if one.version == part.version])
        if 1 not in rest.mask:
            continue
        last = united[-1] if united else None
        if last and last.held is rest.held and not (last.order or rest.order):
            united[-1] = last.only(masks.either(last.mask, rest.mask))
        else:
            united.append(rest)
    return united


def _less(part: Part, others: Sequence[Part]) -> Part:
    mask = part.mask
    for other in others:
        if other.system == part.system:
            mask = masks.less(mask, _seen_in(part.only(mask), other))
    return part.only(mask)


def _common(part: Part, others: Sequence[Part]) -> Part:
    mask = bytes(len(part.mask))
    for other in others:
        if other.system == part.system:
            mask = masks.either(mask, masks.both(part.mask, _seen_in(part, other)))
    return part.only(mask)


def _seen_in(part: Part, other: Part) -> Mask:
    """Return the places of a part whose codes another has too."""
    if part.held is other.held:
        return other.mask
    found = (place for place in masks.places(part.mask) if other.find(part.held.code(place)) is not None)
    return masks.of_places(found, len(part.mask))
