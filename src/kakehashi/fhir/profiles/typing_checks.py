"""Checks on what a value is, or refers to: profiles of types, profiles and types of references' targets."""

from kakehashi.core.errors import Problem
from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.files import Installed
from kakehashi.fhir.profiles.items import kind_of
from kakehashi.fhir.profiles.model import Rule
from kakehashi.fhir.profiles.registry import Registry, Target, sound
from kakehashi.fhir.profiles.running import Check, Problems, Scope
from kakehashi.fhir.shapes import is_type
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.validation import references


def targets_of(canonicals: tuple[str, ...], registry: Registry, home: Installed | None) -> tuple[Target, ...]:
    """Return what canonicals mean."""
    return tuple(registry.target(one, home) for one in canonicals)


def profile_check(targets: tuple[Target, ...], registry: Registry, url: str) -> Check:
    """Return the check that a value conforms to one of the profiles, all of which are known."""
    names = tuple(one.canonical for one in targets)

    def run(node: Node, place: str, scope: Scope) -> None:
        verdicts = [registry.verdict(one, node, place, scope) for one in targets]
        best = next((one for one in verdicts if sound(one)), None)
        if best is None and len(targets) > 1:
            scope.say(says.not_conforming(place, names, _first(verdicts), "profile.type-profile", url))
            return
        for problem in best if best is not None else verdicts[0]:
            scope.say(problem)

    return run


def resource_check(rule: Rule, registry: Registry, home: Installed | None, url: str) -> Check | None:
    """Return the check of an element that holds a resource: its type, and the profiles that the type must keep."""
    codes = tuple(one.code for one in rule.types)
    if not codes or (set(codes) == {"Resource"} and not any(one.profiles for one in rule.types)):
        return None
    profiles = {
        one.code: profile_check(targets, registry, url)
        for one in rule.types
        if (targets := targets_of(one.profiles, registry, home)) and all(target.known for target in targets)
    }

    def run(node: Node, place: str, scope: Scope) -> None:
        kind = kind_of(node)
        fitting = [code for code in codes if is_type(kind, code)]
        if not fitting:
            scope.say(says.wrong_type(place, kind, codes, url))
        elif check := profiles.get(fitting[0]):
            check(node, place, scope)

    return run


def reference_check(targets: tuple[Target, ...], registry: Registry, url: str) -> Check:
    """Return the check of a reference's target: its type, and where it can be found in the body, its profile."""
    kinds = tuple(dict.fromkeys(one.kind for one in targets if one.kind))
    all_known = all(one.kind for one in targets)

    def run(node: Node, place: str, scope: Scope) -> None:
        text = node.value.get("reference")
        found = scope.resolved(text)
        kind = kind_of(found[0]) if found else _stated(node, text)
        if not kind:
            return
        fitting = [one for one in targets if is_type(kind, one.kind)]
        if not fitting:
            if all_known:
                scope.say(says.target(f"{place}.reference", kind, kinds, url))
        elif found and all_known:
            _conforms(fitting, found, place, scope)

    def _conforms(fitting: list[Target], found: tuple[Node, str], place: str, scope: Scope) -> None:
        target, at = found
        local = ".contained[" in at.removeprefix(scope.place)
        inside = scope.inside(target, at, contained=local)
        verdicts = [registry.verdict(one, target, at, inside) for one in fitting]
        if not any(sound(one) for one in verdicts):
            names = tuple(one.canonical for one in fitting)
            scope.say(says.not_conforming(place, names, _first(verdicts), "profile.target", url))

    return run


def _stated(node: Node, text: object) -> str:
    """The type that a reference names without being followed."""
    kind = references.target_type(text) if isinstance(text, str) else ""
    stated = node.value.get("type")
    return kind or (stated if isinstance(stated, str) and stated in NUMBER else "")


def _first(verdicts: list[Problems]) -> Problem:
    """The first error of the verdict with the fewest."""
    errors = [[one for one in verdict if one.severity == "error"] for verdict in verdicts]
    return min(errors, key=len)[0]
