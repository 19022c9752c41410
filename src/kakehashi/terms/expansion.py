"""From the codes of a value set to `ValueSet.expansion`: filtered, paged, named, nested. Pure.

Source: https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kakehashi.terms import masks, words
from kakehashi.terms.columns import Detail
from kakehashi.terms.compose import Composed, Part
from kakehashi.terms.display import designations, display_of
from kakehashi.terms.masks import Mask
from kakehashi.terms.packing import Fold, Json, members, text
from kakehashi.terms.refusals import too_costly

MOST = 10_000  # codes of one answer
Found = Callable[[Part], Mask]
Extra = Callable[[str, str], list[Detail]]
"""What supplements say of a code (system, code)."""


def _nothing(_system: str, _code: str) -> list[Detail]:
    return []


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an expansion is wanted. text: a filter. tokens: which designations. count None: all in one answer."""

    text: str = ""
    active: bool = False
    selectable: bool = False
    nested: bool = False
    designations: bool = False
    tokens: tuple[str, ...] = ()
    language: str = ""
    offset: int = 0
    count: int | None = None

    @property
    def paged(self) -> bool:
        """Whether only a part is wanted."""
        return self.count is not None or self.offset > 0


@dataclass(frozen=True, slots=True)
class Expander:
    """Expands what was composed. `found`: the filter as sets, which the caller may keep; `further`: of supplements."""

    composed: Composed
    wanted: Wanted
    fold: Fold
    found: Found
    further: Extra = field(default=_nothing)

    def expansion(self) -> Json:
        """Return total, offset and contains. Raises TooCostly."""
        chosen = [part.only(self._mask(part)) for part in self.composed.parts]
        total = sum(part.mask.count(1) for part in chosen)
        wanted = self.wanted
        if wanted.count is None and total - wanted.offset > MOST:
            raise too_costly(total, MOST)
        said: Json = {"total": total}
        if wanted.count == 0:
            return said
        several = _several_versions(self.composed)
        if wanted.nested and not wanted.paged:
            contains = [one for part in chosen for one in self._nested(part, several)]
        else:
            if wanted.paged:
                said["offset"] = wanted.offset
            most = MOST if wanted.count is None else min(wanted.count, MOST)
            contains = [
                self.entry(part, place, several) for part, place in _page(chosen, wanted.offset, most)
            ]
        return {**said, "contains": contains} if contains else said

    def _mask(self, part: Part) -> Mask:
        mask = part.mask
        if self.wanted.text:
            mask = masks.both(mask, self._named(part))
        if self.wanted.active:
            mask = masks.less(mask, part.held.inactive)
        if self.wanted.selectable:
            mask = masks.less(mask, part.held.abstract)
        return mask

    def _named(self, part: Part) -> Mask:
        """Return the concepts that the filter means by what the system says of them, or the value set."""
        mask = self.found(part)
        asked = words.words_of(self.fold(self.wanted.text))
        own = [
            place
            for place, detail in part.said.items()
            if all(word in _folded(part.held.code(place), detail, self.fold) for word in asked)
        ]
        return masks.either(mask, masks.of_places(own, len(mask))) if own else mask

    def entry(self, part: Part, place: int, several: frozenset[str] = frozenset()) -> Json:
        """Return one entry of `contains`."""
        code = part.held.code(place)
        detail = detail_of(part, place, self.further(part.system, code))
        one: Json = {"system": part.system} if part.system else {}
        if part.held.abstract[place]:
            one["abstract"] = True
        if part.held.inactive[place]:
            one["inactive"] = True
        if part.system in several and part.version:
            one["version"] = part.version
        one["code"] = code
        if display := display_of(detail, part.source.language if part.source else "", self.wanted.language):
            one["display"] = display
        shown = self.wanted.designations or self.wanted.tokens
        if shown and (listed := designations(detail, self.wanted.tokens)):
            one["designation"] = listed
        return one

    def _nested(self, part: Part, several: frozenset[str]) -> list[Json]:
        """Return entries, each inside the nearest chosen one that it is nested under in its system."""
        top: list[Json] = []
        open_now: list[tuple[int, Json]] = []  # (where it ends, entry) of those that the next may lie in
        for place in masks.places(part.mask):
            while open_now and open_now[-1][0] <= place:
                open_now.pop()
            one = self.entry(part, place, several)
            home = open_now[-1][1].setdefault("contains", []) if open_now else top
            home.append(one)
            open_now.append((part.held.tree.ends[place], one))
        return top


def by_words(part: Part, folded: str) -> Mask:
    """Return the concepts of a part's columns that a folded filter means."""
    return words.matching(part.held.words, words.words_of(folded))


def detail_of(part: Part, place: int, extra: list[Detail]) -> Detail:
    """Return what is said of a code: by its system, in its stead by the value set, and by supplements as well."""
    detail = part.held.detail(place)
    own: Mapping[str, object] = part.said.get(place, {})
    if not own and not extra:
        return detail
    merged = {**detail, **own}
    listed = [*members(own.get("designation")), *members(detail.get("designation"))]
    listed += [one for more in extra for one in members(more.get("designation"))]
    if listed:
        merged["designation"] = listed
    return merged


def _folded(code: str, detail: Detail, fold: Fold) -> bytes:
    said = [
        code,
        text(detail.get("display")),
        *(text(one.get("value")) for one in members(detail.get("designation"))),
    ]
    return words.marked(" ".join(fold(one) for one in said if one)).encode()


def _several_versions(composed: Composed) -> frozenset[str]:
    """The systems of which codes of several versions are in the set."""
    met: dict[str, set[str]] = {}
    for part in composed.parts:
        met.setdefault(part.system, set()).add(part.version)
    return frozenset(system for system, versions in met.items() if len(versions) > 1)


def _page(parts: list[Part], offset: int, most: int) -> Iterator[tuple[Part, int]]:
    """Yield the places of a page, part after part."""
    left = most
    for part in parts:
        length = part.mask.count(1)
        if offset >= length:
            offset -= length
            continue
        for place in _ordered(part, offset):
            if not left:
                return
            left -= 1
            yield part, place
        offset = 0


def _ordered(part: Part, skip: int) -> Iterator[int]:
    if not part.order:
        yield from masks.places(part.mask, skip)
        return
    chosen = [place for place in part.order if part.mask[place]]
    yield from chosen[skip:]
