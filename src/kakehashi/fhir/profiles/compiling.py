"""A profile's tree becomes functions: one for each element of which it says more than R4."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import msgspec

from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.checks import binding_check, invariant_checks, value_checks
from kakehashi.fhir.profiles.items import Found, items, kind_of
from kakehashi.fhir.profiles.model import Rule
from kakehashi.fhir.profiles.registry import Checker, Registry
from kakehashi.fhir.profiles.running import Check, Scope
from kakehashi.fhir.profiles.slicing import Sliced, sliced
from kakehashi.fhir.profiles.trees import Branch
from kakehashi.fhir.profiles.typing_checks import profile_check, reference_check, resource_check, targets_of
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, is_type, shape
from kakehashi.fhir.types import NUMBER


def compiled(checker: Checker, registry: Registry) -> Check:
    """Return the check of a profile: a value of its type, its place, and where it stands."""
    compiler = _Compiler(checker, registry)
    kind, url, root = checker.profile.type, checker.profile.url, checker.tree
    inner = [
        *value_checks(root.rule, _root_member(kind), url),
        *invariant_checks(root.rule.constraints, url, compiler.noted(root)),
        *compiler.children(root, shape(kind)),
    ]

    def run(node: Node, place: str, scope: Scope) -> None:
        given = kind_of(node)
        if not is_type(given, kind):
            scope.say(says.wrong_type(place, given, (kind,), url))
            return
        for check in inner:
            check(node, place, scope)

    return run


def _root_member(kind: str) -> Member:
    element = shape(kind).elements[0]
    return Member(kind, element, kind, element.types[0], False)


@dataclass(slots=True)
class _Compiler:
    checker: Checker
    registry: Registry
    # By branch and type. An entry is there before it is filled: elements may contain themselves.
    _items: dict[tuple[int, str, str], list[Check]] = field(default_factory=dict)
    _making: Lock = field(default_factory=Lock)  # a nested resource's type is compiled when it is first met
    _under_way: set[int] = field(default_factory=set)  # entries of `_items` that are being filled
    _repeated: dict[tuple[int, str], Branch] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.checker.profile.url

    def noted(self, branch: Branch) -> Callable[[str, str], None]:
        """Return what notes, once, that something about an element is not checked."""
        place = ".".join(filter(None, (self.checker.profile.type, branch.rule.id)))

        def note(ja: str, en: str) -> None:
            if en not in self._noted:
                self._noted.add(en)
                self.checker.notes.append(says.unchecked(self.url, place, ja, en))

        return note

    def children(self, branch: Branch, known: Shape) -> list[Check]:
        """Return the checks of an object's elements; those that its shape does not have are another type's."""
        source = self._source(branch)
        below = {**source.children, **self._again(source, known)}
        found = (self.listed(child, name, known) for name, child in below.items())
        return [one for one in found if one]

    def _source(self, branch: Branch) -> Branch:
        return (branch.rule.content and self.checker.tree.at(branch.rule.content)) or branch

    def _again(self, source: Branch, known: Shape) -> dict[str, Branch]:
        """The elements that R4 says have another's content (Questionnaire.item.item): they keep that other's rules."""
        found = {}
        for name, member in known.members.items():
            path = member.element.content.partition(".")[2]
            said = source.children.get(name)
            if not path or self.checker.tree.at(path) is None or (said and said.children):
                continue
            key = (id(source), name)
            if key not in self._repeated:
                rule = said.rule if said else Rule(f"{source.rule.id}.{name}")
                self._repeated[key] = Branch(
                    msgspec.structs.replace(rule, content=path), {}, said.slices if said else {}
                )
            found[name] = self._repeated[key]
        return found

    def listed(self, branch: Branch, name: str, known: Shape) -> Check | None:
        """Return the check of one element: how often it is there, of what types, each item, and its slices."""
        plain = name.removesuffix("[x]")
        single = known.members.get(plain)
        members = known.choices.get(plain) or ((single,) if single else ())
        if not members:
            return None
        checks = {one.name: self.item(branch, one) for one in members}
        checks = {name: found for name, found in checks.items() if found or id(found) in self._under_way}
        barred = _barred(branch, members)
        slices = sliced(branch, members, self)
        least, most = branch.rule.min or 0, branch.rule.max
        if not (checks or barred or slices or least or most is not None):
            return None
        return _Listed(members, checks, barred, slices, least, most, plain, self.url).check

    def item(self, branch: Branch, member: Member) -> list[Check]:
        """Return the checks of one item of an element, written as a member."""
        key = (id(branch), member.shape, member.type.code)
        if key not in self._items:
            made = self._items[key] = []
            self._under_way.add(id(made))
            made += self._value(branch, member)
            made += self._typed(branch, member)
            made += self._below(branch, member)
            self._under_way.discard(id(made))
        return self._items[key]

    def _value(self, branch: Branch, member: Member) -> list[Check]:
        rule, note = branch.rule, self.noted(branch)
        found = [*value_checks(rule, member, self.url)]
        if rule.binding:
            codes = self.registry.codes.codes(rule.binding, self.checker.home)
            if check := binding_check(rule, codes, member, self.url):
                found.append(check)
            if not codes.whole:
                rest = ", ".join(sorted(codes.open)) or codes.url
                note(
                    f"値セット {codes.url}: {rest} の内容がないため、その分は照合しません。",
                    f"value set {codes.url}: the content of {rest} is not here, so that much is not checked.",
                )
        if member.shape != RESOURCE:
            found += invariant_checks(rule.constraints, self.url, note)
        return found

    def _typed(self, branch: Branch, member: Member) -> list[Check]:
        home = self.checker.home
        if member.shape == RESOURCE:
            check = resource_check(branch.rule, self.registry, home, self.url)
            self._note_unknown(branch, tuple(p for one in branch.rule.types for p in one.profiles))
            return [check] if check else []
        found = []
        for one in branch.rule.types:
            if one.code != member.type.code:
                continue
            profiles = targets_of(one.profiles, self.registry, home)
            if profiles and all(target.known for target in profiles):
                found.append(profile_check(profiles, self.registry, self.url))
            if one.targets and member.type.code == "Reference":
                found.append(
                    reference_check(targets_of(one.targets, self.registry, home), self.registry, self.url)
                )
            self._note_unknown(branch, (*one.profiles, *one.targets))
        return found

    def _note_unknown(self, branch: Branch, canonicals: tuple[str, ...]) -> None:
        for one in targets_of(canonicals, self.registry, self.checker.home):
            if not one.known:
                self.noted(branch)(
                    f"プロファイル {one.canonical} は導入されていないため、照合しません。",
                    f"profile {one.canonical} is not installed, so it is not checked.",
                )

    def _below(self, branch: Branch, member: Member) -> list[Check]:
        if member.shape == RESOURCE:
            return [self._nested(branch)] if branch.children or branch.rule.constraints else []
        if not member.primitive:
            return self.children(branch, shape(member.shape))
        checks = self.children(branch, shape("Element"))
        return [_beside(checks)] if checks else []

    def _nested(self, branch: Branch) -> Check:
        """The checks on a resource within: what its elements are depends on its type."""
        invariants = list(invariant_checks(branch.rule.constraints, self.url, self.noted(branch)))
        kinds: dict[str, list[Check]] = {}

        def run(node: Node, place: str, scope: Scope) -> None:
            kind = kind_of(node)
            if kind not in kinds:
                with self._making:
                    kinds[kind] = self.children(branch, shape(kind)) if kind in NUMBER else []
            for check in (*invariants, *kinds[kind]):
                check(node, place, scope)

        return run


def _barred(branch: Branch, members: tuple[Member, ...]) -> frozenset[str]:
    """The JSON names of a choice that the profile leaves no type for."""
    codes = {one.code for one in branch.rule.types}
    if not codes or not members[0].element.choice:
        return frozenset()
    return frozenset(one.name for one in members if one.type.code not in codes)


def _beside(checks: list[Check]) -> Check:
    """Checks on what stands beside a primitive: its id and extensions."""

    def run(node: Node, place: str, scope: Scope) -> None:
        inner = Node(node.shadow or {}, "Element")
        for check in checks:
            check(inner, place, scope)

    return run


@dataclass(frozen=True, slots=True)
class _Listed:
    """All that a profile says of one element of an object."""

    members: tuple[Member, ...]
    checks: dict[str, list[Check]]
    barred: frozenset[str]
    slices: Sliced | None
    least: int
    most: int | None
    name: str
    url: str

    def check(self, owner: Node, place: str, scope: Scope) -> None:
        found = items(owner.value, self.members, place)
        scope.run.spend(len(found) + 1)
        count = len(found)
        if count < self.least:
            scope.say(says.too_few(f"{place}.{self.name}", self.least, count, self.url))
        if self.most is not None and count > self.most:
            scope.say(says.too_many(f"{place}.{self.name}", self.most, count, self.url))
            if self.most == 0:
                return
        for one in found:
            self._item(one, scope)
        if self.slices:
            self.slices.check(found, f"{place}.{self.name}", scope)

    def _item(self, found: Found, scope: Scope) -> None:
        at, node, member = found
        if member.name in self.barred:
            allowed = tuple(one.type.code for one in self.members if one.name not in self.barred)
            scope.say(says.wrong_type(at, member.type.code, allowed, self.url))
        inner = scope
        if member.shape == RESOURCE:
            inner = scope.inside(node, at, contained=member.name == "contained")
        for check in self.checks.get(member.name, ()):
            check(node, at, inner)
