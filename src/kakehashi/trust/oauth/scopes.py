"""SMART scopes for resources, versions 1 and 2: `system/*.cruds`, `user/Observation.rs`, `patient/*.read`, and with a
search filter `patient/Observation.rs?category=laboratory`.

A filter narrows what the window shows and what may be written (docs/adr/0020); one that is not understood makes its
scope grant nothing: to drop it would widen the scope. `weighed` says which scopes that were.
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from kakehashi.core.errors import Failure, Problem
from kakehashi.core.narrowing import Filter, Filters, Narrowing
from kakehashi.trust.oauth import scope_filters
from kakehashi.trust.oauth.scope_filters import Query

MOST_SCOPES = 64  # in one request: more is not a request but an attack
MOST_FILTERED = 32  # scopes with a filter in one token
LONGEST = 4_000  # characters of all scopes of a token
_ROOM = 3_800  # of them for records; the rest is for `openid` and its like
_SHOWN = 200  # characters of a scope in a message
_SCOPE = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,39})\.(read|write|\*|(?=[cruds])c?r?u?d?s?)(?:\?([!#-\[\]-~]*))?",
    re.ASCII,
)
_RESOURCE = re.compile(r"(patient|user|system)/", re.ASCII)
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
    """One scope: "patient", "user" or "system"; a resource type or "*"; a set of the letters c r u d s; its filter."""

    context: str
    type: str
    letters: frozenset[str]
    query: Query | None = None

    def __str__(self) -> str:
        letters = "".join(one for one in "cruds" if one in self.letters)
        return f"{self.context}/{self.type}.{letters}" + (f"?{self.query.text}" if self.query else "")

    def met(self, other: "Scope") -> "Scope | None":
        """Return what both scopes grant, or None; of two filters both hold. Raises Invalid where they are too many."""
        letters = self.letters & other.letters
        if self.context != other.context or not letters or not (
            self.type == other.type or "*" in (self.type, other.type)
        ):  # fmt: skip
            return None
        kind = other.type if self.type == "*" else self.type
        return Scope(self.context, kind, letters, _both(kind, self.query, other.query))

    def covers(self, other: "Scope") -> bool:
        """Say whether this one, as far as its letters go, grants all that the other does."""
        if self.context != other.context or self.type not in ("*", other.type):
            return False
        return self.query is None or (other.query is not None and self.query.pairs <= other.query.pairs)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A scope that was asked for and is not granted, and why, for the app's developer."""

    scope: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is granted, in the one way that it is written, and what of it is dropped."""

    scopes: tuple[str, ...]
    dropped: tuple[Dropped, ...] = ()

    @property
    def misread(self) -> tuple[Problem, ...]:
        """What is wrong with the dropped scopes themselves, each naming its scope: what a developer can mend."""
        return tuple(
            replace(
                one.problem,
                ja=f"{one.scope[:_SHOWN]}: {one.problem.ja}",
                en=f"{one.scope[:_SHOWN]}: {one.problem.en}",
            )
            for one in self.dropped
            if one.problem is not _NOT_ALLOWED
        )

    @property
    def told(self) -> list[dict[str, str]]:
        """The dropped scopes as the token endpoint tells of them."""
        return [
            {"scope": one.scope, "rule": one.problem.rule, "ja": one.problem.ja, "en": one.problem.en}
            for one in self.dropped
        ]


def parse(text: str) -> Scope | None:
    """Read one scope; None for what grants no resource here (`openid`, `launch`, a filter not understood, nonsense)."""
    return _read(text)[0]


def allows(scopes: Sequence[str], resource_type: str, interaction: str, *, whole: bool = False) -> bool:
    """Say whether the scopes grant the interaction on the type, be it narrowed; "*" asks for every type.

    `whole`: only where it is not narrowed; for whatever looks at rows by another way than a window.

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
        any(
            one in scope.letters and scope.type in ("*", resource_type) and not (whole and scope.query)
            for scope in parsed
        )
        for one in needed
    )


def narrowed(scopes: Sequence[str], interaction: str) -> Filters:
    """Return to what the scopes narrow an interaction, by type; empty where they narrow none."""
    return _narrowed(tuple(scopes), interaction)


def narrowing(scopes: Sequence[str]) -> Narrowing | None:
    """Return to what the scopes narrow windows, None where they leave them as they are."""
    return _narrowing(tuple(scopes)) if scopes else None


def granted(asked: Iterable[str], allowed: Iterable[str], *, context: str | None = None) -> tuple[str, ...]:
    """Return what is asked for and allowed, in version 2 form, sorted; empty when nothing is.

    Where only a narrower scope is allowed than is asked for, that is granted. `context`: only scopes of this context
    ("system" for a client without a person).
    """
    return weighed(asked, allowed, context=context).scopes


def weighed(asked: Iterable[str], allowed: Iterable[str], *, context: str | None = None) -> Weighed:
    """Return the same, and for each resource scope that is not granted the reason."""
    permitted = [scope for text in allowed if (scope := parse(text))]
    met: list[Scope] = []
    dropped: list[Dropped] = []
    for text in dict.fromkeys(asked):
        wanted, problem = _read(text)
        if wanted is not None and context in (None, wanted.context):
            some, problem = _met_with(wanted, permitted)
            met += some
        if problem is not None:
            dropped.append(Dropped(text, problem))
    kept, beyond = _within(_merged(met))
    return Weighed(kept, (*dropped, *(Dropped(one, _TOO_MUCH) for one in beyond)))


def _met_with(wanted: Scope, permitted: Iterable[Scope]) -> tuple[list[Scope], Problem | None]:
    """What is allowed of a scope, and why nothing is."""
    problem: Problem | None = _NOT_ALLOWED
    found = []
    for other in permitted:
        try:
            if both := wanted.met(other):
                found.append(both)
        except Failure as failure:
            problem = failure.problems[0]
    return found, None if found else problem


def _both(kind: str, one: Query | None, other: Query | None) -> Query | None:
    if one is None or other is None:
        return one or other
    return scope_filters.of_pairs(kind, one.pairs | other.pairs)


def _merged(scopes: Iterable[Scope]) -> list[Scope]:
    """Return as few scopes as say the same: those of one type and filter joined, less what others grant anyway."""
    letters: dict[tuple[str, str, Query | None], frozenset[str]] = {}
    for scope in scopes:
        key = (scope.context, scope.type, scope.query)
        letters[key] = letters.get(key, frozenset()) | scope.letters
    joined = [Scope(context, kind, found, query) for (context, kind, query), found in letters.items()]
    return [needed for one in joined if (needed := _less(one, joined))]


def _less(one: Scope, joined: Sequence[Scope]) -> Scope | None:
    """What a scope grants that no wider one does. An unfiltered one stays whole unless all of it is granted."""
    others = [other.letters for other in joined if other is not one and other.covers(one)]
    left = one.letters.difference(*others)
    if not left:
        return None
    return one if one.query is None else Scope(one.context, one.type, left, one.query)


def _within(scopes: Sequence[Scope]) -> tuple[tuple[str, ...], list[str]]:
    """Return what has room in a token, sorted, and what has not; scopes with a filter go first."""
    kept: list[str] = []
    beyond: list[str] = []
    filtered, room = 0, _ROOM
    for scope in sorted(scopes, key=lambda one: (one.query is not None, str(one))):
        text = str(scope)
        filtered += scope.query is not None
        room -= len(text) + 1
        fits = room >= 0 and filtered <= MOST_FILTERED and len(kept) < MOST_SCOPES
        (kept if fits else beyond).append(text)
    return tuple(sorted(kept)), beyond


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[Scope | None, Problem | None]:
    """Read one scope, or say why a resource scope cannot be; neither for what is none."""
    found = _SCOPE.fullmatch(text)
    if found is None:
        return None, _UNREADABLE if _RESOURCE.match(text) else None
    context, resource_type, letters, query = found.groups()
    if query is not None and letters in _VERSION_1:
        return None, _VERSION_2_ONLY
    try:
        asked = None if query is None else scope_filters.read(resource_type, query)
    except Failure as failure:
        return None, failure.problems[0]
    return Scope(context, resource_type, frozenset(_VERSION_1.get(letters, letters)), asked), None


@lru_cache(maxsize=1024)
def _parsed(scopes: tuple[str, ...]) -> tuple[Scope, ...]:
    return tuple(scope for text in scopes if (scope := parse(text)))


@lru_cache(maxsize=1024)
def _narrowed(scopes: tuple[str, ...], interaction: str) -> Filters:
    first, *more = (_of_letter(_parsed(scopes), letter) for letter in _NEEDS.get(interaction, "r"))
    for one in more:
        first = first.both(one)
    return first


def _of_letter(parsed: Sequence[Scope], letter: str) -> Filters:
    """The filters of each type that the letter is granted on by scopes with filters alone."""
    having = [one for one in parsed if letter in one.letters]
    whole = {one.type for one in having if one.query is None}
    found: dict[str, tuple[Filter, ...]] = {}
    for one in having:
        if one.query is not None and not whole & {"*", one.type}:
            found[one.type] = (*found.get(one.type, ()), one.query.filter)
    return Filters({kind: tuple(dict.fromkeys(found[kind])) for kind in sorted(found)})


@lru_cache(maxsize=1024)
def _narrowing(scopes: tuple[str, ...]) -> Narrowing | None:
    reads, finds = _narrowed(scopes, "read"), _narrowed(scopes, "search")
    return Narrowing(reads, finds, reads) if reads or finds else None


_UNREADABLE = Problem(
    "oauth.scope.form",
    "scope",
    "スコープの形が正しくありません。例: patient/Observation.rs、patient/Observation.rs?category=laboratory",
    "The scope cannot be read. Examples: patient/Observation.rs, patient/Observation.rs?category=laboratory",
)
_VERSION_2_ONLY = Problem(
    "oauth.scope.version",
    "scope",
    "検索条件は SMART 第2版の形 (.rs など) のスコープにだけ付けられます。.read は .rs と書いてください。",
    "Only scopes of SMART's second version take a query: write .rs for .read.",
)
_NOT_ALLOWED = Problem(
    "oauth.scope.not-allowed",
    "scope",
    "このクライアントには許可されていません。運用者に登録を確かめてください。",
    "It is not allowed to this client; ask the operator about its registration.",
    "forbidden",
)
_TOO_MUCH = Problem(
    "oauth.scope.size",
    "scope",
    f"検索条件付きのスコープは {MOST_FILTERED} 個、全体で {LONGEST} 文字までです。",
    f"At most {MOST_FILTERED} scopes with a query, and {LONGEST} characters in all.",
    "too-long",
)
