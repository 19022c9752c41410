"""Which documents a person's year gives rise to: referrals both ways, discharge summaries with them, check-ups."""

from collections.abc import Iterator
from datetime import date, timedelta

from kakehashi.core.actors import InstitutionType
from kakehashi.samples.clins.checkup import checkup
from kakehashi.samples.clins.referral import discharge_summary, referral
from kakehashi.samples.cut import Share
from kakehashi.samples.trees import Tree, chance, drawn

REFERRED_WITHIN = timedelta(days=90)
CHECKED_BORN = ("1952", "1987")  # 特定健診 is for those of 40 to 74 years
PURPOSE_TO_HOSPITAL = "精査・加療のお願い"
PURPOSE_TO_CLINIC = "退院後の継続診療のお願い"


def documents(shares: list[Share]) -> Iterator[tuple[Share, Tree]]:
    """Yield the documents of a person's shares, each with the share that sends it."""
    senders = [share for share in shares if share.site.sends == "clins" and share.known.insured]
    clinics = [share for share in shares if share.site.type is InstitutionType.CLINIC]
    clinics.sort(key=lambda share: -len(share.of("Encounter")))  # the family doctor first
    for share in senders:
        if share.site.type is InstitutionType.HOSPITAL and clinics:
            yield from _going_home(share, clinics[0])
        if share.site.type is InstitutionType.CLINIC:
            yield from _going_on(share, shares)
    if doctor := next((share for share in clinics if share in senders), None):
        yield from _checked(doctor)  # one check-up a year, at the family doctor's


def _going_home(hospital: Share, clinic: Share) -> Iterator[tuple[Share, Tree]]:
    for stay in hospital.of("Encounter"):
        about = f"Encounter/{stay['id']}"
        known = any(one.get("encounter", {}).get("reference") == about for one in hospital.of("Condition"))
        if stay["class"]["code"] == "IMP" and "end" in stay["period"] and known:
            summary = discharge_summary(hospital, stay)
            yield hospital, referral(hospital, clinic.site, stay, purpose=PURPOSE_TO_CLINIC, summary=summary)


def _going_on(clinic: Share, shares: list[Share]) -> Iterator[tuple[Share, Tree]]:
    visits = sorted(clinic.of("Encounter"), key=_day)
    for other in shares:
        if other.site.type is not InstitutionType.HOSPITAL or not clinic.of("Condition"):
            continue
        first = min((_day(one) for one in other.of("Encounter")), default=date.min)
        before = [one for one in visits if timedelta(0) <= first - _day(one) <= REFERRED_WITHIN]
        if before:
            yield clinic, referral(clinic, other.site, before[-1], purpose=PURPOSE_TO_HOSPITAL)


def _day(encounter: Tree) -> date:
    return date.fromisoformat(encounter["period"]["start"][:10])


def _checked(clinic: Share) -> Iterator[tuple[Share, Tree]]:
    told = clinic.key == "story-hanako"
    due = CHECKED_BORN[0] <= clinic.known.birth < CHECKED_BORN[1] and chance(35, clinic.key, "checkup")
    if told or due:
        day = date(2026, 6, 1) + timedelta(days=drawn(120, clinic.key, "checkup day"))
        yield clinic, checkup(clinic, day.isoformat())
