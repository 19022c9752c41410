"""What tells slices apart: a discriminator's path on the data and on the definition, and the test at its end.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kakehashi.fhir.paths.functions import has_type
from kakehashi.fhir.paths.nodes import Node, shape_of
from kakehashi.fhir.profiles.codes import Codes, codings_of
from kakehashi.fhir.profiles.files import Installed
from kakehashi.fhir.profiles.items import Found, items, kind_of
from kakehashi.fhir.profiles.matching import test_of
from kakehashi.fhir.profiles.model import Discriminator, split
from kakehashi.fhir.profiles.registry import Registry, Target, sound
from kakehashi.fhir.profiles.running import Scope
from kakehashi.fhir.profiles.trees import Branch
from kakehashi.fhir.shapes import RESOURCE, is_type, shape

Matcher: TypeAlias = Callable[[Found, Scope], bool]
"""Says whether an item is of a slice."""
Test: TypeAlias = Callable[[Any], bool]

_STEP = re.compile(
    r"(?P<this>\$this)|extension\(\s*'(?P<extension>[^']*)'\s*\)|(?P<resolve>resolve\(\))"
    r"|ofType\(\s*(?P<type>\w+)\s*\)|(?P<name>\w+)(?:\[x\])?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What canonicals mean, seen from a package."""

    registry: Registry
    home: Installed | None

    def target(self, canonical: str) -> Target:
        """Return what a profile's canonical means."""
        return self.registry.target(canonical, self.home)

    def codes(self, canonical: str) -> Codes:
        """Return the codes of a value set."""
        return self.registry.codes.codes(canonical, self.home)


@dataclass(frozen=True, slots=True)
class _Step:
    kind: str  # this, extension, resolve, type, name
    text: str


@dataclass(frozen=True, slots=True)
class _At:
    """A value that a path leads to, with its place and where references from it are looked up."""

    node: Node
    place: str
    scope: Scope


def matcher(
    discriminators: Iterable[Discriminator], one: Branch, name: str, whole: Branch, seen: Seen
) -> Matcher | None:
    """Return what tells whether an item is of the slice `one` of `whole`; None where that cannot be decided."""
    parts = [_part(each, one, name, whole, seen) for each in discriminators]
    known = [part for part in parts if part]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else lambda found, scope: all(part(found, scope) for part in known)


def _part(discriminator: Discriminator, one: Branch, name: str, whole: Branch, seen: Seen) -> Matcher | None:
    steps = _steps(discriminator.path)
    if steps is None:
        return None
    ends = _ends([one], steps, seen)
    match discriminator.type:
        case "value" | "pattern":
            test = _value_test(ends, one, steps, seen)
            if test:
                return _on_values(steps, test)
            return _on_presence(steps, [*ends, *_ends([whole], steps, seen)])
        case "exists":
            return _on_presence(steps, ends)
        case "type":
            return _on_type(steps, ends, name, seen)
        case "profile":
            return _on_profile(steps, ends, seen)
    return None


def _steps(path: str) -> tuple[_Step, ...] | None:
    """The steps of a discriminator's path; None for one outside HL7's restricted FHIRPath."""
    found: list[_Step] = []
    at = 0
    while at < len(path):
        match = _STEP.match(path, at)
        if not match or not match.lastgroup:
            return None
        if match.lastgroup != "this":
            found.append(_Step(match.lastgroup, match[match.lastgroup]))
        at = match.end() + 1
        if at <= len(path) and path[at - 1] != ".":
            return None
    return tuple(found)


# On the definition


def _ends(branches: list[Branch], steps: tuple[_Step, ...], seen: Seen) -> list[Branch]:
    """The definitions that a path leads to: in the slice, and in the one profile that its type must keep."""
    for step in steps:
        if step.kind == "resolve":
            continue
        below = [*branches, *(root for one in branches for root in _profiled(one, seen))]
        branches = [found for one in below for found in _stepped(one, step)]
    return [*branches, *(root for one in branches for root in _profiled(one, seen))]


def _profiled(one: Branch, seen: Seen) -> list[Branch]:
    canonicals = [profile for kind in one.rule.types for profile in kind.profiles]
    if len(canonicals) != 1:
        return []
    target = seen.target(canonicals[0])
    return [seen.registry.target_tree(target)] if target.known else []


def _stepped(one: Branch, step: _Step) -> list[Branch]:
    if step.kind == "name":
        found = (one.children.get(step.text), one.children.get(f"{step.text}[x]"))
        return [branch for branch in found if branch]
    if step.kind == "type":
        name = one.rule.id.rpartition(".")[2].partition("[")[0]
        slice_name = name + step.text[:1].upper() + step.text[1:]
        return [one.slices.get(slice_name, one)]
    extensions = one.children.get("extension")
    return [
        each
        for each in (extensions.slices.values() if extensions else ())
        if any(split(p)[0] == step.text for kind in each.rule.types for p in kind.profiles)
    ]


def _value_test(ends: list[Branch], one: Branch, steps: tuple[_Step, ...], seen: Seen) -> Test | None:
    tests = [test for end in ends if (test := _determined(end, seen))]
    if not tests and steps == (_Step("name", "url"),):
        urls = frozenset(split(p)[0] for kind in one.rule.types for p in kind.profiles)
        return (lambda value: isinstance(value, str) and value in urls) if urls else None
    return _all(tests)


def _all(tests: list[Test]) -> Test | None:
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda value: all(test(value) for test in tests)


def _determined(branch: Branch, seen: Seen) -> Test | None:
    """What a definition asks of a value, where it is enough to tell slices apart."""
    rule = branch.rule
    if test := test_of(rule.fixed, rule.pattern):
        return test
    if rule.binding and rule.strength == "required":
        codes = seen.codes(rule.binding)
        if codes.told:
            return _coded_test(codes)
    return _all([test for name, child in branch.children.items() if (test := _child(name, child, seen))])


def _child(name: str, child: Branch, seen: Seen) -> Test | None:
    """The test that a member keeps what its definition, and those of its slices that must be there, ask."""
    needed = [one for one in child.slices.values() if one.rule.min]
    tests = [test for one in (child, *needed) if (test := _determined(one, seen))]
    if not tests or name.endswith("[x]"):
        return None
    optional = not child.rule.min and not needed

    def run(value: Any) -> bool:
        given = value.get(name) if isinstance(value, dict) else None
        listed = given if isinstance(given, list) else [] if given is None else [given]
        return (optional and not listed) or all(any(test(one) for one in listed) for test in tests)

    return run


def _coded_test(codes: Codes) -> Test:
    plain = codes.only_codes()

    def run(value: Any) -> bool:
        if not isinstance(value, dict):
            return plain(value)
        listed = codings_of(value) if "coding" in value else [value]
        return any(codes.holds(one.get("system"), one.get("code")) for one in listed)

    return run


# On the data


def _walked(found: Found, scope: Scope, steps: tuple[_Step, ...]) -> list[_At]:
    at = [_At(found.node, found.place, scope)]
    for step in steps:
        at = [deeper for one in at for deeper in _walk(one, step)]
    return at


def _walk(at: _At, step: _Step) -> list[_At]:
    if step.kind == "type":
        return [at] if has_type(at.node, step.text) else []
    if step.kind == "resolve":
        return _resolved(at)
    name = "extension" if step.kind == "extension" else step.text
    known = shape_of(at.node)
    owner = at.node.value
    if known is None:
        known, owner = shape("Element"), at.node.shadow or {}
    single = known.members.get(name)
    members = known.choices.get(name) or ((single,) if single else ())
    found = (_inner(at, one) for one in items(owner, members, at.place))
    if step.kind == "extension":
        return [one for one in found if one.node.value.get("url") == step.text]
    return list(found)


def _inner(at: _At, found: Found) -> _At:
    if found.member.shape != RESOURCE:
        return _At(found.node, found.place, at.scope)
    inside = at.scope.inside(found.node, found.place, contained=found.member.name == "contained")
    return _At(found.node, found.place, inside)


def _resolved(at: _At) -> list[_At]:
    text = at.node.value.get("reference") if isinstance(at.node.value, dict) else at.node.value
    found = at.scope.resolved(text)
    if not found:
        return []
    contained = isinstance(text, str) and text.startswith("#")
    return [_At(*found, at.scope.inside(*found, contained=contained))]


def _on_values(steps: tuple[_Step, ...], test: Test) -> Matcher:
    if not steps:
        return lambda found, _scope: test(found.node.value)
    if len(steps) == 1 and steps[0].kind == "name":
        name = steps[0].text

        def quick(found: Found, scope: Scope) -> bool:
            value = found.node.value
            given = value.get(name) if type(value) is dict else None
            if given is not None and type(given) is not list:
                return test(given)
            return any(test(one.node.value) for one in _walked(found, scope, steps))

        return quick
    return lambda found, scope: any(test(one.node.value) for one in _walked(found, scope, steps))


def _on_presence(steps: tuple[_Step, ...], ends: list[Branch]) -> Matcher | None:
    wanted = (
        True
        if any(one.rule.min for one in ends)
        else False
        if any(one.rule.max == 0 for one in ends)
        else None
    )
    if wanted is None:
        return None
    return lambda found, scope: bool(_walked(found, scope, steps)) is wanted


def _on_type(steps: tuple[_Step, ...], ends: list[Branch], name: str, seen: Seen) -> Matcher | None:
    kinds = {kind.code for one in ends for kind in one.rule.types}
    if any(step.kind == "resolve" for step in steps):
        kinds = {target.kind for one in ends for target in _targets(one, seen)}
    if not steps and not kinds:
        return lambda found, _scope: found.member.name == name
    if not kinds or "" in kinds:
        return None
    return lambda found, scope: any(
        has_type(one.node, kind) for one in _walked(found, scope, steps) for kind in kinds
    )


def _targets(one: Branch, seen: Seen) -> list[Target]:
    return [seen.target(target) for kind in one.rule.types for target in kind.targets]


def _on_profile(steps: tuple[_Step, ...], ends: list[Branch], seen: Seen) -> Matcher | None:
    """By conformance: to a profile of the type, or of what a reference finds; else by the type alone."""
    if any(step.kind == "resolve" for step in steps):
        targets = [target for one in ends for target in _targets(one, seen)]
    else:
        profiles = (profile for one in ends for kind in one.rule.types for profile in kind.profiles)
        targets = [seen.target(one) for one in profiles]
    kinds = {kind.code for one in ends for kind in one.rule.types if not kind.profiles} - {"Reference"}
    if (not targets and not kinds) or not all(one.known for one in targets):
        return None

    def takes(found: Found, scope: Scope) -> bool:
        for at in _walked(found, scope, steps):
            kind = kind_of(at.node)
            if not targets and any(is_type(kind, one) for one in kinds):
                return True
            for target in targets:
                if is_type(kind, target.kind) and sound(
                    seen.registry.verdict(target, at.node, at.place, at.scope)
                ):
                    return True
        return False

    return takes
