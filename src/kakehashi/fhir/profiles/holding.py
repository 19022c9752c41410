"""Profiles at work: a resource held against those that it claims. `profile_set.ProfileSet` is the door to it."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from kakehashi.core.errors import Problem
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.paths.nodes import Node
from kakehashi.fhir.profiles import says
from kakehashi.fhir.profiles.compiling import compiled
from kakehashi.fhir.profiles.extensions import Holder, Met, context_problem, met
from kakehashi.fhir.profiles.files import Installed
from kakehashi.fhir.profiles.items import kind_of
from kakehashi.fhir.profiles.library import Library
from kakehashi.fhir.profiles.model import CORE, Profile, split
from kakehashi.fhir.profiles.registry import Registry, Target, sound
from kakehashi.fhir.profiles.running import MOST, Enough, Scope, Spent, whole


class Holding:
    """The profiles of some packages, each compiled when first needed. What the methods do: see ProfileSet."""

    def __init__(self, packages: Iterable[Installed]) -> None:
        self.packages = tuple(packages)
        self._library = Library(self.packages)
        self._registry = Registry(self._library, compiled)

    @property
    def urls(self) -> frozenset[str]:
        """The canonical URLs of all profiles, without versions."""
        return self._library.urls

    def check(self, resource: Resource, urls: Iterable[str] | None) -> list[Problem]:
        """Return what profiles find wrong with a resource."""
        scope = whole(resource.tree)
        claimed = tuple(urls) if urls is not None else _claimed(resource.tree)
        try:
            with suppress(Enough):
                self._conform(scope.root, resource.type, scope, claimed)
                for one in met(resource.tree, resource.type, scope) if self.packages else ():
                    if one.holder is None:
                        self._conform(one.node, one.place, one.scope, _claimed(one.node.value))
                    else:
                        self._extension(one, one.holder, scope)
        except Spent:
            scope.problems.append(says.too_costly(resource.type))
        return list(dict.fromkeys(scope.problems))[:MOST]

    def unchecked(self, urls: Iterable[str] | None) -> list[Problem]:
        """Return what profiles ask for and this server does not check."""
        wanted = sorted(self.urls) if urls is None else list(urls)
        entries = [self._library.entry("profile", one) for one in wanted]
        return [note for one in entries if one for note in self._registry.checker(one).notes]

    def _conform(self, node: Node, place: str, scope: Scope, claimed: Iterable[str]) -> None:
        for number, canonical in enumerate(claimed):
            at = f"{place}.meta.profile[{number}]"
            url, version = split(canonical)
            target = self._registry.target(canonical, None)
            if not target.known:
                scope.say(says.unknown_profile(at, canonical))
                continue
            if target.entry and version not in ("", target.entry.place.version, target.entry.package.version):
                scope.say(says.other_version(at, canonical, target.entry.place.version))
            if target.entry is None and kind_of(node) == url.removeprefix(CORE):
                continue
            for problem in self._registry.verdict(target, node, place, scope):
                scope.say(problem)

    def _extension(self, one: Met, holder: Holder, scope: Scope) -> None:
        """Hold an extension against its definition; where packages differ on it, one of theirs is enough."""
        url = one.node.value.get("url")
        if not isinstance(url, str) or url not in self.urls:
            return
        first: list[Problem] | None = None
        for entry in self._library.entries("profile", url):
            profile = self._library.read(entry, Profile)
            misplaced = context_problem(one, profile, holder)
            verdict = self._registry.verdict(Target(url, profile.type, entry), one.node, one.place, one.scope)
            problems = [*([misplaced] if misplaced else []), *verdict]
            if sound(problems):
                return
            first = first or problems
        for problem in first or ():
            scope.say(problem)


def _claimed(tree: dict[str, Any]) -> tuple[str, ...]:
    """The profiles that a resource says it keeps."""
    meta = tree.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return tuple(one for one in profiles if isinstance(one, str)) if isinstance(profiles, list) else ()
