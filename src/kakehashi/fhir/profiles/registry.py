"""Profiles by what names them: their trees, and their checks, each made when first asked for and once."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from kakehashi.core.errors import Problem
from kakehashi.fhir import definitions
from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.codes import Expander
from kakehashi.fhir.profiles.files import Installed
from kakehashi.fhir.profiles.items import kind_of
from kakehashi.fhir.profiles.library import Entry, Library
from kakehashi.fhir.profiles.model import CORE, Profile, Rule, split
from kakehashi.fhir.profiles.running import DEEPEST, Check, Enough, Problems, Scope, Spent
from kakehashi.fhir.profiles.trees import Branch, laid_upon, tree_of
from kakehashi.fhir.shapes import is_type

_R4_PROFILES = {"SimpleQuantity": ("Quantity", (Rule("comparator", max=0),))}
"""Profiles that R4 itself uses as types, with all that they say."""
_LONGEST_CHAIN = 20  # profiles on profiles


@dataclass(slots=True)
class Checker:
    """One profile, ready to be held against values."""

    number: int
    profile: Profile
    home: Installed | None
    tree: Branch
    check: Check
    notes: list[Problem] = field(default_factory=list)  # what is not checked, and why


@dataclass(frozen=True, slots=True)
class Target:
    """What a canonical names: a type of R4, an installed profile, or nothing that is known (then `kind` is "")."""

    canonical: str
    kind: str
    entry: Entry | None = None
    base: bool = False  # R4's own type or profile

    @property
    def known(self) -> bool:
        """Whether it can be checked."""
        return self.base or self.entry is not None


class Registry:
    """Everything that is installed, compiled as far as it has been asked for."""

    def __init__(self, library: Library, compiled: "Callable[[Checker, Registry], Check]") -> None:
        self.library = library
        self._compile = compiled
        self.codes = Expander(library)
        self._numbers = count()
        self._checkers: dict[tuple[int, int], Checker] = {}
        self._trees: dict[tuple[int, int], tuple[Branch, list[str]]] = {}

    def target(self, canonical: str, home: Installed | None) -> Target:
        """Return what a canonical means, seen from the package that names it."""
        url, _version = split(canonical)
        if entry := self.library.entry("profile", canonical, home):
            return Target(canonical, self.library.read(entry, Profile).type, entry)
        name = url.removeprefix(CORE)
        if name in _R4_PROFILES:
            return Target(canonical, _R4_PROFILES[name][0], base=True)
        known = url.startswith(CORE) and name in definitions.load().structures
        return Target(canonical, name if known else "", base=known)

    def checker(self, entry: Entry) -> Checker:
        """Return the checks of an installed profile."""
        key = (id(entry.package), entry.place.start)
        if key not in self._checkers:
            profile = self.library.read(entry, Profile)
            tree, missing = self.tree(entry)
            checker = Checker(next(self._numbers), profile, entry.package, tree, _nothing)
            checker.notes += [_missing_base(profile.url, canonical) for canonical in missing]
            checker.check = self._compile(checker, self)
            self._checkers[key] = checker  # only now: another thread may be looking for it
        return self._checkers[key]

    def tree(self, entry: Entry) -> tuple[Branch, list[str]]:
        """Return all that a profile and its bases say, and the bases that are not installed."""
        key = (id(entry.package), entry.place.start)
        if key not in self._trees:
            self._trees[key] = self._tree(entry, [])
        return self._trees[key]

    def target_tree(self, target: Target) -> Branch:
        """Return the tree of a target; of R4's own types it is empty."""
        if target.entry:
            return self.tree(target.entry)[0]
        name = split(target.canonical)[0].removeprefix(CORE)
        return tree_of(_R4_PROFILES[name][1] if name in _R4_PROFILES else ())

    def _tree(self, entry: Entry, chain: list[str]) -> tuple[Branch, list[str]]:
        profile = self.library.read(entry, Profile)
        if profile.snapshot:
            return tree_of(profile.rules), []
        base = self.target(profile.base, entry.package)
        if profile.base in chain or len(chain) > _LONGEST_CHAIN or not base.known:
            return tree_of(profile.rules), [profile.base]
        if base.entry is None:
            return laid_upon(self.target_tree(base), profile.rules), []
        below, missing = self._tree(base.entry, [*chain, profile.base])
        return laid_upon(below, profile.rules), missing

    def verdict(self, target: Target, node: Node, place: str, scope: Scope) -> Problems:
        """Return what a known target finds wrong with a value; worked out once in a run."""
        if target.entry is None:
            return self._base_verdict(target, node, place)
        checker = self.checker(target.entry)
        run = scope.run
        key = (id(node.value), checker.number)
        if key in run.verdicts and isinstance(node.value, dict):
            return run.verdicts[key] or []
        run.verdicts[key] = None
        run.depth += 1
        if run.depth > DEEPEST:
            raise Spent
        found: Problems = []
        with suppress(Enough):
            checker.check(node, place, scope.aside(found))
        run.depth -= 1
        run.verdicts[key] = found
        return found

    def _base_verdict(self, target: Target, node: Node, place: str) -> Problems:
        kind = kind_of(node)
        if not is_type(kind, target.kind):
            return [says.wrong_type(place, kind, (target.kind,), target.canonical)]
        barred = [
            branch.rule.id
            for branch in self.target_tree(target).below()
            if branch.rule.max == 0 and branch.rule.id in node.value
        ]
        return [says.too_many(f"{place}.{name}", 0, 1, target.canonical) for name in barred]


def sound(problems: Problems) -> bool:
    """Say whether none of the problems is an error."""
    return not any(one.severity == "error" for one in problems)


def _nothing(_node: Node, _place: str, _scope: Scope) -> None:
    """The check of a profile that is still being compiled."""


def _missing_base(url: str, base: str) -> Problem:
    return says.unchecked(
        url,
        "",
        f"基のプロファイル {base} が導入されていないので、その分は照合しません。",
        f"The base profile {base} is not installed, so what it says is not checked.",
    )
