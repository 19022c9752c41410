"""One person's record as the viewer shows it: put together from what the window let through. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.checkups import Table, checkups_of
from kakehashi.services.viewer.documents import Document, documents_of
from kakehashi.services.viewer.labs import Series, series_of
from kakehashi.services.viewer.medicines import Medicine, medicines_of
from kakehashi.services.viewer.problems import Alert, Problem, alerts_of, problems_of
from kakehashi.services.viewer.sheet import Sheet, Tree, each, first
from kakehashi.services.viewer.timeline import Day, day_of, timeline_of

_MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
_REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_SEXES = {
    "male": ("男", "male"),
    "female": ("女", "female"),
    "other": ("その他", "other"),
    "unknown": ("不明", "unknown"),
}


@dataclass(frozen=True, slots=True)
class Banner:
    """Who this is. Two sources of a wrong patient are told apart by kana and birth date, so both are here."""

    name: str
    kana: str
    birth: date | None
    age: int | None
    sex: tuple[str, str]
    address: str
    member: str

    def described(
        self, name: str, kana: str, birth: date | None, sex: str, address: str, at: datetime
    ) -> "Banner":
        """Return the banner with what the register of persons says, where no Patient resource may be seen."""
        age = _age(birth, day_of(at)) if birth else None
        return Banner(name, kana, birth, age, _SEXES.get(sex, _SEXES["unknown"]), address, self.member)


@dataclass(frozen=True, slots=True)
class Record:
    """All parts of the viewer's page."""

    banner: Banner
    alerts: list[Alert]
    problems: list[Problem]
    medicines: list[Medicine]
    labs: list[Series]
    vitals: list[Series]
    documents: list[Document]
    days: list[Day]
    checkups: Table
    custodians: tuple[int, ...]


def record_of(sheets: Sequence[Sheet], at: datetime) -> Record:
    """Put the record together as of `at`."""
    of = {kind: [sheet for sheet in sheets if sheet.kind is kind] for kind in Kind}
    return Record(
        banner=banner_of(of[Kind.PATIENT], at),
        alerts=alerts_of([*of[Kind.CONTRAINDICATION], *of[Kind.ALLERGY], *of[Kind.INFECTION]]),
        problems=problems_of(of[Kind.CONDITION]),
        medicines=medicines_of([*of[Kind.PRESCRIPTION], *of[Kind.DISPENSE]], at),
        labs=series_of([*of[Kind.LAB], *of[Kind.INFECTION]]),
        vitals=series_of(of[Kind.VITAL]),
        documents=documents_of(
            [*of[Kind.REFERRAL], *of[Kind.DISCHARGE], *of[Kind.CHECKUP], *of[Kind.CARE_PLAN], *of[Kind.NOTE]]
        ),
        days=timeline_of(sheets),
        checkups=checkups_of(of[Kind.CHECKUP]),
        custodians=tuple(sorted({sheet.custodian for sheet in sheets})),
    )


def banner_of(patients: Sequence[Sheet], at: datetime) -> Banner:
    """Return the banner from the newest Patient resource; without one, an empty banner."""
    newest = max(patients, key=lambda sheet: sheet.at, default=None)
    tree: Tree = newest.tree if newest else {}
    birth = _birth(tree)
    return Banner(
        name=_name(tree, "IDE") or str(first(tree, "name").get("text") or ""),
        kana=_name(tree, "SYL"),
        birth=birth,
        age=_age(birth, day_of(at)) if birth else None,
        sex=_SEXES.get(str(tree.get("gender")), _SEXES["unknown"]),
        address=str(first(tree, "address").get("text") or ""),
        member=next(
            (str(i.get("value")) for i in each(tree, "identifier") if i.get("system") == _MEMBER_ID), ""
        ),
    )


def _name(tree: Tree, representation: str) -> str:
    for name in each(tree, "name"):
        marks = {e.get("valueCode") for e in each(name, "extension") if e.get("url") == _REPRESENTATION}
        if representation in marks:
            given = " ".join(str(one) for one in name.get("given", []))
            return str(name.get("text") or f"{name.get('family', '')} {given}".strip())
    return ""


def _birth(tree: Tree) -> date | None:
    try:
        return date.fromisoformat(str(tree.get("birthDate")))
    except ValueError:
        return None


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
