"""Checks that many rules share, each made from a few words: an element must be there, be fixed, be coded."""

import re
from collections.abc import Callable, Collection, Iterator

from kakehashi.services.sharing.rules.model import Case, Check, Finding
from kakehashi.services.sharing.rules.reading import Tree, claims, many, one, profiles, text

_ZONED = re.compile(r".*T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_MILLISECONDS = re.compile(r".*T\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:\d\d)", re.ASCII)

Found = Iterator[Finding]


def at(tree: Tree, path: str) -> Tree:
    """Return the object at a dotted path of single elements."""
    for name in path.split(".") if path else ():
        tree = one(tree, name)
    return tree


def needs(*paths: str) -> Check:
    """Each path must have a value."""

    def check(case: Case) -> Found:
        for path in paths:
            parent, _, name = path.rpartition(".")
            if at(case.tree, parent).get(name) in (None, "", [], {}):
                yield Finding(f".{path}")

    return check


def forbids(*names: str) -> Check:
    """None of these members may be there."""

    def check(case: Case) -> Found:
        for name in names:
            if name in case.tree:
                yield Finding(f".{name}")

    return check


def fixed(path: str, *values: str) -> Check:
    """The string at the path must be one of the values."""

    def check(case: Case) -> Found:
        parent, _, name = path.rpartition(".")
        said = text(at(case.tree, parent), name)
        if said not in values:
            yield Finding(f".{path}", said)

    return check


def each_needs(path: str, name: str) -> Check:
    """Each object of the list at the path must have the member."""

    def check(case: Case) -> Found:
        parent, _, last = path.rpartition(".")
        for i, item in enumerate(many(at(case.tree, parent), last)):
            if not item.get(name):
                yield Finding(f".{path}[{i}].{name}")

    return check


def coded(path: str, system: str, codes: Collection[str]) -> Check:
    """The CodeableConcept at the path must hold a coding of the system with one of the codes."""

    def check(case: Case) -> Found:
        parent, _, name = path.rpartition(".")
        given = [
            coding for concept in many(at(case.tree, parent), name) for coding in many(concept, "coding")
        ]
        if not any(coding.get("system") == system and coding.get("code") in codes for coding in given):
            said = " ".join(f"{text(coding, 'system')}|{text(coding, 'code')}" for coding in given)
            yield Finding(f".{path}", said)

    return check


def claims_profile(*urls: str) -> Check:
    """`meta.profile` must name one of the URLs, in any version."""

    def check(case: Case) -> Found:
        if not claims(case.tree, *urls):
            yield Finding(".meta.profile", " ".join(url for url, _ in profiles(case.tree)))

    return check


def when(condition: Callable[[Case], object], check: Check) -> Check:
    """The check, only where the condition holds."""

    def guarded(case: Case) -> Found:
        if condition(case):
            yield from check(case)

    return guarded


def is_zoned(moment: str) -> bool:
    """Say whether a time goes to the second and names its zone."""
    return bool(_ZONED.fullmatch(moment))


def has_milliseconds(moment: str) -> bool:
    """Say whether a time goes to the millisecond and names its zone."""
    return bool(_MILLISECONDS.fullmatch(moment))


def zoned(path: str) -> Check:
    """The time at the path, where there is one, goes to the second and names its zone."""

    def check(case: Case) -> Found:
        parent, _, name = path.rpartition(".")
        said = text(at(case.tree, parent), name)
        if said and not is_zoned(said):
            yield Finding(f".{path}", said)

    return check
