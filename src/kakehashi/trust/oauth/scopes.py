"""SMART scopes for resources, versions 1 and 2: `system/*.cruds`, `user/Observation.rs`, `patient/*.read`.

A scope with a query (`?category=…`) grants nothing here: to drop the query would widen it.
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST_SCOPES = 64  # in one request: more is not a request but an attack
_SCOPE = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,39})\.(read|write|\*|(?=[cruds])c?r?u?d?s?)", re.ASCII
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}

# What each interaction needs: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
_NEEDS = {
    "read": "r",
    "vread": "r",
    "history": "r",
    "search": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "export": "rs",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: "patient", "user" or "system"; a resource type or "*"; a set of the letters c r u d s."""

    context: str
    type: str
    letters: frozenset[str]

    def __str__(self) -> str:
        return f"{self.context}/{self.type}." + "".join(one for one in "cruds" if one in self.letters)

    def met(self, other: "Scope") -> "Scope | None":
        """Return what both scopes grant, or None."""
        letters = self.letters & other.letters
        if self.context != other.context or not letters or not (
            self.type == other.type or "*" in (self.type, other.type)
        ):  # fmt: skip
            return None
        return Scope(self.context, other.type if self.type == "*" else self.type, letters)


def parse(text: str) -> Scope | None:
    """Read one scope; None for what grants no resource here (`openid`, `launch`, a query, nonsense)."""
    found = _SCOPE.fullmatch(text)
    if found is None:
        return None
    context, resource_type, letters = found.groups()
    return Scope(context, resource_type, frozenset(_VERSION_1.get(letters, letters)))


def allows(scopes: Sequence[str], resource_type: str, interaction: str) -> bool:
    """Say whether one of the scopes grants the interaction on the type; "*" asks for every type.

    >>> allows(("system/Observation.rs",), "Observation", "search")
    True
    >>> allows(("system/Observation.rs",), "*", "search")
    False
    """
    needed = _NEEDS.get(interaction)
    if needed is None:
        return False
    parsed = _parsed(tuple(scopes))
    return all(
        any(one in scope.letters and scope.type in ("*", resource_type) for scope in parsed) for one in needed
    )


def granted(asked: Iterable[str], allowed: Iterable[str], *, context: str | None = None) -> tuple[str, ...]:
    """Return what is asked for and allowed, in version 2 form, sorted; empty when nothing is.

    `context`: only scopes of this context ("system" for a client without a person).
    """
    permitted = [scope for text in allowed if (scope := parse(text))]
    wanted = [scope for text in asked if (scope := parse(text)) and context in (None, scope.context)]
    met = (both for scope in wanted for other in permitted if (both := scope.met(other)))
    return _merged(met)


def _merged(scopes: Iterable[Scope]) -> tuple[str, ...]:
    letters: dict[tuple[str, str], frozenset[str]] = {}
    for scope in scopes:
        key = (scope.context, scope.type)
        letters[key] = letters.get(key, frozenset()) | scope.letters
    needed = (
        Scope(context, type_, found)
        for (context, type_), found in letters.items()
        if type_ == "*" or not found <= letters.get((context, "*"), frozenset())
    )
    return tuple(sorted(map(str, needed)))


@lru_cache(maxsize=1024)
def _parsed(scopes: tuple[str, ...]) -> tuple[Scope, ...]:
    return tuple(scope for text in scopes if (scope := parse(text)))
