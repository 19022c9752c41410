"""The console's accounts: who works at an institution, new accounts, rights, resets, leaving."""

from starlette.responses import Response

from kakehashi.core.actors import Institution, Role
from kakehashi.core.errors import BadRequest, Failure
from kakehashi.faces.web.signin_pages import ROLE_NAMES
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import desk_console, institutions
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import accounts
from kakehashi.trust.signin.accounts import Enrolled, NewAccount

# A person's account is bound to their record, which is done where they are identified, not here.
_GIVEN_HERE = tuple(role for role in Role if role not in (Role.SYSTEM, Role.PERSON))


async def show(visit: Visit) -> Response:
    """GET /console/accounts?institution="""
    return await _accounts(visit, visit.asked_for("institution"))


async def add(visit: Visit) -> Response:
    """POST /console/accounts: the initial password is shown on this answer, once."""
    place = visit.said("institution")
    try:
        new = NewAccount(
            visit.said("login"), visit.said("name"), await _place(visit, place), _role(visit.said("role")),
            kana=visit.said("kana"), licence=visit.said("licence"),
        )  # fmt: skip
        made = await accounts.enrol(visit.house.db, new, by=visit.actor, at=visit.at)
    except Failure as failure:
        return await _accounts(visit, place, failure)
    return await _accounts(visit, place, made=made, login=new.login)


async def reset(visit: Visit) -> Response:
    """POST /console/accounts/{account}/reset: every factor ends, a new initial password is shown once."""
    account = visit.request.path_params["account"]
    made = await accounts.reset(visit.house.db, account, by=visit.actor, at=visit.at)
    return await _accounts(visit, visit.said("institution"), made=made, login=visit.said("login"))


async def set_state(visit: Visit) -> Response:
    """POST /console/accounts/{account}/state: disable at once, or enable again."""
    change = accounts.enable if visit.said("state") == "enable" else accounts.disable
    await change(visit.house.db, visit.request.path_params["account"], by=visit.actor, at=visit.at)
    return _back(visit)


async def set_rights(visit: Visit) -> Response:
    """POST /console/accounts/{account}/rights: the right of emergency access, the duty to manage accounts."""
    place = await _place(visit, visit.said("institution"))
    await accounts.give_rights(
        visit.house.db, visit.request.path_params["account"], place.key, _role(visit.said("role")),
        manages="manages" in visit.several("rights"), emergency_right="emergency" in visit.several("rights"),
        by=visit.actor, at=visit.at,
    )  # fmt: skip
    return _back(visit)


async def _accounts(
    visit: Visit, asked: str, failure: Failure | None = None, made: Enrolled | None = None, login: str = ""
) -> Response:
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
        chosen = next((one for one in places if str(one.key) == asked), None)
        members = await desk_console.members(db, chosen.key) if chosen else []
    return visit.page(
        "console/accounts.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], places=places, chosen=chosen, members=members,
        given=_given_at(chosen) if chosen else [],
        role_names={role.value: said for role, said in ROLE_NAMES.items()}, made=made, login=login,
        emergency_roles={role.value for role in Role if Interaction.EMERGENCY_OPEN in roles.MAY[role]},
    )  # fmt: skip


def _given_at(place: Institution) -> list[tuple[str, str]]:
    """The roles that somebody may have at this type of institution."""
    return [
        (role.value, " ".join(ROLE_NAMES[role])) for role in _GIVEN_HERE if place.type in roles.TYPES[role]
    ]


async def _place(visit: Visit, asked: str) -> Institution:
    async with visit.house.db.transaction() as db:
        for one in await institutions.every(db):
            if str(one.key) == asked:
                return one
    raise BadRequest(
        "施設を選んでください。", "Choose an institution.", rule="console.institution", place="institution"
    )


def _role(said: str) -> Role:
    for role in _GIVEN_HERE:
        if role.value == said:
            return role
    raise BadRequest("役割を選んでください。", "Choose a role.", rule="console.role", place="role")


def _back(visit: Visit) -> Response:
    place = visit.said("institution")
    return visit.go(f"/console/accounts?institution={place if place.isdigit() else ''}&done=saved")


_NEEDS = Interaction.CONSOLE_ACCOUNTS
PAGES = (
    Page("/console/accounts", "GET", show, _NEEDS),
    guarded("/console/accounts", add, _NEEDS),
    guarded("/console/accounts/{account}/reset", reset, _NEEDS),
    guarded("/console/accounts/{account}/state", set_state, _NEEDS),
    guarded("/console/accounts/{account}/rights", set_rights, _NEEDS),
)
