"""Sliced lists: which item is of which slice, how many of each, in what order, and what each slice asks of its items.

Source: https://hl7.org/fhir/R4/profiling.html#slicing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.discriminators import Matcher, Seen, matcher
from kakehashi.fhir.profiles.items import Found
from kakehashi.fhir.profiles.registry import Checker, Registry
from kakehashi.fhir.profiles.running import Check, Problems, Scope
from kakehashi.fhir.profiles.trees import Branch
from kakehashi.fhir.shapes import Member

DEFAULT = "@default"
"""The slice for items that no other slice takes."""


class Making(Protocol):
    """What slicing needs of the compiler."""

    checker: Checker
    registry: Registry

    def item(self, branch: Branch, member: Member) -> list[Check]: ...
    def noted(self, branch: Branch) -> Callable[[str, str], None]: ...


@dataclass(frozen=True, slots=True)
class _Slice:
    name: str
    takes: Matcher | None  # None: nobody here can tell
    checks: dict[str, list[Check]]  # by JSON name of the member
    least: int
    most: int | None
    inner: "Sliced | None"  # slices of the slice


@dataclass(frozen=True, slots=True)
class Sliced:
    """The slices of one list."""

    slices: tuple[_Slice, ...]
    default: _Slice | None
    rules: str
    ordered: bool
    url: str

    def check(self, found: list[Found], place: str, scope: Scope) -> None:
        """Say what is wrong with the items as slices; `place` is the list's."""
        taken: list[list[Found]] = [[] for _ in self.slices]
        rest: list[Found] = []
        last = -1
        for one in found:
            number = self._number(one, scope)
            if number is None:
                rest.append(one)
                continue
            taken[number].append(one)
            if self.ordered and number < last:
                scope.say(says.slice_order(one.place, self.slices[number].name, self.url))
            if self.rules == "openAtEnd" and rest:
                scope.say(says.slice_order(rest[-1].place, "", self.url))
            last = max(last, number)
        for each, items in zip(self.slices, taken, strict=True):
            self._slice(each, items, place, scope)
        self._rest(rest, place, scope)

    def _number(self, found: Found, scope: Scope) -> int | None:
        for number, one in enumerate(self.slices):
            if one.takes and one.takes(found, scope):
                return number
        return None

    def _slice(self, one: _Slice, items: list[Found], place: str, scope: Scope) -> None:
        if one.takes is None and one is not self.default:
            return
        if len(items) < one.least:
            scope.say(says.slice_few(place, one.name, one.least, len(items), self.url))
        if one.most is not None and len(items) > one.most:
            at = items[one.most].place
            scope.say(says.slice_many(at, one.name, one.most, len(items), self.url))
        for found in items:
            for check in one.checks.get(found.member.name, ()):
                check(found.node, found.place, scope)
        if one.inner:
            one.inner.check(items, place, scope)

    def _rest(self, rest: list[Found], place: str, scope: Scope) -> None:
        if self.default:
            self._slice(self.default, rest, place, scope)
        elif self.rules == "closed" and all(one.takes for one in self.slices):
            for found in rest:
                scope.say(says.slice_none(found.place, [one.name for one in self.slices], self.url))


def sliced(branch: Branch, members: tuple[Member, ...], make: Making) -> Sliced | None:
    """Return the slices of an element's list, None where it has none."""
    slicing = branch.slicing
    if slicing is None or not branch.slices:
        return None
    made = [_made(name, one, branch, members, make) for name, one in branch.slices.items()]
    default = next((one for one in made if one.name == DEFAULT), None)
    return Sliced(
        tuple(one for one in made if one is not default),
        default,
        slicing.rules,
        slicing.ordered,
        make.checker.profile.url,
    )


def _made(name: str, one: Branch, branch: Branch, members: tuple[Member, ...], make: Making) -> _Slice:
    checks = {member.name: made for member in members if (made := make.item(one, member))}
    takes = None
    if name != DEFAULT and branch.slicing:
        if branch.slicing.discriminator:
            takes = matcher(
                branch.slicing.discriminator, one, name, branch, Seen(make.registry, make.checker.home)
            )
        else:
            takes = _by_everything(checks)
        if takes is None:
            make.noted(one)(
                f"スライス {name} の見分け方が決まらないため、照合しません。",
                f"slice {name}: what tells it apart cannot be worked out, so it is not checked.",
            )
    return _Slice(name, takes, checks, one.rule.min or 0, one.rule.max, sliced(one, members, make))


def _by_everything(checks: dict[str, list[Check]]) -> Matcher:
    """Without a discriminator an item is of a slice when it keeps all that the slice says."""

    def takes(found: Found, scope: Scope) -> bool:
        problems: Problems = []
        aside = scope.aside(problems)
        for check in checks.get(found.member.name, ()):
            check(found.node, found.place, aside)
        return not any(one.severity == "error" for one in problems)

    return takes
