"""What others may see of a person, decided by the person: consents, withholding, proxies."""

from datetime import datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure, NotFound, Refused
from kakehashi.core.kinds import KIND_NAMES, Kind
from kakehashi.engines.records import look
from kakehashi.faces.web.me_pages import care_places, me_page, names_of, own_person
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.services.eligibility import rules
from kakehashi.services.person.records import CHOOSABLE, Line, lines_of
from kakehashi.services.viewer.sheet import sheet_of
from kakehashi.store import accounts
from kakehashi.trust import consents, consents_referral, proxies, withholding
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.roles import Interaction

WITHHOLDABLE = tuple(kind for kind in Kind if kind.bit & WHOLE and kind is not Kind.CONSENT)


async def show_consents(visit: Visit) -> Response:
    """GET /me/consents"""
    return await _consents(visit)


async def give_consent(visit: Visit) -> Response:
    """POST /me/consents: to one institution, for 24 hours."""
    try:
        kinds = rules.kinds_of(visit.several("items"))
        async with visit.house.db.transaction() as db:
            known = {str(one.key): one for one in await care_places(db)}
            if visit.said("institution") not in known:
                raise _bad("institution", "施設を選んでください。", "Choose an institution.")
            await consents.give(
                db, own_person(visit), known[visit.said("institution")].key, kinds, by=visit.actor, at=visit.at,
                evidence="portal", request=visit.asked.request,
            )  # fmt: skip
    except Failure as failure:
        return await _consents(visit, failure)
    return visit.go("/me/consents?done=consent")


async def withdraw_consent(visit: Visit) -> Response:
    """POST /me/consents/withdraw"""
    async with visit.house.db.transaction() as db:
        await consents.withdraw(
            db,
            own_person(visit),
            visit.said("consent"),
            by=visit.actor,
            at=visit.at,
            request=visit.asked.request,
        )
    return visit.go("/me/consents?done=withdrawn")


async def agree(visit: Visit) -> Response:
    """POST /me/consents/agree: that one referral may be fetched by its addressee."""
    async with visit.house.db.transaction() as db:
        await consents_referral.agree(
            db,
            own_person(visit),
            visit.said("item"),
            by=visit.actor,
            at=visit.at,
            request=visit.asked.request,
        )
    return visit.go("/me/consents?done=agreed")


async def show_withholding(visit: Visit) -> Response:
    """GET /me/withholding?kind=…: what is withheld, and what can be."""
    return await _withholding(visit)


async def withhold(visit: Visit) -> Response:
    """POST /me/withholding: an institution, a kind, or one record."""
    try:
        async with visit.house.db.transaction() as db:
            await withholding.withhold(
                db,
                own_person(visit),
                by=visit.actor,
                at=visit.at,
                request=visit.asked.request,
                **_target(visit),
            )
    except NotFound:
        raise
    except Failure as failure:
        return await _withholding(visit, failure)
    return visit.go("/me/withholding?done=withheld")


async def release(visit: Visit) -> Response:
    """POST /me/withholding/release"""
    async with visit.house.db.transaction() as db:
        await withholding.release(
            db,
            own_person(visit),
            visit.said("which"),
            by=visit.actor,
            at=visit.at,
            request=visit.asked.request,
        )
    return visit.go("/me/withholding?done=released")


async def show_proxies(visit: Visit) -> Response:
    """GET /me/proxies"""
    return await _proxies(visit)


async def name_proxy(visit: Visit) -> Response:
    """POST /me/proxies: somebody with an account of their own, until a day."""
    try:
        until = _end_of(visit.said("until"))
        kinds = WHOLE if visit.said("scope") != "some" else rules.kinds_of(visit.several("items"))
        async with visit.house.db.transaction() as db:
            account = await proxies.account_named(db, visit.said("login"))
            await proxies.grant(
                db, own_person(visit), account, kinds, until=until, by=visit.actor, at=visit.at,
                request=visit.asked.request,
            )  # fmt: skip
    except Refused:
        raise
    except Failure as failure:
        return await _proxies(visit, failure)
    return visit.go("/me/proxies?done=proxy")


async def end_proxy(visit: Visit) -> Response:
    """POST /me/proxies/withdraw"""
    async with visit.house.db.transaction() as db:
        await proxies.withdraw(
            db,
            own_person(visit),
            visit.said("which"),
            by=visit.actor,
            at=visit.at,
            request=visit.asked.request,
        )
    return visit.go("/me/proxies?done=withdrawn")


async def _consents(visit: Visit, failure: Failure | None = None) -> Response:
    person = own_person(visit)
    async with visit.house.db.transaction() as db:
        held = await consents.of_person(db, person, by=visit.actor, at=visit.at)
        sent = await consents_referral.of_person(db, person, by=visit.actor, at=visit.at)
        places, names = await care_places(db), await names_of(db)
    return await _page(
        visit, "me/consents.html", failure, held=held, sent=sent, places=places, names=names, items=rules.ITEMS,
        items_in=rules.items_in, kind_names=KIND_NAMES,
    )  # fmt: skip


async def _withholding(visit: Visit, failure: Failure | None = None) -> Response:
    person, asked = own_person(visit), visit.asked_for("kind")
    chosen = next((kind for kind in CHOOSABLE if str(kind.value) == asked), None)
    async with visit.house.db.transaction() as db:
        held = await withholding.of_person(db, person, by=visit.actor, at=visit.at)
        names, places = await names_of(db), await care_places(db)
    held = [one for one in held if one.released is None]
    lines: list[Line] = []
    if chosen or any(one.item for one in held):
        _, rows, _ = await look.record(
            visit.house, visit.asked, person, kinds=sum(kind.bit for kind in CHOOSABLE)
        )
        lines = lines_of(sheet_of(row) for row in rows)
    return await _page(
        visit, "me/withholding.html", failure, held=held, names=names,
        choices_of_places=[(one.key, one.name) for one in places],
        kinds=[(kind, KIND_NAMES[kind]) for kind in WITHHOLDABLE], kind_names=KIND_NAMES,
        choosable=CHOOSABLE, chosen=chosen, lines=[one for one in lines if one.kind is chosen],
        text_of={one.ref: one.text for one in lines}, warning=withholding.WARNING,
    )  # fmt: skip


async def _proxies(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        held = await proxies.of_person(db, own_person(visit), by=visit.actor, at=visit.at)
        people = {one.account: await accounts.by_id(db, one.account) for one in held}
    return await _page(
        visit, "me/proxies.html", failure, held=held, people=people, items=rules.ITEMS, now=visit.at,
        soonest=(visit.at + timedelta(days=1)).astimezone(JAPAN).date(),
        latest=(visit.at + proxies.LONGEST - timedelta(days=2)).astimezone(JAPAN).date(), whole=WHOLE,
        items_in=rules.items_in,
    )  # fmt: skip


async def _page(visit: Visit, template: str, failure: Failure | None, **values: Any) -> Response:
    messages = message_of(failure) if failure else []
    return await me_page(
        visit,
        template,
        status=failure.status if failure else 200,
        messages=messages,
        now_is=visit.at,
        **values,
    )


def _target(visit: Visit) -> dict[str, Any]:
    """What is to be withheld: exactly one of the three fields is in the form that was sent."""
    if custodian := visit.said("custodian"):
        return {"custodian": int(custodian)} if custodian.isascii() and custodian.isdigit() else {}
    if kind := visit.said("kind"):
        return {"kind": next((one for one in WITHHOLDABLE if str(one.value) == kind), None)}
    return {"item": visit.said("item") or None}


def _end_of(day: str) -> datetime:
    try:
        date = datetime.fromisoformat(day).date()
    except ValueError:
        raise _bad("until", "終わりの日を選んでください。", "Choose the last day.") from None
    return datetime.combine(date + timedelta(days=1), time(), JAPAN)


def _bad(place: str, ja: str, en: str) -> BadRequest:
    return BadRequest(ja, en, rule=f"me.{place}", place=place)


_CONSENT, _WITHHOLD, _PROXY = Interaction.CONSENT_GIVE, Interaction.WITHHOLD, Interaction.PROXY_NAME
PAGES = (
    Page("/me/consents", "GET", show_consents, _CONSENT),
    Page("/me/consents", "POST", give_consent, _CONSENT),
    Page("/me/consents/withdraw", "POST", withdraw_consent, _CONSENT),
    Page("/me/consents/agree", "POST", agree, _CONSENT),
    Page("/me/withholding", "GET", show_withholding, _WITHHOLD),
    Page("/me/withholding", "POST", withhold, _WITHHOLD),
    Page("/me/withholding/release", "POST", release, _WITHHOLD),
    Page("/me/proxies", "GET", show_proxies, _PROXY),
    Page("/me/proxies", "POST", name_proxy, _PROXY),
    Page("/me/proxies/withdraw", "POST", end_proxy, _PROXY),
)
