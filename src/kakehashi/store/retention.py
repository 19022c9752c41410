"""How long what is kept, by which law, and from which day on it may go. Pure; store/retention_job.py does it.

Days are Japan's. A period of years begins on the day after its start (民法140条) and ends with the day before the
same date N years on; where that year has no such date, with the last day of the month (民法143条2項).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum

from kakehashi.core.kinds import Kind, kinds

JAPAN = timezone(timedelta(hours=9), "JST")


class Start(StrEnum):
    """What sets a period going."""

    REGISTERED = "registered"  # the current version was stored
    LATER = "later"  # it was stored, or its clinical date when that is later


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """One class of records. `years` None: nothing removes it until a rule is set."""

    name: str
    ja: str
    kinds: int  # bit set of Kind
    years: int | None
    start: Start
    law: str  # with its source
    effective: date | None  # when the rule took effect; None: not confirmed from a source
    lts_years: int | None = None  # for records marked LTS (長期保存); None: not removed


_WG = "電子カルテ情報共有サービス (医療等情報利活用WG資料)"
_SHARING = f"{_WG}: 登録から5年, 長期保存フラグのものはより長く (期間は未公表)"
_CHART = "医師法24条2項・療養担当規則9条: 診療録5年"
_CHART_FROM = date(1948, 10, 27)  # 医師法の施行日

CLASSES: tuple[RetentionClass, ...] = (
    RetentionClass(
        "sharing",
        "傷病名・アレルギー・薬剤禁忌・感染症",
        kinds(Kind.CONDITION, Kind.ALLERGY, Kind.CONTRAINDICATION, Kind.INFECTION),
        5,
        Start.REGISTERED,
        _SHARING,
        None,
    ),
    RetentionClass("lab", "検査", kinds(Kind.LAB), 5, Start.REGISTERED, f"{_WG}: 5年", None),
    RetentionClass(
        "prescription",
        "処方",
        kinds(Kind.PRESCRIPTION),
        5,
        Start.REGISTERED,
        f"{_WG}: 5年",
        None,
    ),
    RetentionClass(
        "dispense",
        "調剤・与薬",
        kinds(Kind.DISPENSE),
        5,
        Start.LATER,
        "薬剤師法27条・28条: 3年。2024年10月の審議会の方針では施行日以後の調剤から5年"
        " (2025年5月21日公布の改正法がこれを含むかと、その施行日は未確認のため長い方をとる)",
        None,
    ),
    RetentionClass(
        "checkup",
        "健診結果報告書",
        kinds(Kind.CHECKUP),
        5,
        Start.REGISTERED,
        "オンライン資格確認等システム (医療等情報利活用WG資料): 登録から5年",
        None,
    ),
    RetentionClass(
        "document",
        "診療情報提供書・退院時サマリー・患者サマリー",
        kinds(Kind.REFERRAL, Kind.DISCHARGE, Kind.CARE_PLAN),
        5,
        Start.LATER,
        _CHART + " (共有サービスでの保存期間は未確認のため長い方をとる)",
        _CHART_FROM,
    ),
    RetentionClass(
        "chart",
        "診療の記録",
        kinds(Kind.VISIT, Kind.PROCEDURE, Kind.IMAGING, Kind.VITAL, Kind.NOTE, Kind.OTHER),
        5,
        Start.LATER,
        _CHART,
        _CHART_FROM,
    ),
    RetentionClass("submission", "受付電文", kinds(Kind.SUBMISSION), 5, Start.REGISTERED, _SHARING, None),
    RetentionClass(
        "standing",
        "患者基本情報・資格・同意・予防接種・共通情報・通知の申込み",
        kinds(Kind.PATIENT, Kind.COVERAGE, Kind.CONSENT, Kind.IMMUNIZATION, Kind.SHARED, Kind.SUBSCRIPTION),
        None,
        Start.REGISTERED,
        "期間の定めを置いていない: 記録が残る限り要る",
        None,
    ),
)


def free_from(started: date, years: int) -> date:
    """Return the first day (of Japan) on which a record whose period started on `started` may be removed.

    >>> free_from(date(2024, 2, 28), 5), free_from(date(2023, 2, 28), 5)
    (datetime.date(2029, 3, 1), datetime.date(2028, 3, 1))
    """
    first = started + timedelta(days=1)
    try:
        return first.replace(year=first.year + years)
    except ValueError:  # 29 February in a year that has none
        return date(first.year + years, 3, 1)


def newest_free(today: date, years: int) -> date:
    """Return the latest start whose records may be removed on `today`: the inverse of free_from."""
    guess = today.replace(year=today.year - years, day=min(today.day, 28)) + timedelta(days=4)
    while free_from(guess, years) > today:
        guess -= timedelta(days=1)
    return guess


def day_of(at: datetime) -> date:
    """Return the day in Japan."""
    return at.astimezone(JAPAN).date()


def end_of(day: date) -> datetime:
    """Return the first moment after a day in Japan."""
    return datetime.combine(day + timedelta(days=1), time(), JAPAN)
