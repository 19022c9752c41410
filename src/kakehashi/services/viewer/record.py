"""One person's record as the viewer shows it: put together from what the window let through. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.checkups import Table, checkups_of
from kakehashi.services.viewer.documents import Document, documents_of
from kakehashi.services.viewer.labs import Series, series_of
from kakehashi.services.viewer.medicines import Medicine, Overlap, Regimen, regimen_of
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

    def described(self, name: str, kana: str, birth: date | None, sex: str, at: datetime) -> "Banner":
        """Return the banner with what the register of persons says, where no Patient resource may be seen."""
        age = _age(birth, day_of(at)) if birth else None
        return Banner(name, kana, birth, age, _SEXES.get(sex, _SEXES["unknown"]), "", self.member)


@dataclass(frozen=True)
class Record:
    """All parts of the viewer's page, each worked out when it is asked for: a tab pays for itself only.

    `of`: what the page tells; `standing`: what is in sight whatever was chosen; `most_values`: how many results of an
    item are wanted, None: all.
    """

    banner: Banner
    of: Mapping[Kind, list[Sheet]]
    standing: Mapping[Kind, list[Sheet]]
    at: datetime
    custodians: tuple[int, ...]
    most_values: int | None = None

    @cached_property
    def alerts(self) -> list[Alert]:
        """What must be in sight whatever page is open."""
        held = (Kind.CONTRAINDICATION, Kind.ALLERGY, Kind.INFECTION)
        return alerts_of(sheet for kind in held for sheet in self.standing.get(kind, ()))

    @cached_property
    def active(self) -> list[Problem]:
        """The diseases that go on, main ones first: in sight whatever page is open."""
        found = (one for one in problems_of(self.standing.get(Kind.CONDITION, ())) if one.active)
        return sorted(found, key=lambda one: (not one.principal, one.suspected))

    @cached_property
    def problems(self) -> list[Problem]:
        """傷病名."""
        return problems_of(self._sheets(Kind.CONDITION))

    @cached_property
    def medicines(self) -> list[Medicine]:
        """処方・調剤."""
        return self._regimen.medicines(self.at)

    def overlaps(self, since: datetime) -> list[Overlap]:
        """重複・同効: which medicines lie over each other, and had not ended at `since`."""
        return self._regimen.overlaps(since)

    @cached_property
    def labs(self) -> list[Series]:
        """検査."""
        return series_of(self._sheets(Kind.LAB, Kind.INFECTION), self.most_values)

    @cached_property
    def vitals(self) -> list[Series]:
        """バイタルサイン."""
        return series_of(self._sheets(Kind.VITAL), self.most_values)

    @cached_property
    def documents(self) -> list[Document]:
        """文書."""
        return documents_of(
            self._sheets(Kind.REFERRAL, Kind.DISCHARGE, Kind.CHECKUP, Kind.CARE_PLAN, Kind.NOTE)
        )

    @cached_property
    def days(self) -> list[Day]:
        """The time line, newest first."""
        return timeline_of(sheet for some in self.of.values() for sheet in some)

    @cached_property
    def checkups(self) -> Table:
        """健診."""
        return checkups_of(self._sheets(Kind.CHECKUP))

    @cached_property
    def _regimen(self) -> Regimen:
        return regimen_of(self._sheets(Kind.PRESCRIPTION, Kind.DISPENSE))

    def _sheets(self, *kinds: Kind) -> list[Sheet]:
        return [sheet for kind in kinds for sheet in self.of.get(kind, ())]


def record_of(
    sheets: Sequence[Sheet],
    at: datetime,
    *,
    standing: Sequence[Sheet] | None = None,
    values: int | None = None,
) -> Record:
    """Put the record together as of `at`. `standing`: what the banner is made of, where it is not of `sheets`."""
    of, kept = _by_kind(sheets), _by_kind(sheets if standing is None else standing)
    custodians = tuple(sorted({sheet.custodian for sheet in (*sheets, *(standing or ()))}))
    return Record(banner_of(kept.get(Kind.PATIENT, []), at), of, kept, at, custodians, values)


def _by_kind(sheets: Sequence[Sheet]) -> dict[Kind, list[Sheet]]:
    of: dict[Kind, list[Sheet]] = {}
    for sheet in sheets:
        of.setdefault(sheet.kind, []).append(sheet)
    return of


def banner_of(patients: Sequence[Sheet], at: datetime) -> Banner:
    """Return the banner from the newest Patient resource; without one, an empty banner."""
    newest = max(patients, key=lambda sheet: sheet.at, default=None)
    tree: Tree = newest.tree if newest else {}
    birth = _birth(tree)
    return Banner(
        name=_name(tree, "IDE") or name_of(first(tree, "name")),
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
            return name_of(name)
    return ""


def name_of(name: Tree) -> str:
    """Return a HumanName as it is written: its text, else family and given names."""
    given = " ".join(str(one) for one in name.get("given", []))
    return str(name.get("text") or f"{name.get('family', '')} {given}".strip())


def _birth(tree: Tree) -> date | None:
    try:
        return date.fromisoformat(str(tree.get("birthDate")))
    except ValueError:
        return None


def _age(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
