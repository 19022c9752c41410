"""The rules of 電子カルテ情報共有サービス (C1): the guide CLINS 1.5 with its changes up to 1.11, as data.

`check` answers with every rule that a submission breaks; errors refuse it, warnings and information do not.
A resource whose `meta.profile` ends in `|x.y.z` is held against that version of the guide, all others against
`version`, as the guide says (absent = the newest when received).
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from kakehashi.core.errors import BadRequest, Problem
from kakehashi.fhir.parse import Resource
from kakehashi.services.sharing.rules import (
    allergy,
    bundle,
    checkup,
    collection,
    common,
    condition,
    content,
    document,
    laboratory,
    letters,
    medication,
    patient,
)
from kakehashi.services.sharing.rules.model import (
    MOST_FINDINGS,
    MOST_PROBLEMS,
    Case,
    Member,
    Rule,
    Version,
    Whole,
    version_of,
)
from kakehashi.services.sharing.rules.reading import Tree, profiles
from kakehashi.services.sharing.rules.whole import whole_of

RULES: tuple[Rule, ...] = (
    *bundle.RULES,
    *collection.RULES,
    *patient.RULES,
    *common.RULES,
    *condition.RULES,
    *allergy.RULES,
    *laboratory.RULES,
    *medication.RULES,
    *document.RULES,
    *content.RULES,
    *letters.RULES,
    *checkup.RULES,
)

__all__ = ["RULES", "Rule", "check", "refusals", "version_of"]

_INFORMATION = frozenset({*collection.KINDS, "MedicationRequest"})


def check(
    resource: Resource, *, version: str = "1.11.0", attached: bool = False, whole: Whole | None = None
) -> list[Problem]:
    """Return every rule that the submission breaks, in the order of its entries.

    resource: a Bundle, or one resource alone (then the rules for it alone). version: the guide's, "1.5.0" to
    "1.11.0". attached: the Bundle is attached to another document. whole: the same resource read by `whole_of`, where
    the caller has that. Raises BadRequest for an unknown version.
    """
    wanted = version_of(version)
    if wanted is None:
        raise BadRequest(
            f"実装ガイドの版 {version} は知られていません。",
            f"The guide has no version {version}.",
            rule="C1.version",
        )
    if whole is None:
        whole = whole_of(resource.tree, max(1, len(resource.body)), attached=attached)
    return _told(_problems(whole, wanted, ""))


def refusals(problems: list[Problem]) -> list[Problem]:
    """Return the problems that refuse a submission; it is all or nothing (CLINS guide, A4.8)."""
    return [problem for problem in problems if problem.severity == "error"]


def _told(problems: Iterator[Problem]) -> list[Problem]:
    """The first problems, and among them an error if there is any: the cost of a bad submission stays bounded."""
    told: list[Problem] = []
    refused = False
    for problem in problems:
        if len(told) < MOST_PROBLEMS or (problem.severity == "error" and not refused):
            told.append(problem)
        refused = refused or problem.severity == "error"
        if refused and len(told) >= MOST_PROBLEMS:
            break
    return told


def _problems(whole: Whole, version: Version, prefix: str) -> Iterator[Problem]:
    if whole.size > bundle.MOST_BYTES:  # refused for its size alone: the rest is not looked at
        yield from _of_case(Case(whole.tree, "Bundle", whole, version), ("Bundle/size",))
        return
    if whole.family != "single":
        own = _version_for(whole.tree, version)
        yield from _of_case(Case(whole.tree, prefix or "Bundle", whole, own), _bundle_scopes(whole))
    for member in whole.members:
        place = prefix + member.place.removeprefix("Bundle") if prefix else member.place
        if member.type == "Bundle" and whole.family == "document":
            yield from _problems(whole_of(member.tree, 0, attached=True), version, place)
            continue
        case = Case(member.tree, place, whole, _version_for(member.tree, version))
        yield from _of_case(case, _member_scopes(whole, member))


def _of_case(case: Case, scopes: tuple[str, ...]) -> Iterator[Problem]:
    for rule in _rules_for(scopes, case.version):
        for finding in islice(rule.check(case), MOST_FINDINGS):
            yield rule.problem(case, finding)


def _version_for(tree: Tree, version: Version) -> Version:
    """The version in `meta.profile` counts for this guide's profiles; the check-up guide has its own numbers."""
    for url, said in profiles(tree):
        if said and "eCheckup" not in url and (known := version_of(said)):
            return known
    return version


def _bundle_scopes(whole: Whole) -> tuple[str, ...]:
    if whole.family == "document" and whole.deletes:
        return ("Bundle", "Bundle/size")
    kind = (f"Bundle/{whole.kind.name}",) if whole.kind is not None else ()
    return ("Bundle", "Bundle/size", f"Bundle/{whole.family}", *kind)


def _member_scopes(whole: Whole, member: Member) -> tuple[str, ...]:
    """The scopes of an entry: its type, the family and the document around it, and what it claims to be."""
    names = ["Entry", member.type]
    if member.type == "Observation" and (
        whole.family == "collection" or laboratory.is_laboratory(member.tree)
    ):
        names.append("Laboratory")
    if member.type in _INFORMATION:
        names.append("Information")
    kind = [f"{name}/{whole.kind.name}" for name in names] if whole.kind is not None else []
    return (*names, *(f"{name}/{whole.family}" for name in names), *kind)


@lru_cache(maxsize=1024)
def _rules_for(scopes: tuple[str, ...], version: Version) -> tuple[Rule, ...]:
    wanted = set(scopes)
    return tuple(rule for rule in RULES if wanted & set(rule.applies_to) and rule.holds_in(version))
