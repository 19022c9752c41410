"""Looks that deserve a question. Simple rules, each with its reason; they accuse nobody. Pure.

Source of the duty: 安全管理ガイドライン 6.0 運用編17 (logs are reviewed regularly). Rules and figures are our own: no
published catalogue of them was found.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kakehashi.core.actors import InstitutionType
from kakehashi.services.viewer.timeline import JAPAN

MANY_PERSONS = 30  # persons in one hour: a busy reception sees fewer
HOUR = timedelta(hours=1)
NIGHT_FROM, NIGHT_TO = 22, 6  # o'clock in Japan
_OPEN_AT_NIGHT = frozenset({InstitutionType.HOSPITAL})

RULES: Mapping[str, tuple[str, str]] = {
    "surname": ("同じ姓の人の記録", "Same surname: perhaps a relative"),
    "night": ("診療時間外 (22時〜6時) の閲覧", "Out of hours (22:00 to 6:00), not at a hospital"),
    "many": (f"1時間に{MANY_PERSONS}人を超える閲覧", f"More than {MANY_PERSONS} persons within an hour"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one person. Families are folded names, "" where unknown."""

    seq: int
    at: datetime
    account: str
    institution: int
    type: InstitutionType
    action: str
    person: int
    family: str  # of the person
    own_family: str  # of who looked


@dataclass(frozen=True, slots=True)
class Finding:
    """A look and the rule that it met. `count`: persons within the hour, for "many"."""

    rule: str
    look: Look
    count: int = 0


def unusual(looks: Sequence[Look]) -> list[Finding]:
    """Return the looks that a rule names, newest first. `looks` are in order of time."""
    found = [*_same_surname(looks), *_at_night(looks), *_many(looks)]
    return sorted(found, key=lambda one: one.look.seq, reverse=True)


def _same_surname(looks: Iterable[Look]) -> Iterator[Finding]:
    told: set[tuple[str, int]] = set()
    for look in looks:
        if look.family and look.family == look.own_family and (look.account, look.person) not in told:
            told.add((look.account, look.person))
            yield Finding("surname", look)


def _at_night(looks: Iterable[Look]) -> Iterator[Finding]:
    for look in looks:
        hour = look.at.astimezone(JAPAN).hour
        if look.type not in _OPEN_AT_NIGHT and (hour >= NIGHT_FROM or hour < NIGHT_TO):
            yield Finding("night", look)


def _many(looks: Iterable[Look]) -> Iterator[Finding]:
    """Once an account for each hour in which it went beyond."""
    running: dict[str, list[Look]] = {}
    quiet_until: dict[str, datetime] = {}
    for look in looks:
        recent = [one for one in running.get(look.account, []) if look.at - one.at < HOUR]
        running[look.account] = recent = [*recent, look]
        persons = len({one.person for one in recent})
        if persons > MANY_PERSONS and look.at >= quiet_until.get(look.account, look.at):
            quiet_until[look.account] = look.at + HOUR
            yield Finding("many", look, persons)
