"""The operator's procedures about one person, by the papers in hand: their account, and where the others begin.

The person is named by insurance number and birth date, never searched; the page shows them masked, under a handle.
"""

from dataclasses import replace
from datetime import date

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.core.kinds import KIND_NAMES, Kind
from kakehashi.faces.web import enrolling
from kakehashi.faces.web.console_people_pages import masked
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.people import doubts, find, merging
from kakehashi.services.audit.search import mark_of
from kakehashi.services.eligibility.finding import Wanted, birth_of, card_of
from kakehashi.store import desk_log, institutions
from kakehashi.store.database import Connection
from kakehashi.trust import legal_holds, persons, proxies, withholding
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import person_accounts
from kakehashi.trust.signin.accounts import Enrolled

BASES = {
    "parent": ("親権者", "Parent"),
    "guardian": ("未成年後見人", "Guardian of a minor"),
    "adult-guardian": ("成年後見人", "Guardian of an adult"),
    "chosen": ("本人が指名", "Chosen by the person"),
}
WITHHOLDABLE = tuple(kind for kind in Kind if kind.bit & WHOLE and kind is not Kind.CONSENT)


async def ask(visit: Visit) -> Response:
    """GET /console/persons"""
    return visit.page("console/persons.html")


async def identify(visit: Visit) -> Response:
    """POST /console/persons: one person, by number and birth date; neither stands in an address."""
    names = ("insurer", "symbol", "number", "branch", "birth")
    wanted = Wanted("card", **{name: visit.said(name) for name in names})
    try:
        member, born = card_of(wanted), birth_of(wanted)
        if born is None:
            raise BadRequest(
                "生年月日を入力してください。", "Give the birth date.", rule="console.birth", place="birth"
            )
        person = await persons.identify(
            visit.house.db, member, born, by=visit.actor, at=visit.at, request=visit.asked.request
        )
    except (BadRequest, NotFound) as failure:
        return visit.page("console/persons.html", status=failure.status, messages=message_of(failure))
    return visit.go(f"/console/persons/{await visit.handle(person)}")


async def show(visit: Visit) -> Response:
    """GET /console/persons/{handle}"""
    return await shown(visit)


async def issue(visit: Visit) -> Response:
    """POST /console/persons/{handle}/account: an account for the person; the password is shown once."""
    return await enrolling.issue(visit, await visit.person(), shown)


async def reset(visit: Visit) -> Response:
    """POST /console/persons/{handle}/account/reset: every factor ends, a new initial password is shown once."""
    person = await visit.person()
    try:
        made = await person_accounts.reset(
            visit.house.db, person, visit.several("papers"), by=visit.actor, at=visit.at, request=visit.asked.request
        )  # fmt: skip
    except BadRequest as failure:
        return await shown(visit, failure)
    return await shown(visit, made=made)


async def set_state(visit: Visit) -> Response:
    """POST /console/persons/{handle}/account/state: lock, unlock or end."""
    acts = {"lock": person_accounts.lock, "unlock": person_accounts.unlock, "end": person_accounts.end}
    act = acts.get(visit.said("state"))
    if act is None:
        raise BadRequest("操作を選んでください。", "Choose what to do.", rule="console.state")
    await act(visit.house.db, await visit.person(), by=visit.actor, at=visit.at, request=visit.asked.request)
    return visit.go(f"{here(visit)}?done={'ended' if act is person_accounts.end else 'saved'}")


async def shown(visit: Visit, failure: Failure | None = None, made: Enrolled | None = None) -> Response:
    """Return the person's page: account, proxies, withholdings, links, holds."""
    person, by = await visit.person(), visit.actor
    async with visit.house.db.transaction() as db:
        who = await find.describe(db, person, institution=by.institution.key)
        standing = await person_accounts.standing(db, person, by=by)
        held = await proxies.of_register(db, person, by=by)
        withheld = await withholding.of_person(db, person, by=by, at=visit.at)
        holds = await legal_holds.of_person(db, person, by=by)
        links = await links_of(db, person)
        hidden = await doubts.suspended(db, sorted({one.person for one in links}))
        places = await institutions.every(db)
        accounts = {one.account for one in held} | {one.placed_by for one in holds}
        accounts |= {one.by for one in standing.proofs} if standing else set()
        names = await desk_log.account_names(db, accounts)
    return visit.page(
        "console/person.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], here=here(visit), now=visit.at, made=made,
        who=replace(who, name=masked(who.name), kana=masked(who.kana), address=""), standing=standing,
        grants=held, withheld=[one for one in withheld if one.released is None], holds=holds, people=names,
        linked=links, hidden={(one.person, one.institution) for one in hidden}, mark_of=mark_of,
        places={one.key: one.name for one in places},
        care=[(one.key, one.name) for one in places if one.type.value in ("hospital", "clinic", "pharmacy")],
        papers=person_accounts.PAPERS, face=person_accounts.WITH_FACE, bases=BASES, kind_names=KIND_NAMES,
        kinds=WITHHOLDABLE, whole=WHOLE,
        choices_of_kinds=[(one.value, KIND_NAMES[one][0]) for one in WITHHOLDABLE],
        latest=(visit.at + proxies.LONGEST).astimezone(JAPAN).date(),
        child=_child(who.birth, visit), warning=withholding.WARNING,
    )  # fmt: skip


async def links_of(db: Connection, person: int) -> list[doubts.Affected]:
    """Return what institutions brought under the keys of this human, the newest last."""
    found = [one for key in await merging.resolve(db, person) for one in await doubts.affected(db, key)]
    return sorted(found, key=lambda one: (one.since, one.institution))


def here(visit: Visit) -> str:
    """Return the address of the person's page."""
    return f"/console/persons/{visit.request.path_params['handle']}"


def _child(born: date | None, visit: Visit) -> bool:
    return born is not None and proxies.birthday(born, proxies.CHILD_UNTIL) > visit.at


_HERE = "/console/persons/{handle}"
PAGES = (
    Page("/console/persons", "GET", ask, Interaction.PERSON_IDENTIFY),
    Page("/console/persons", "POST", identify, Interaction.PERSON_IDENTIFY),
    Page(_HERE, "GET", show, Interaction.PERSON_IDENTIFY),
    guarded(f"{_HERE}/account", issue, Interaction.CONSOLE_ACCOUNTS),
    guarded(f"{_HERE}/account/reset", reset, Interaction.CONSOLE_ACCOUNTS),
    guarded(f"{_HERE}/account/state", set_state, Interaction.CONSOLE_ACCOUNTS),
)
