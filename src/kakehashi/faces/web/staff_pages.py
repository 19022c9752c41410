"""The manager's pages (施設管理者): the accounts of one's own institution, and their review (棚卸し)."""

from starlette.responses import Response

from kakehashi.core.actors import Role
from kakehashi.core.errors import BadRequest, Failure, Refused
from kakehashi.faces.web.signin_pages import ROLE_NAMES
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import desk_log
from kakehashi.trust import roles
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import accounts, authority, staff
from kakehashi.trust.signin.accounts import Enrolled, NewAccount


async def show(visit: Visit) -> Response:
    """GET /staff"""
    return await _staff(visit)


async def invite(visit: Visit) -> Response:
    """POST /staff: a new account; its initial password is shown on this answer, once."""
    try:
        new = NewAccount(
            visit.said("login"), visit.said("name"), visit.actor.institution, _role(visit), kana=visit.said("kana"),
            licence=visit.said("licence"),
        )  # fmt: skip
        made = await accounts.enrol(visit.house.db, new, by=visit.actor, at=visit.at)
    except Refused:
        raise
    except Failure as failure:
        return await _staff(visit, failure)
    return await _staff(visit, made=made, login=new.login)


async def join(visit: Visit) -> Response:
    """POST /staff/join: somebody who has an account elsewhere works here too, or in one more role."""
    try:
        await accounts.join(
            visit.house.db, visit.said("login"), visit.actor.institution, _role(visit),
            licence=visit.said("licence"), by=visit.actor, at=visit.at,
        )  # fmt: skip
    except Refused:
        raise
    except Failure as failure:
        return await _staff(visit, failure)
    return visit.go("/staff?done=saved")


async def set_rights(visit: Visit) -> Response:
    """POST /staff/{account}/rights: the right of emergency access, the duty to manage accounts."""
    given = visit.several("rights")
    await accounts.give_rights(
        visit.house.db, _account(visit), visit.actor.institution.key, _role(visit), manages="manages" in given,
        emergency_right="emergency" in given, by=visit.actor, at=visit.at,
    )  # fmt: skip
    return visit.go("/staff?done=saved")


async def leave(visit: Visit) -> Response:
    """POST /staff/{account}/leave: they work here no more; sessions end at once."""
    await accounts.leave(
        visit.house.db,
        _account(visit),
        visit.actor.institution.key,
        _role(visit),
        by=visit.actor,
        at=visit.at,
    )
    return visit.go("/staff?done=ended")


async def set_state(visit: Visit) -> Response:
    """POST /staff/{account}/state: disable at once, or enable again."""
    change = accounts.enable if visit.said("state") == "enable" else accounts.disable
    await change(visit.house.db, _account(visit), by=visit.actor, at=visit.at)
    return visit.go("/staff?done=saved")


async def reset(visit: Visit) -> Response:
    """POST /staff/{account}/reset: every factor ends, a new initial password is shown once."""
    made = await accounts.reset(visit.house.db, _account(visit), by=visit.actor, at=visit.at)
    return await _staff(visit, made=made, login=visit.said("login"))


async def review(visit: Visit) -> Response:
    """POST /staff/review: the list was looked through."""
    await staff.record_review(visit.house.db, visit.actor.institution.key, by=visit.actor, at=visit.at)
    return visit.go("/staff?done=reviewed")


async def _staff(
    visit: Visit, failure: Failure | None = None, made: Enrolled | None = None, login: str = ""
) -> Response:
    place = visit.actor.institution
    async with visit.house.db.transaction() as db:
        roll = await staff.roll(db, place.key, by=visit.actor)
        by = await desk_log.account_names(db, {roll.reviewed.by} if roll.reviewed else set())
    return visit.page(
        "staff/staff.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], place=place, roll=roll, by=by, made=made, login=login,
        now=visit.at, own=visit.actor.subject, given=_given(visit),
        role_names={role.value: said for role, said in ROLE_NAMES.items()},
        emergency_roles={role for role in Role if Interaction.EMERGENCY_OPEN in roles.MAY[role]},
    )  # fmt: skip


def _given(visit: Visit) -> list[tuple[str, str]]:
    """The roles that this manager may give at this type of institution."""
    return [(role.value, " ".join(ROLE_NAMES[role])) for role in _givable(visit)]


def _givable(visit: Visit) -> list[Role]:
    barred = {Role.SYSTEM, Role.PERSON} | (
        frozenset() if authority.is_operator(visit.actor) else authority.OPERATOR_GIVES
    )
    return [role for role in Role if role not in barred and visit.actor.institution.type in roles.TYPES[role]]


def _role(visit: Visit) -> Role:
    for role in _givable(visit):
        if role.value == visit.said("role"):
            return role
    raise BadRequest("役割を選んでください。", "Choose a role.", rule="staff.role", place="role")


def _account(visit: Visit) -> str:
    account: str = visit.request.path_params["account"]
    return account


_NEEDS = "manager"
PAGES = (
    Page("/staff", "GET", show, _NEEDS),
    guarded("/staff", invite, _NEEDS),
    guarded("/staff/join", join, _NEEDS),
    guarded("/staff/review", review, _NEEDS),
    guarded("/staff/{account}/rights", set_rights, _NEEDS),
    guarded("/staff/{account}/leave", leave, _NEEDS),
    guarded("/staff/{account}/state", set_state, _NEEDS),
    guarded("/staff/{account}/reset", reset, _NEEDS),
)
