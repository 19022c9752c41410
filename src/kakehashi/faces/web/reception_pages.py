"""Reception (受付): find the person, check the coverage, take consent, and hand over to the viewer."""

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure
from kakehashi.core.kinds import Kind
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.services.eligibility import rules
from kakehashi.services.eligibility.coverage import STATES
from kakehashi.services.eligibility.desk import at_desk
from kakehashi.services.eligibility.finding import MATCHED, Found, Wanted, search
from kakehashi.store import institutions
from kakehashi.trust import consents, consents_referral, roles
from kakehashi.trust.roles import LICENSED, Interaction

SEXES = {"male": ("男", "male"), "female": ("女", "female"), "other": ("その他", "other")}
ALL = "all"
EVIDENCE = {
    "card": ("カードリーダー", "card reader"),
    "oral": ("口頭", "orally"),
    "portal": ("本人の画面", "own pages"),
}


async def ask(visit: Visit) -> Response:
    """GET /reception: three ways to find somebody."""
    return visit.page("reception/find.html", found=None, sexes=SEXES, way="card")


async def find(visit: Visit) -> Response:
    """POST /reception: who was found. What was typed stands in no address."""
    wanted = wanted_of(visit)
    try:
        found = await search(visit.house, visit.asked, wanted)
    except Failure as failure:
        messages, status = message_of(failure), failure.status
        return visit.page(
            "reception/find.html", status=status, messages=messages, found=None, sexes=SEXES, way=wanted.way
        )
    rows = [await _row(visit, one) for one in found]
    return visit.page("reception/find.html", found=rows, sexes=SEXES, way=wanted.way)


async def desk(visit: Visit) -> Response:
    """GET /reception/{handle}: one person, their coverage, their consents here."""
    return await _desk(visit)


async def take_consent(visit: Visit) -> Response:
    """POST /reception/{handle}/consent"""
    person, actor = await visit.person(), visit.actor
    try:
        kinds, evidence = rules.kinds_of(_items(visit)), _evidence(visit.said("evidence"))
        async with visit.house.db.transaction() as db:
            await consents.give(
                db,
                person,
                actor.institution.key,
                kinds,
                by=actor,
                at=visit.at,
                evidence=evidence,
                request=visit.asked.request,
            )
    except Failure as failure:
        return await _desk(visit, failure)
    return _back(visit, "consent")


async def withdraw(visit: Visit) -> Response:
    """POST /reception/{handle}/withdraw"""
    person = await visit.person()
    async with visit.house.db.transaction() as db:
        await consents.withdraw(
            db, person, visit.said("consent"), by=visit.actor, at=visit.at, request=visit.asked.request
        )
    return _back(visit, "withdrawn")


async def agree(visit: Visit) -> Response:
    """POST /reception/{handle}/agree: at the reader, to the referrals that wait for this institution."""
    person = await visit.person()
    async with visit.house.db.transaction() as db:
        await consents_referral.agree_at_reader(
            db, person, by=visit.actor, at=visit.at, request=visit.asked.request
        )
    return _back(visit, "agreed")


def wanted_of(visit: Visit) -> Wanted:
    """Return what was typed into a search form."""
    names = ("way", "insurer", "symbol", "number", "branch", "local", "name", "birth", "sex", "address")
    return Wanted(**{name: visit.said(name) for name in names})


def _items(visit: Visit) -> list[str]:
    """Return the items that were ticked; "all" is the one box for somebody who agrees to all of them."""
    said = visit.several("items")
    return [item.name for item in rules.ITEMS] if ALL in said else said


def _evidence(said: str) -> str:
    """Return how consent was made sure of here, which nobody but the desk can know. Raises BadRequest."""
    if said in consents.AT_DESK:
        return said
    raise BadRequest(
        "同意の確かめ方を選んでください。",
        "Choose how the consent was made sure of.",
        rule="reception.evidence",
        place="evidence",
    )


async def _row(visit: Visit, found: Found) -> dict[str, object]:
    matched = [MATCHED[name] for name in found.hit.matched]
    return {
        "who": found.description,
        "matched": matched,
        "disputed": found.hit.disputed,
        "handle": await visit.handle(found.hit.person),
        "sex": SEXES.get(found.description.sex, ("不明", "unknown")),
    }


async def _desk(visit: Visit, failure: Failure | None = None) -> Response:
    person = await visit.person()
    shown = await at_desk(visit.house, visit.asked, person)
    async with visit.house.db.transaction() as db:
        names = {one.key: one.name for one in await institutions.every(db)}
    return visit.page(
        "reception/desk.html",
        status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [],
        handle=visit.request.path_params["handle"],
        shown=shown,
        sex=SEXES.get(shown.who.sex, ("不明", "unknown")),
        state=STATES[shown.eligibility.state],
        names=names,
        items=rules.ITEMS,
        ticked=visit.several("items"),
        items_in=rules.items_in,
        evidence=EVIDENCE,
        takes_consent=roles.permits(visit.actor, Interaction.CONSENT_TAKE),
        views=visit.actor.role in LICENSED and roles.permits(visit.actor, Interaction.READ, Kind.CONDITION),
        now=visit.at,
    )


def _back(visit: Visit, done: str) -> Response:
    return visit.go(f"/reception/{visit.request.path_params['handle']}?done={done}")


PAGES = (
    Page("/reception", "GET", ask, Interaction.PERSON_FIND),
    Page("/reception", "POST", find, Interaction.PERSON_FIND),
    Page("/reception/{handle}", "GET", desk, Interaction.PERSON_FIND),
    Page("/reception/{handle}/consent", "POST", take_consent, Interaction.CONSENT_TAKE),
    Page("/reception/{handle}/withdraw", "POST", withdraw, Interaction.CONSENT_TAKE),
    Page("/reception/{handle}/agree", "POST", agree, Interaction.CONSENT_TAKE),
)
