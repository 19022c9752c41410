"""What a checked submission is and does: register or withdraw, what is kept, who it goes to. Pure; touches no store.

Key for replacing and withdrawing: institution, member id, Bundle.identifier system and value (CLINS guide, A4.7).
Registering under a key that is there already replaces the former whole; the store does both in one transaction.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kakehashi.core.actors import Institution
from kakehashi.core.errors import Invalid, Problem
from kakehashi.core.hashing import row_key
from kakehashi.core.ids import derived_id
from kakehashi.core.kinds import Flag, Kind
from kakehashi.fhir import facts
from kakehashi.fhir.parse import Resource
from kakehashi.services.sharing.rules.checkup import WITHDRAWALS, category_codes
from kakehashi.services.sharing.rules.collection import KINDS
from kakehashi.services.sharing.rules.content import code_of
from kakehashi.services.sharing.rules.letters import TO, number_of
from kakehashi.services.sharing.rules.model import Member, Whole
from kakehashi.services.sharing.rules.reading import Tree, identifiers, institution, many, one, text
from kakehashi.services.sharing.rules.whole import whole_of
from kakehashi.terms import japan

ATTACHMENTS: Final = "210"  # section 添付情報
_LETTERS_WITH_PRESCRIPTIONS: Final = frozenset({Kind.REFERRAL, Kind.DISCHARGE})


class Operation(StrEnum):
    """What the submission asks for. Registering under a known key replaces what was there."""

    REGISTER = "register"
    WITHDRAW = "withdraw"


class Retention(StrEnum):
    """How long it is kept, counted from registration. Lengths and sources: `RETENTION`."""

    CLINICAL = "clinical"  # 傷病名, アレルギー, 薬剤禁忌, 感染症, 検査
    LONG = "long"  # flag LTS
    PRESCRIPTION = "prescription"
    DOCUMENT = "document"  # 診療情報提供書, 退院時サマリー
    CHECKUP = "checkup"
    CARE_PLAN = "care-plan"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Length and source of a retention class; None: without end, until the service says how long LTS is."""

    length: timedelta | None
    source: str


_YEARS_5: Final = timedelta(days=5 * 365 + 2)  # five years hold at most two leap days
RETENTION: Final[dict[Retention, Keeping]] = {
    Retention.CLINICAL: Keeping(
        _YEARS_5, "健康・医療・介護情報利活用検討会 医療等情報利活用WG 資料: 登録から5年"
    ),
    Retention.LONG: Keeping(None, "長期保存フラグ: 5年を超えて保存 (期間は非公開)"),
    Retention.PRESCRIPTION: Keeping(_YEARS_5, "同WG資料: 処方は登録から5年"),
    Retention.DOCUMENT: Keeping(
        timedelta(days=183), "共有サービス上の保存6か月 (未確認: 公開資料で確かめられない)"
    ),
    Retention.CHECKUP: Keeping(_YEARS_5, "同WG資料: 健診文書は登録から5年"),
    Retention.CARE_PLAN: Keeping(timedelta(days=183), "患者サマリー: 6か月で非表示"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """What a resend is recognised by."""

    institution: str  # 医療機関10桁
    member: str  # 被保険者個人識別子, as sent
    system: str
    value: str

    def derive(self, *parts: str) -> str:
        """Return the id that this submission's part always gets."""
        return derived_id("sharing", self.institution, self.member, self.system, self.value, *parts)


@dataclass(frozen=True, slots=True)
class Row:
    """One resource that becomes a row.

    index: its position in Bundle.entry, for its exact bytes; inner: its position in the attached Bundle that stands
    there, or None when it stands there itself.
    """

    index: int
    inner: int | None
    own_id: str  # リソース一意識別ID, as sent
    full_url: str
    type: str
    id: str
    kind: Kind
    flags: Flag
    at: datetime | None  # clinical time, UTC
    retention: Retention


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document attached to a referral: the entry, and what it is."""

    index: int
    type: str  # Bundle or DocumentReference
    kind: Kind


@dataclass(frozen=True, slots=True)
class Submission:
    """The plan. `bundle_id` is the id under which the Bundle is kept whole; `origin` its row key, for all rows."""

    operation: Operation
    key: Key
    kind: Kind  # of the Bundle's row: the document's, or SUBMISSION for a collection
    information: str  # a collection's resource type, else ""
    bundle_id: str
    patient: Tree
    patient_id: str  # stable for a person at an institution
    rows: tuple[Row, ...]
    references: dict[str, str]  # fullUrl → "Type/id", to be put in place of the Bundle's own addresses
    addressee: str | None  # 紹介先, 10 digits
    attachments: tuple[Attachment, ...]
    flags: Flag  # of the Bundle's row: as strict as the strictest of what it holds
    at: datetime | None
    retention: Retention
    document: str  # 文書ID, the Composition's own identifier; "" for a collection

    @property
    def origin(self) -> int:
        """The Bundle's row key, by which a replacement finds every row that came of it."""
        return row_key("Bundle", self.bundle_id)


def plan_submission(bundle: Resource, sender: Institution, whole: Whole | None = None) -> Submission:
    """Return what a submission that broke no rule asks for. `whole`: the bundle read by whole_of, where that was done.

    Raises Invalid when the Bundle is another institution's (its identifier or a resource names another number), or
    lacks what the key is made of.
    """
    if whole is None:
        whole = whole_of(bundle.tree, len(bundle.body))
    patient = next((member for member in whole.members if member.type == "Patient"), None)
    key = _key(whole, patient, sender)
    _require_own(whole, sender)
    withdraws = whole.deletes or _asks_for_deletion(whole)
    kind = whole.kind if whole.kind is not None else Kind.SUBMISSION
    rows = () if withdraws else tuple(_rows(whole, key))
    tree = patient.tree if patient else {}
    patient_id = derived_id("sharing", sender.code, key.member, "Patient")
    references = {row.full_url: f"{row.type}/{row.id}" for row in rows}
    if patient:
        references[patient.full_url] = f"Patient/{patient_id}"
    return Submission(
        operation=Operation.WITHDRAW if withdraws else Operation.REGISTER,
        key=key,
        kind=kind,
        information=_information(whole),
        bundle_id=key.derive("Bundle"),
        patient=tree,
        patient_id=patient_id,
        rows=rows,
        references=references,
        addressee=_addressee(whole),
        attachments=tuple(_attachments(whole)),
        flags=facts.flags_of(bundle),
        at=_time(whole, bundle),
        retention=_retention_of(kind, rows),
        document=_own_id(whole.members[0].tree) if whole.kind is not None and whole.members else "",
    )


def document_of(bundle: Tree) -> tuple[str, str]:
    """Return the 文書ID of a document Bundle, and its Bundle.identifier.value; each "" where there is none."""
    first = one(next(iter(many(bundle, "entry")), {}), "resource")
    return _own_id(first), text(one(bundle, "identifier"), "value")


def resent_under_new_id(submission: Submission, known: Mapping[tuple[str, str], str]) -> list[Problem]:
    """Return a problem for each resource that the institution keeps for this person under another Bundle already.

    known: (resource type, own id) → Bundle.identifier.value of what is kept. A resend must name the former Bundle,
    else the same finding would stand twice.
    """
    return [
        _known_already(f"Bundle.entry[{row.index}].resource.identifier", former)
        for row in submission.rows
        if (former := known.get((row.type, row.own_id))) and former != submission.key.value
    ]


def document_resent(submission: Submission, kept: Iterable[Tree]) -> list[Problem]:
    """Return a problem when a document of this 文書ID is kept under another Bundle.identifier already.

    kept: the person's other documents of this kind from this institution, whole. Else a letter sent again would
    reach its addressee twice.
    """
    former = {own: number for own, number in map(document_of, kept) if own}.get(submission.document)
    return [_known_already("Bundle.entry[0].resource.identifier", former)] if former else []


def _known_already(place: str, former: str) -> Problem:
    return Problem(
        "C1.submission.new-identifier", place,
        f"Bundle.identifier「{former}」で登録済みです。"
        "訂正や再送は同じ Bundle.identifier で送るか、先に取り消してください。",
        f"This is registered under Bundle.identifier {former}; resend under that, or withdraw it first.",
        "duplicate", source="CLINS 実装ガイド: 更新は Bundle.identifier を鍵とする",
    )  # fmt: skip


def _key(whole: Whole, patient: Member | None, sender: Institution) -> Key:
    given = identifiers(whole.tree, japan.BUNDLE_ID)
    tree = patient.tree if patient else {}
    people = [*identifiers(tree, japan.MEMBER_ID), *identifiers(tree, japan.PUBLIC_PAYER_ID)]
    if not given or not people or not text(given[0], "value") or not text(people[0], "value"):
        raise Invalid(
            "送信の鍵 (Bundle.identifier と被保険者識別子) がありません。",
            "The submission lacks its key: Bundle.identifier and the member id.",
            rule="C1.submission.key", place="Bundle.identifier",
        )  # fmt: skip
    return Key(sender.code, text(people[0], "value"), japan.BUNDLE_ID, text(given[0], "value"))


def _require_own(whole: Whole, sender: Institution) -> None:
    """Nobody registers, replaces or withdraws in another institution's name."""
    foreign = [("Bundle.identifier.value", whole.sender)] if whole.sender != sender.code else []
    foreign += [
        (f"{member.place}.extension", number)
        for member in whole.members
        if (number := institution(member.tree)) and number != sender.code
    ]
    if foreign:
        raise Invalid(problems=[_not_own(place, number) for place, number in foreign[:50]])


def _not_own(place: str, number: str) -> Problem:
    return Problem(
        "C1.submission.sender", place,
        f"医療機関番号 {number[:20]} は送信した医療機関のものではありません。"
        "自施設の番号に直してください。",
        f"The institution number {number[:20]} is not the sender's; write your own.",
        "business-rule", source="架け橋の受付規則",
    )  # fmt: skip


def _asks_for_deletion(whole: Whole) -> bool:
    composition = whole.members[0].tree if whole.members else {}
    return whole.kind is Kind.CHECKUP and bool(set(category_codes(composition)) & WITHDRAWALS)


def _information(whole: Whole) -> str:
    if whole.family != "collection":
        return ""
    tags = many(one(whole.tree, "meta"), "tag")
    return next((code for tag in tags if (code := text(tag, "code")) in KINDS), "")


def _taken(whole: Whole) -> list[tuple[int, int | None, Member]]:
    """A collection gives all it carries; of documents, attached ones too, only the prescriptions are taken (A4.3)."""
    if whole.family == "collection":
        return [(member.index, None, member) for member in whole.members if member.type in KINDS]
    if whole.kind not in _LETTERS_WITH_PRESCRIPTIONS:
        return []
    own: list[tuple[int, int | None, Member]] = [
        (m.index, None, m) for m in whole.of_type("MedicationRequest")
    ]
    for attached in whole.of_type("Bundle"):
        inner = whole_of(attached.tree, 0, attached=True)
        own += [(attached.index, m.index, m) for m in inner.of_type("MedicationRequest")]
    return own


def _rows(whole: Whole, key: Key) -> list[Row]:
    """The id comes from the resource's own identifier, with a count where a sender used one twice."""
    used: dict[tuple[str, str], int] = {}
    rows = []
    for index, inner, member in _taken(whole):
        name = (member.type, _own_id(member.tree))
        used[name] = used.get(name, 0) + 1
        rows.append(_row(member, key.derive(*name, str(used[name])), index, inner))
    return rows


def _own_id(tree: Tree) -> str:
    given = identifiers(tree, japan.RESOURCE_ID)
    return text(given[0], "value") if given else ""


def _row(member: Member, row_id: str, index: int, inner: int | None) -> Row:
    resource = Resource(member.type, text(member.tree, "id"), b"", member.tree)
    kind, flags = facts.kind_of(resource), facts.flags_of(resource)
    retention = Retention.PRESCRIPTION if kind is Kind.PRESCRIPTION else Retention.CLINICAL
    return Row(
        index, inner, _own_id(member.tree), member.full_url, member.type, row_id, kind, flags,
        facts.clinical_time(resource), Retention.LONG if Flag.LTS in flags else retention,
    )  # fmt: skip


def _addressee(whole: Whole) -> str | None:
    if whole.kind is not Kind.REFERRAL or not whole.members:
        return None
    for section in many(whole.members[0].tree, "section"):
        if code_of(section) == TO:
            for entry in many(section, "entry"):
                member = whole.by_url.get(text(entry, "reference"))
                number = number_of(member) if member and member.type == "Organization" else ""
                if re.fullmatch(japan.INSTITUTION_FORM, number, re.ASCII):
                    return number
    return None


def _attachments(whole: Whole) -> list[Attachment]:
    found = []
    sections = many(whole.members[0].tree, "section") if whole.family == "document" and whole.members else []
    for section in sections:
        if code_of(section) == ATTACHMENTS:
            for entry in many(section, "entry"):
                if member := whole.by_url.get(text(entry, "reference")):
                    kind = facts.kind_of(Resource(member.type, "", b"", member.tree))
                    found.append(Attachment(member.index, member.type, kind))
    return found


def _time(whole: Whole, bundle: Resource) -> datetime | None:
    """A document's date is its Composition's; a collection's is when it was made."""
    if whole.kind is not None and whole.members and whole.members[0].type == "Composition":
        return facts.clinical_time(Resource("Composition", "", b"", whole.members[0].tree))
    return facts.clinical_time(bundle)


def _retention_of(kind: Kind, rows: tuple[Row, ...]) -> Retention:
    if kind in _LETTERS_WITH_PRESCRIPTIONS:
        return Retention.DOCUMENT
    if kind is Kind.CHECKUP:
        return Retention.CHECKUP
    if kind is Kind.CARE_PLAN:
        return Retention.CARE_PLAN
    return Retention.LONG if any(row.retention is Retention.LONG for row in rows) else Retention.CLINICAL
