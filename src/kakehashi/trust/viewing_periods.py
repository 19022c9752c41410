"""How far back another institution may look, for each kind of information. Data with sources; no decision here.

A period is counted from the moment of the look back to the row's clinical time. Kinds without a period are
bounded by retention only, which counts from registration: a disease that began in 2010 and was registered last
year must stay in sight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kakehashi.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time by the calendar: months and days; both 0 means "no limit"."""

    months: int = 0
    days: int = 0
    source: str = ""

    def start(self, at: datetime) -> datetime | None:
        """Return the earliest moment that is still seen at `at` (UTC), or None when nothing is too old.

        A day that the earlier month lacks becomes its last day: five years before 29 February is 28 February.
        """
        if not self.months and not self.days:
            return None
        months = at.year * 12 + at.month - 1 - self.months
        year, month = divmod(months, 12)
        day = min(at.day, _days_in(year, month + 1))
        return at.replace(year=year, month=month + 1, day=day) - timedelta(days=self.days)


def _days_in(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (following - timedelta(days=1)).day


_FIVE_YEARS = Period(
    months=60, source="電子カルテ情報共有サービス: 閲覧期間 5年 (医療等情報利活用WG 13099 p.13)"
)
_ONE_YEAR = Period(months=12, source="検査: 直近1年間 (同 p.13)")
_HUNDRED_DAYS = Period(days=100, source="処方・調剤: 直近100日間 (WG 17830 p.4)")
_AS_KEPT = Period(source="保存期間は登録日から起算 (WG 13099 p.13, 13100 p.17): retention bounds it")

# 検査 may be seen for "one year or three results", 処方 for "100 days or three": a window cannot count, so the
# time limit alone holds; the narrower reading is taken.
OTHERS: Mapping[Kind, Period] = dict.fromkeys(Kind, _FIVE_YEARS) | {
    Kind.LAB: _ONE_YEAR,
    Kind.PRESCRIPTION: _HUNDRED_DAYS,
    Kind.DISPENSE: _HUNDRED_DAYS,
    Kind.PATIENT: _AS_KEPT,
    Kind.COVERAGE: _AS_KEPT,
    Kind.CONDITION: _AS_KEPT,
    Kind.ALLERGY: _AS_KEPT,
    Kind.CONTRAINDICATION: _AS_KEPT,
    Kind.INFECTION: _AS_KEPT,
    Kind.IMMUNIZATION: _AS_KEPT,
}

_THREE_MONTHS = Period(months=3, source="救急用サマリー: 受診歴・薬剤・診療 3か月 (WG 18002 p.18)")
_FORTY_FIVE_DAYS = Period(days=45, source="救急用サマリー: 電子処方箋(調剤) 45日 (WG 18002 p.18)")
_FIVE_YEARS_SURGERY = Period(months=60, source="救急用サマリー: 手術 5年 (WG 18002 p.18)")
_EMERGENCY_PROBLEMS = Period(
    source="whether 6情報 belong to the summary is not published; what endangers life does"
)

# The kinds of the emergency summary (救急用サマリー) and how far back each reaches. Check-ups are left out: the
# summary names their dates only, and a row cannot be half shown.
EMERGENCY: Mapping[Kind, Period] = {
    Kind.PATIENT: _AS_KEPT,
    Kind.VISIT: _THREE_MONTHS,
    Kind.PRESCRIPTION: _THREE_MONTHS,
    Kind.DISPENSE: _FORTY_FIVE_DAYS,
    Kind.PROCEDURE: _FIVE_YEARS_SURGERY,
    Kind.CONDITION: _EMERGENCY_PROBLEMS,
    Kind.ALLERGY: _EMERGENCY_PROBLEMS,
    Kind.CONTRAINDICATION: _EMERGENCY_PROBLEMS,
    Kind.INFECTION: _EMERGENCY_PROBLEMS,
    Kind.LAB: _THREE_MONTHS,
}

# 患者サマリー is hidden from the person after six months (WG 11819 p.10); the rest is seen as long as it is kept.
PERSON: Mapping[Kind, Period] = dict.fromkeys(Kind, _AS_KEPT) | {
    Kind.CARE_PLAN: Period(months=6, source="患者サマリー: 6か月 (WG 11819 p.10)"),
}


Groups = tuple[tuple[Period, int], ...]  # a period and the kinds (bit set) that it holds for


def grouped(periods: Mapping[Kind, Period]) -> Groups:
    """Return each length of time once, with all the kinds that it holds for."""
    lengths: dict[tuple[int, int], Period] = {}
    kinds: dict[tuple[int, int], int] = {}
    for kind, period in periods.items():
        length = (period.months, period.days)
        lengths.setdefault(length, period)
        kinds[length] = kinds.get(length, 0) | kind.bit
    return tuple((lengths[length], some) for length, some in kinds.items())


FOR_OTHERS, FOR_EMERGENCY, FOR_PERSON = grouped(OTHERS), grouped(EMERGENCY), grouped(PERSON)


def by_start(kinds: int, groups: Groups, at: datetime) -> list[tuple[int, datetime | None]]:
    """Split a set of kinds by the moment from which they are seen; kinds without a period are left out."""
    return [(kinds & some, period.start(at)) for period, some in groups if kinds & some]
