"""Coverage resources as a receptionist reads them: insurer, symbol, number, branch, share to pay, until when. Pure.

States as in オンライン資格確認 (QualificationValidity): 1 有効, 2・3 無効, 4 該当資格なし, 5 複数該当.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kakehashi.people import identifiers
from kakehashi.people.identifiers import MEMBER_SYSTEM, MemberId
from kakehashi.services.viewer.sheet import Sheet, Tree, each, first, number
from kakehashi.terms import japan

_PART = f"{japan.JP}/core/Extension/StructureDefinition/JP_Coverage_InsuredPerson"
_NOT_SAID = ("entered-in-error", "draft")


class State(StrEnum):
    """What an eligibility check ends in."""

    VALID = "valid"
    INVALID = "invalid"
    NONE = "none"
    MANY = "many"


STATES = {
    State.VALID: ("有効", "Valid", "good"),
    State.INVALID: ("無効", "Not valid", "danger"),
    State.NONE: ("該当なし", "None found", "warn"),
    State.MANY: ("複数該当", "More than one", "warn"),
}


@dataclass(frozen=True, slots=True)
class Insured:
    """One coverage. `first`, `last`: both days included; None: open. `copay`: percent paid by the person."""

    custodian: int
    insurer: str
    symbol: str
    number: str
    branch: str
    first: date | None
    last: date | None
    copay: float | None
    dependent: bool
    valid: bool


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What is known of a person's coverage on a day: those that hold first."""

    state: State
    insured: tuple[Insured, ...]


def eligibility_of(sheets: Iterable[Sheet], day: date) -> Eligibility:
    """Return the state on `day` (of Japan), with every coverage found."""
    read = (_insured(sheet, day) for sheet in sheets if sheet.type == "Coverage")
    found = sorted((one for one in read if one), key=lambda one: (not one.valid, -_ordinal(one.last)))
    return Eligibility(_state(found), tuple(found))


def _state(found: Sequence[Insured]) -> State:
    valid = sum(one.valid for one in found)
    if valid > 1:
        return State.MANY
    if valid == 1:
        return State.VALID
    return State.INVALID if found else State.NONE


def _insured(sheet: Sheet, day: date) -> Insured | None:
    tree = sheet.tree
    if tree.get("status") in _NOT_SAID:
        return None
    member = _member(tree)
    start, end = _day(first(tree, "period").get("start")), _day(first(tree, "period").get("end"))
    within = (start is None or start <= day) and (end is None or day <= end)
    code = first(tree, "relationship", "coding").get("code")
    return Insured(
        sheet.custodian,
        member.insurer,
        member.symbol,
        member.number,
        member.branch,
        start,
        end,
        _copay(tree),
        code not in (None, "self"),
        within and tree.get("status") == "active",
    )


def _member(tree: Tree) -> MemberId:
    for one in each(tree, "identifier"):
        if one.get("system") == MEMBER_SYSTEM:
            said = identifiers.parse(MEMBER_SYSTEM, str(one.get("value")))
            if isinstance(said, MemberId):
                return said
    parts = {str(one.get("url")): str(one.get("valueString", "")) for one in each(tree, "extension")}
    return MemberId("", *(parts.get(f"{_PART}{part}", "") for part in ("Symbol", "Number", "SubNumber")))


def _copay(tree: Tree) -> float | None:
    for cost in each(tree, "costToBeneficiary"):
        quantity = first(cost, "valueQuantity")
        if quantity.get("code") == "%" or quantity.get("unit") == "%":
            return number(quantity)
    return None


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None


def _ordinal(day: date | None) -> int:
    return (day or date.max).toordinal()
