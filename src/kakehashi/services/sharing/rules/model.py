"""What a rule is, what it looks at, and which version of the guide asks for it. No rule stands here."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kakehashi.core.errors import Problem, Severity
from kakehashi.core.kinds import Kind
from kakehashi.services.sharing.rules.reading import Tree

Version = tuple[int, int, int]

KNOWN_VERSIONS: tuple[Version, ...] = (
    (1, 5, 0), (1, 5, 1), (1, 5, 2), (1, 5, 3), (1, 5, 4), (1, 5, 5),
    (1, 6, 0), (1, 7, 0), (1, 8, 0), (1, 9, 0), (1, 10, 0), (1, 11, 0),
)  # fmt: skip
FIRST, LATEST = KNOWN_VERSIONS[0], KNOWN_VERSIONS[-1]
PROFILE_VERSION_1: Version = (1, 5, 2)  # until 1.5.2 every profile said version 1, whatever the guide's was
MOST_FINDINGS = 50  # findings of one rule in one resource; more tell the sender nothing new
MOST_PROBLEMS = 500  # problems told of one submission; the rest is told when these are mended

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?", re.ASCII)


def version_of(text: str) -> Version | None:
    """Return the guide's version that a text names ("1.11.0", "1.6", "1"), or None where there is none such.

    >>> version_of("1.6"), version_of("1"), version_of("x.x.x-instance")
    ((1, 6, 0), (1, 5, 2), None)
    """
    if text == "1":
        return PROFILE_VERSION_1
    if not (found := _VERSION.fullmatch(text)):
        return None
    said = (int(found[1]), int(found[2]), int(found[3] or 0))
    return said if said in KNOWN_VERSIONS else None


class Finding(NamedTuple):
    """Where a rule is broken, beneath the place of the case, and what stood there (repeated to the sender only)."""

    place: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the Bundle. `place`: `Bundle.entry[3].resource`."""

    index: int
    full_url: str
    type: str
    tree: Tree
    place: str


@dataclass(frozen=True, slots=True)
class Whole:
    """The submission around a case. `family`: collection, document, single (one resource alone) or unknown."""

    family: str
    kind: Kind | None  # of a document; None: not recognised, or not a document
    tree: Tree
    size: int  # bytes as received
    members: tuple[Member, ...]
    by_url: Mapping[str, Member]  # by fullUrl, and by Type/id
    by_type: Mapping[str, list[Member]]
    attached: bool  # inside another document
    deletes: bool  # the Patient alone
    odd_text: frozenset[str]  # which signs of odd text some string holds (bundle.ODD_TEXT)
    member_ids: frozenset[tuple[str, str]]  # (system, value) of the first Patient's insurance identifiers
    sender: str  # institution number in Bundle.identifier, else ""

    def of_type(self, name: str) -> list[Member]:
        """Return the entries of one resource type, in order."""
        return self.by_type.get(name, [])


@dataclass(frozen=True, slots=True)
class Case:
    """What a check is given: a resource, its place, the submission around it, and the version that holds for it."""

    tree: Tree
    place: str
    whole: Whole
    version: Version


Check = Callable[[Case], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. It holds from version `since` (included) to `until` (excluded); None means without end.

    applies_to: scopes such as "Bundle/collection", "Condition", "Condition/collection", "Composition/REFERRAL".
    ja, en: what is wrong and how to mend it.
    """

    id: str
    since: Version | None
    until: Version | None
    applies_to: tuple[str, ...]
    severity: Severity
    ja: str
    en: str
    source: str
    check: Check

    def holds_in(self, version: Version) -> bool:
        """Say whether the rule is part of that version of the guide."""
        return (self.since is None or version >= self.since) and (self.until is None or version < self.until)

    def problem(self, case: Case, finding: Finding) -> Problem:
        """Return the problem that the sender is told."""
        seen = finding.seen[:120]
        ja = f"{self.ja}（受け取った値: {seen}）" if seen else self.ja
        en = f"{self.en} (received: {seen})" if seen else self.en
        return Problem(
            self.id, case.place + finding.place, ja, en, "business-rule", self.severity, self.source
        )


def rule(
    id: str,  # noqa: A002
    applies_to: str,
    ja: str,
    en: str,
    source: str,
    check: Check,
    *,
    since: Version | None = None,
    until: Version | None = None,
    severity: Severity = "error",
) -> Rule:
    """Return a rule; `applies_to` holds scopes with a blank between."""
    return Rule(id, since, until, tuple(applies_to.split()), severity, ja, en, source, check)
