"""Allowing an app (SMART App Launch): its request comes in, somebody signs in, is asked, and the app is answered.

An app's request comes from another site, so our session's cookie does not come along (SameSite=Strict): the endpoint
checks the request, and leads on to a page of ours that has it sealed in its address.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from kakehashi.core.actors import Role
from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.engines import apps
from kakehashi.engines.records.look import Asked
from kakehashi.faces.web.app_words import words_of
from kakehashi.faces.web.reception_pages import SEXES
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.people import find
from kakehashi.services.eligibility.finding import Wanted as Sought
from kakehashi.services.eligibility.finding import search
from kakehashi.store import desk
from kakehashi.store.clients import Client
from kakehashi.trust import proxies
from kakehashi.trust.oauth import allowing, authorizing, redirects
from kakehashi.trust.oauth.allowing import Choice
from kakehashi.trust.oauth.authorizing import Answered, Wanted

_FIELDS = 64  # parameters of a request


@dataclass(frozen=True, slots=True)
class Whose:
    """Somebody whose record the app could be allowed. `value`: what the form says."""

    value: str
    name: str
    detail: str = ""
    proxy: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A request that is being decided: by which app, what may be allowed of it, and for whom it was opened."""

    wanted: Wanted
    client: Client
    offered: tuple[str, ...]
    opened_for: tuple[int, str] | None

    @property
    def picks(self) -> bool:
        """Whether whoever decides has to say whose record it is about."""
        return self.opened_for is None and allowing.needs_patient(self.offered)


async def begin(visit: Visit) -> Response:
    """GET /oauth/authorize: an app asks. What is wrong is told to it once it is known to be itself, else on a page."""
    try:
        pairs = parse_qsl(
            visit.request.url.query, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except ValueError:
        raise authorizing.Unproven(rule="oauth.authorize.query") from None
    return await _begin(visit, pairs)


async def begin_by_form(visit: Visit) -> Response:
    """POST /oauth/authorize: the same by a form (authorize-post)."""
    pairs = [(name, value) for name, value in visit.form.multi_items() if isinstance(value, str)]
    return await _begin(visit, pairs)


async def ask(visit: Visit) -> Response:
    """GET /authorize/{asked}: which app, what it asks for, about whom."""
    case = await _case(visit)
    if _too_old(visit, case.wanted):
        return visit.go(f"/stepup?next={visit.request.url.path}")
    return await _asking(visit, case)


async def decide(visit: Visit) -> Response:
    """POST /authorize/{asked}: allowed, refused, or first the patient is looked for."""
    case = await _case(visit)
    if _too_old(visit, case.wanted):
        return visit.go(f"/stepup?next={visit.request.url.path}")
    match visit.said("act"):
        case "refuse":
            refusal = Answered(
                case.wanted.redirect, case.wanted.state, "access_denied", "It was not allowed."
            )
            return _to_app(refusal.address)
        case "find":
            return await _find(visit, case)
        case "allow":
            return await _allow(visit, case)
    raise BadRequest("ボタンを押してください。", "Use the buttons.", rule="oauth.authorize.act")


async def _begin(visit: Visit, pairs: Sequence[tuple[str, str]]) -> Response:
    house = visit.house
    try:
        wanted, _ = await authorizing.read(house.db, pairs, issuer=house.settings.public_url, at=visit.at)
    except Answered as refusal:
        return _to_app(refusal.address)
    return visit.page(
        "signin/openid-onward.html", onward=f"/authorize/{authorizing.sealed(wanted, visit.desk.vault)}"
    )


async def _case(visit: Visit) -> Case:
    wanted = authorizing.opened(visit.request.path_params["asked"], visit.desk.vault, at=visit.at)
    client, _ = await authorizing.client_of(visit.house.db, wanted.client, wanted.redirect)
    allowing.require_may_use(client, visit.actor)
    async with visit.house.db.transaction() as tx:
        opened_for = await allowing.launched(tx, wanted, session=visit.session, at=visit.at)
    offered = allowing.offered(wanted, client, visit.actor)
    return Case(wanted, client, offered, opened_for)


def _too_old(visit: Visit, wanted: Wanted) -> bool:
    """Whether the app wants a proof of who is there that is newer than the one of this session."""
    proven = int(visit.session.proven_at.timestamp())
    if "login" in wanted.prompt and proven < wanted.asked_at:
        return True
    return 0 <= wanted.max_age < int(visit.at.timestamp()) - proven and proven < wanted.asked_at


async def _asking(
    visit: Visit, case: Case, failure: Failure | None = None, found: Sequence[Whose] | None = None
) -> Response:
    choices = found if found is not None else await _choices(visit, case)
    asked = allowing.askable(case.offered)
    answer = visit.page(
        "apps/allow.html", status=failure.status if failure else 200, app=case.client,
        messages=message_of(failure) if failure else [], scopes=[words_of(one) for one in asked],
        ticked=visit.several("scope") if visit.form else asked, picks=case.picks, choices=choices,
        looked=found is not None, person=visit.actor.role is Role.PERSON, about=await _about(visit, case),
        site=redirects.origin_of(case.wanted.redirect) or case.wanted.redirect,
    )  # fmt: skip
    return may_lead_to(answer, case.wanted.redirect)


async def _choices(visit: Visit, case: Case) -> list[Whose]:
    """Of a person: their own record, and those that they are a proxy for. Staff look for the patient."""
    if visit.actor.role is not Role.PERSON:
        return []
    session, found = visit.session, []
    async with visit.house.db.transaction() as tx:
        if session.own_person is not None:
            found.append(Whose("own", session.name))
        for one in await proxies.held_by(tx, session.account, at=visit.at):
            with suppress(NotFound):
                who = await find.describe(tx, one.person, institution=0)
                found.append(Whose(one.id, who.name, str(who.birth or ""), proxy=True))
    return found


async def _about(visit: Visit, case: Case) -> str:
    """The name of the patient from whose record the app was opened."""
    if case.opened_for is None:
        return ""
    with suppress(NotFound):
        who = await find.describe(visit.house.db, case.opened_for[0], institution=visit.actor.institution.key)
        return who.name
    return ""


async def _find(visit: Visit, case: Case) -> Response:
    """Staff find the patient by their institution's own number; what was typed stands in no address."""
    try:
        hits = await search(visit.house, visit.asked, Sought("number", local=visit.said("number")))
    except Failure as failure:
        return await _asking(visit, case, failure)
    found = []
    for one in hits:
        who, sex = one.description, SEXES.get(one.description.sex, ("", ""))[0]
        value = await visit.handle(one.hit.person)
        found.append(Whose(value, who.name, f"{who.kana} {who.birth or ''} {sex}".strip()))
    return await _asking(visit, case, found=found)


async def _allow(visit: Visit, case: Case) -> Response:
    try:
        choice = await _chosen(visit, case)
        address = await allowing.allow(
            visit.house.db, case.wanted, case.client, choice, session=visit.session, at=visit.at
        )
    except (BadRequest, NotFound) as failure:
        return await _asking(visit, case, failure)
    return _to_app(address)


async def _chosen(visit: Visit, case: Case) -> Choice:
    """Return what was chosen, looked up through the window of whoever chose. Raises BadRequest, NotFound."""
    person, acts_for, encounter = await _whose(visit, case)
    actor = visit.actor
    told: dict[str, str] = {}
    if person is not None:
        if actor.role is Role.PERSON:
            actor = replace(actor, person=person, acts_for=acts_for)
        told = await apps.context_of(
            visit.house, Asked(actor, visit.at, visit.asked.request), person, encounter
        )
    ticked = visit.several("scope")
    if "fhirUser" in ticked and (
        user := await apps.user_of(visit.house, visit.asked, visit.house.settings.public_url)
    ):
        told["fhirUser"] = user
    return Choice(ticked, person, acts_for, told)


async def _whose(visit: Visit, case: Case) -> tuple[int | None, str, str]:
    """Return person, the basis on which somebody else's record is opened, and the encounter."""
    if case.opened_for is not None:
        return case.opened_for[0], "", case.opened_for[1]
    said = visit.said("patient")
    if visit.actor.role is Role.PERSON:
        return await _of_person(visit, said or "own")
    if not case.picks:
        return None, "", ""
    if not said:
        raise BadRequest(
            "患者番号で患者を探して、選んでください。", "Find the patient by number, and choose.",
            rule="oauth.authorize.patient", place="number",
        )  # fmt: skip
    async with visit.house.db.connection() as db:
        return await desk.person_of(db, visit.session.id, said), "", ""


async def _of_person(visit: Visit, said: str) -> tuple[int, str, str]:
    own = visit.session.own_person
    if said == "own" and own is not None:
        return own, "", ""
    async with visit.house.db.transaction() as tx:
        held = {one.id: one for one in await proxies.held_by(tx, visit.session.account, at=visit.at)}
    if said not in held:
        raise BadRequest(
            "だれの記録かを選んでください。",
            "Choose whose record.",
            rule="oauth.authorize.patient",
            place="patient",
        )
    return held[said].person, held[said].basis, ""


def may_lead_to(answer: Response, *addresses: str) -> Response:
    """Let the forms of a page lead to these addresses, and to no other outside."""
    sources = " ".join(dict.fromkeys(redirects.form_source(one) for one in addresses))
    policy = HEADERS["content-security-policy"].replace("form-action 'self'", f"form-action 'self' {sources}")
    answer.headers["content-security-policy"] = policy
    return answer


def _to_app(address: str) -> Response:
    return RedirectResponse(address, 303, headers={**HEADERS, "referrer-policy": "no-referrer"})


PAGES = (
    Page("/oauth/authorize", "GET", begin, None),
    Page("/oauth/authorize", "POST", begin_by_form, None, from_anywhere=True),
    Page("/authorize/{asked}", "GET", ask, "actor", back=True),
    Page("/authorize/{asked}", "POST", decide, "actor"),
)
