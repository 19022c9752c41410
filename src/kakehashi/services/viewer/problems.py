"""Problems, and what must always be in sight: allergies, contraindications, infections. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.sheet import Sheet, codes_of, each, first, has_code, words

_ENDED = ("resolved", "remission", "inactive")
_NO_KNOWN = ("716186003", "409137002", "429625007")  # SNOMED CT: no known (drug, food) allergy
ICD10 = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full"
DISEASE = "http://medis.or.jp/CodeSystem/master-disease-keyNumber"
_UNCODED = "99999999"


@dataclass(frozen=True, slots=True)
class Problem:
    """One disease, as every institution that wrote it down sees it.

    Not `dated`: nobody wrote since when, and `since` is when word of it first came in.
    """

    key: str
    name: str
    active: bool
    principal: bool
    suspected: bool
    uninformed: bool
    undelivered: bool
    since: datetime
    dated: bool
    until: str
    custodians: tuple[int, ...]
    ref: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An allergy, contraindication or infection. `severe`: criticality high or a severe reaction.

    Not `dated`: `at` is when it came in.
    """

    kind: Kind
    name: str
    detail: str
    severe: bool
    at: datetime
    dated: bool
    custodian: int
    ref: str


def problems_of(sheets: Iterable[Sheet]) -> list[Problem]:
    """Return one problem for each disease and state, active ones first, newest first."""
    grouped: dict[tuple[str, bool], list[Sheet]] = {}
    for sheet in sheets:
        if sheet.type == "Condition" and not has_code(
            first(sheet.tree, "verificationStatus"), "entered-in-error"
        ):
            active = not has_code(first(sheet.tree, "clinicalStatus"), *_ENDED)
            grouped.setdefault((_disease(sheet), active), []).append(sheet)
    made = [_problem(key, active, members) for (key, active), members in grouped.items()]
    return sorted(made, key=lambda one: (one.active, one.since), reverse=True)


def alerts_of(sheets: Iterable[Sheet]) -> list[Alert]:
    """Return what must be in sight whatever page is open: severe ones first; each substance once."""
    found: dict[tuple[Kind, str], Alert | None] = {}
    for sheet in sorted(sheets, key=lambda one: one.at, reverse=True):  # the newest word on each decides
        if sheet.type in ("AllergyIntolerance", "Observation"):
            name = words(first(sheet.tree, "code"))
            if (sheet.kind, name) not in found:
                found[sheet.kind, name] = _allergy(sheet) or _infection(sheet)
    said = [alert for alert in found.values() if alert]
    return sorted(said, key=lambda one: (not one.severe, one.kind, one.name))


def _disease(sheet: Sheet) -> str:
    concept = first(sheet.tree, "code")
    codes = codes_of(concept)
    number = codes.get(DISEASE)
    return (number if number != _UNCODED else None) or codes.get(ICD10) or words(concept)


def _problem(key: str, active: bool, members: list[Sheet]) -> Problem:
    newest = max(members, key=lambda sheet: sheet.at)
    trees = [sheet.tree for sheet in members]
    days = [sheet.at for sheet in members if sheet.dated]
    return Problem(
        key=key,
        name=words(first(newest.tree, "code")),
        active=active,
        principal=any(
            has_code(first(ext, "valueCodeableConcept"), "principal")
            for t in trees
            for ext in each(t, "extension")
        ),
        suspected=has_code(
            first(newest.tree, "verificationStatus"), "provisional", "unconfirmed", "differential"
        ),
        uninformed=any(sheet.uninformed for sheet in members),
        undelivered=any(sheet.undelivered for sheet in members),
        since=min(days or [sheet.at for sheet in members]),
        dated=bool(days),
        until=str(newest.tree.get("abatementDateTime", ""))[:10],
        custodians=tuple(dict.fromkeys(sheet.custodian for sheet in members)),
        ref=newest.ref,
    )


def _allergy(sheet: Sheet) -> Alert | None:
    if sheet.type != "AllergyIntolerance":
        return None
    tree, concept = sheet.tree, first(sheet.tree, "code")
    ended = has_code(first(tree, "clinicalStatus"), *_ENDED)
    wrong = has_code(first(tree, "verificationStatus"), "entered-in-error", "refuted")
    if ended or wrong or has_code(concept, *_NO_KNOWN):
        return None
    reactions = list(each(tree, "reaction"))
    shown = [words(m) for reaction in reactions for m in each(reaction, "manifestation")]
    severe = tree.get("criticality") == "high" or any(r.get("severity") == "severe" for r in reactions)
    return Alert(
        sheet.kind,
        words(concept),
        "、".join(filter(None, shown)),
        severe,
        sheet.at,
        sheet.dated,
        sheet.custodian,
        sheet.ref,
    )


def _infection(sheet: Sheet) -> Alert | None:
    if sheet.kind is not Kind.INFECTION or sheet.type != "Observation":
        return None
    value = first(sheet.tree, "valueCodeableConcept")
    said = " ".join([words(value), str(sheet.tree.get("valueString", ""))]).strip()
    marked = any(has_code(i, "POS", "A", "AA", "H", "DET") for i in each(sheet.tree, "interpretation"))
    positive = (
        marked or has_code(value, "POS", "+", "1+", "2+", "3+") or said.startswith(("陽性", "(+)", "+"))
    )
    if not positive:
        return None
    return Alert(
        Kind.INFECTION,
        words(first(sheet.tree, "code")),
        said or "陽性",
        True,
        sheet.at,
        sheet.dated,
        sheet.custodian,
        sheet.ref,
    )
