"""Identifiers of people as values, parsed strictly. Pure: no I/O.

Sources: CLINS implementation guide, Patient (member id, rules R1012 and R1013; local number, R1010);
被保険者証の記号・番号・枝番: the branch number tells the members of one household apart, and insurers of the
late-stage elderly (法別番号 39) number each person alone, without symbol or branch.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from kakehashi.core.errors import Problem
from kakehashi.fhir.parse import Resource
from kakehashi.people.folding import fold_dashes

MEMBER_SYSTEM = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
PAYER_SYSTEM = "http://jpfhir.jp/fhir/clins/Idsystem/JP_PublicPayer_memberID"
LOCAL_PREFIX = "urn:oid:1.2.392.100495.20.3.51.1"
LONGEST = 200  # characters of a number that names somebody
GUIDE = "https://jpfhir.jp/fhir/clins/igv1/ (Patient, R1010, R1012, R1013)"

_INSURER = re.compile(r"[0-9]{8}")
_BRANCH = re.compile(r"(?:[0-9]{2})?")
_INSTITUTION = re.compile(r"[0-9]{10}")
_BLANKS = re.compile(r"[\s　]")
_LATE_ELDERLY = "39"


@dataclass(frozen=True, slots=True)
class MemberId:
    """被保険者個人識別子. `symbol` and `number` are as on the card; `branch` "" means that none was given."""

    insurer: str  # 保険者番号, 8 digits
    symbol: str  # 記号
    number: str  # 番号
    branch: str = ""  # 枝番, 2 digits

    @property
    def system(self) -> str:
        """The FHIR system of member ids."""
        return MEMBER_SYSTEM

    @property
    def value(self) -> str:
        """The value as it is matched: width and dashes folded, so that one card has one value."""
        return f"{self.insurer}:{_card(self.symbol)}:{_card(self.number)}:{self.branch}"

    @property
    def names_one(self) -> bool:
        """Whether it names one person: without a branch only for the late-stage elderly, else a household."""
        return bool(self.branch) or self.insurer.startswith(_LATE_ELDERLY)


@dataclass(frozen=True, slots=True)
class PayerId:
    """公費: 公費負担者番号 and 受給者番号. Not proven to name one person for good, so names_one is False."""

    payer: str
    recipient: str
    names_one: bool = False

    @property
    def system(self) -> str:
        """The FHIR system of public payers' ids."""
        return PAYER_SYSTEM

    @property
    def value(self) -> str:
        """The value as it is matched."""
        return f"{self.payer}::{_card(self.recipient)}:"


@dataclass(frozen=True, slots=True)
class LocalNumber:
    """An institution's own number of a patient (診察券番号, カルテ番号)."""

    institution: str  # 医療機関コード, 10 digits
    number: str
    names_one: bool = True

    @property
    def system(self) -> str:
        """The FHIR system, which ends with the institution's code."""
        return LOCAL_PREFIX + self.institution

    @property
    def value(self) -> str:
        """The number with width folded and blanks at the ends removed; leading zeros count."""
        return unicodedata.normalize("NFKC", self.number).strip()


@dataclass(frozen=True, slots=True)
class OtherId:
    """Any other (system, value). It names nobody beyond the institution that says it."""

    system: str
    value: str
    names_one: bool = False


Identifier = MemberId | PayerId | LocalNumber | OtherId


def member_id(insurer: str, symbol: str, number: str, branch: str = "") -> MemberId:
    """Make a member id from what stands on a card; a 6-digit insurer number (国保) is padded to 8 digits."""
    return MemberId(insurer.zfill(8), symbol, number, branch)


def parse(system: str, value: str, place: str = "") -> Identifier | list[Problem]:
    """Return the identifier, or every problem with it. `place` is its FHIRPath, for the problems.

    >>> parse(MEMBER_SYSTEM, "06139877:8740:32483467:02").branch
    '02'
    """
    if len(value) > LONGEST and (system in (MEMBER_SYSTEM, PAYER_SYSTEM) or system.startswith(LOCAL_PREFIX)):
        return [_problem("people.identifier.long", f"{place}.value", *_LONG_TEXT)]
    if system == MEMBER_SYSTEM:
        return _member(value, place)
    if system == PAYER_SYSTEM:
        return _payer(value, place)
    if system.startswith(LOCAL_PREFIX):
        return _local(system.removeprefix(LOCAL_PREFIX), value, place)
    if system.casefold() in _LOOKALIKES:
        return [_problem("people.identifier.system", f"{place}.system", *_system_text(system))]
    if not system or not value.strip():
        return [_problem("people.identifier.empty", place, *_EMPTY_TEXT)]
    return OtherId(system, value)


def of_patient(patient: Resource) -> tuple[list[Identifier], list[Problem]]:
    """Return the identifiers of a Patient, each once and in order, and the problems of the others."""
    good: dict[tuple[str, str], Identifier] = {}
    bad: list[Problem] = []
    for number, system, value in _pairs(patient):
        said = parse(system, value, f"Patient.identifier[{number}]")
        if isinstance(said, list):
            bad += said
        else:
            good.setdefault((said.system, said.value), said)
    return list(good.values()), bad


def _pairs(patient: Resource) -> Iterator[tuple[int, str, str]]:
    listed = patient.tree.get("identifier")
    for number, item in enumerate(cast(list[object], listed) if isinstance(listed, list) else []):
        if isinstance(item, Mapping) and item.get("use") != "old":
            system, value = item.get("system"), item.get("value")
            yield number, system if isinstance(system, str) else "", value if isinstance(value, str) else ""


def _member(value: str, place: str) -> MemberId | list[Problem]:
    parts = value.split(":")
    where = f"{place}.value"
    if len(parts) != 4:
        return [_problem("R1013", where, *_PARTS)]
    insurer, symbol, number, branch = parts
    rules = (
        (_INSURER.fullmatch(insurer), _INSURER_TEXT),
        (not _BLANKS.search(symbol + number), _BLANK_TEXT),
        (number, _NUMBER_TEXT),
        (_BRANCH.fullmatch(branch), _BRANCH_TEXT),
    )
    problems = [_problem("R1013", where, *text) for kept, text in rules if not kept]
    return problems or MemberId(insurer, symbol, number, branch)


def _payer(value: str, place: str) -> PayerId | list[Problem]:
    parts = value.split(":")
    well_formed = len(parts) == 4 and _INSURER.fullmatch(parts[0]) and parts[2] and not (parts[1] or parts[3])
    if not well_formed or _BLANKS.search(value):
        return [_problem("people.identifier.payer", f"{place}.value", *_PAYER_TEXT)]
    return PayerId(parts[0], parts[2])


def _local(institution: str, value: str, place: str) -> LocalNumber | list[Problem]:
    problems = []
    if not _INSTITUTION.fullmatch(institution):
        problems.append(_problem("R1010", f"{place}.system", *_INSTITUTION_TEXT))
    if not value.strip():
        problems.append(_problem("R1010", f"{place}.value", *_LOCAL_TEXT))
    return problems or LocalNumber(institution, value)


def _card(text: str) -> str:
    """Fold what a card's symbol or number may be written like: full width, kinds of dashes, letter case."""
    return fold_dashes(unicodedata.normalize("NFKC", text)).upper()


def _problem(rule: str, place: str, ja: str, en: str) -> Problem:
    return Problem(rule, place, ja, en, "value", source=GUIDE)


def _system_text(system: str) -> tuple[str, str]:
    meant = _LOOKALIKES[system.casefold()]
    return (
        f"この system は正しい表記ではありません。{meant} としてください (大文字・小文字も区別します)。",
        f"This system is misspelt; write {meant} (upper and lower case matter).",
    )


_LOOKALIKES = {right.casefold(): right for right in (MEMBER_SYSTEM, PAYER_SYSTEM)} | {
    "http://jpfhir.jp/fhir/core/idsystem/jp_insurance_memberid": MEMBER_SYSTEM,
    "http://jpfhir.jp/fhir/ecs/idsystem/jp_insurance_memberid": MEMBER_SYSTEM,
    "http://jpfhir.jp/fhir/clins/idsystem/insurance_memberid": MEMBER_SYSTEM,
}
_LONG_TEXT = (
    f"記号・番号や患者番号は {LONGEST} 文字までです。",
    f"An insurance or patient number has {LONGEST} characters at most.",
)
_EMPTY_TEXT = ("system と value の両方が必要です。", "Give both system and value.")
_PARTS = (
    "「保険者番号:記号:番号:枝番」の形で、無い項目も「:」を残します (例 06139877:8740:32483467:02)。",
    "Write insurer:symbol:number:branch; keep the colons of missing parts, e.g. 06139877:8740:32483467:02.",
)
_INSURER_TEXT = (
    "保険者番号は半角数字8桁です。6桁の番号は左を0で埋めてください (例 00131011)。",
    "The insurer number is 8 half-width digits; pad a 6-digit number with zeros on the left, e.g. 00131011.",
)
_BLANK_TEXT = ("記号と番号から空白を除いてください。", "Remove blanks from symbol and number.")
_NUMBER_TEXT = ("番号 (被保険者証の番号) がありません。", "The number of the insurance card is missing.")
_BRANCH_TEXT = (
    "枝番は半角数字2桁です (例 02)。不明なときは空にし、末尾の「:」を残してください。",
    "The branch number is 2 half-width digits, e.g. 02; when unknown leave it empty and keep the last colon.",
)
_PAYER_TEXT = (
    "「公費負担者番号8桁::受給者番号:」の形で書いてください (例 12131234::1234567:)。",
    "Write payer (8 digits)::recipient:, e.g. 12131234::1234567:.",
)
_INSTITUTION_TEXT = (
    "患者番号の system は urn:oid:1.2.392.100495.20.3.51.1 に医療機関コード半角10桁を続けてください。",
    "The system of a local number is urn:oid:1.2.392.100495.20.3.51.1 and the institution's 10 digits.",
)
_LOCAL_TEXT = ("患者番号の値がありません。", "The local number has no value.")
