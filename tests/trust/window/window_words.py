"""Words for the window's tests: actors, rows and facts as values, with what does not matter left out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.trust.decide import Consent, Emergency, Proxy

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HANAKO, TARO = 4_001, 4_002  # person keys

HOSPITAL = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
CLINIC = Institution(2, "1311234575", "すみれ医院", InstitutionType.CLINIC)
PHARMACY = Institution(3, "1341234583", "つばめ薬局", InstitutionType.PHARMACY)
INSURER = Institution(4, "01130012", "みどり健康保険組合", InstitutionType.INSURER)
CITY = Institution(5, "131130", "みなと市", InstitutionType.MUNICIPALITY)
OPERATOR = Institution(0, "0", "運営主体", InstitutionType.OPERATOR)
ELSEWHERE = 77  # an institution that nobody here works at


@dataclass(frozen=True)
class Row:
    """What a window needs to know of a row."""

    kind: int = Kind.CONDITION
    custodian: int = ELSEWHERE
    person: int = HANAKO
    addressee: int = 0
    flags: int = 0
    at: datetime = NOW - DAY


def staff(role: Role = Role.DOCTOR, institution: Institution = HOSPITAL, **more: Any) -> Actor:
    """Somebody at work, two factors proven, treating."""
    given = {"subject": f"{role}-1", "purpose": Purpose.TREATMENT, "factors": 2} | more
    return Actor(role=role, institution=institution, **given)


def myself(person: int = HANAKO, **more: Any) -> Actor:
    """The person themselves in the portal; with `acts_for`, somebody who acts for them."""
    given = {"subject": f"account-{person}", "purpose": Purpose.PATIENT_REQUEST, "factors": 2} | more
    return Actor(role=Role.PERSON, institution=OPERATOR, person=person, **given)


def consent(
    institution: Institution = HOSPITAL, kinds: int = EVERY_KIND, given: datetime = NOW, **more: Any
) -> Consent:
    """A consent at the card reader, just given."""
    return Consent("c1", institution.key, kinds, given, given + DAY, **more)


def emergency(actor: Actor, opened: datetime = NOW) -> Emergency:
    """An emergency opening for this account, just made."""
    return Emergency("e1", actor.institution.key, actor.subject, opened, opened + timedelta(hours=1))


def proxy(account: str = "mother", kinds: int = EVERY_KIND, **more: Any) -> Proxy:
    """A proxy grant that began a month ago and ends in a year."""
    given = {"start": NOW - 30 * DAY, "end": NOW + 365 * DAY} | more
    return Proxy("p1", account, kinds, **given)
