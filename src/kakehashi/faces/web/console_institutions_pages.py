"""The console's institutions: who takes part, and who is shut out (隔離) since when, by whom and why."""

from starlette.responses import Response

from kakehashi.core.actors import InstitutionType
from kakehashi.core.errors import Conflict, Failure, NotFound
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.store import desk_log, institutions
from kakehashi.trust import institutions as taking_part
from kakehashi.trust import quarantine
from kakehashi.trust.roles import Interaction

TYPE_NAMES = {
    InstitutionType.HOSPITAL: ("病院", "Hospital"),
    InstitutionType.CLINIC: ("診療所", "Clinic"),
    InstitutionType.PHARMACY: ("薬局", "Pharmacy"),
    InstitutionType.INSURER: ("保険者", "Insurer"),
    InstitutionType.MUNICIPALITY: ("自治体", "Municipality"),
    InstitutionType.OPERATOR: ("運用", "Operator"),
}


async def show(visit: Visit) -> Response:
    """GET /console/institutions"""
    return await _institutions(visit)


async def add(visit: Visit) -> Response:
    """POST /console/institutions"""
    try:
        await taking_part.add(
            visit.house.db, visit.said("official"), visit.said("name"), visit.said("type"), by=visit.actor, at=visit.at
        )  # fmt: skip
    except Failure as failure:
        return await _institutions(visit, failure)
    return visit.go("/console/institutions?done=saved")


async def place(visit: Visit) -> Response:
    """POST /console/institutions/quarantine: shut an institution out, from this moment on."""
    try:
        await quarantine.place(visit.house.db, _key(visit), visit.said("reason"), by=visit.actor, at=visit.at)
    except NotFound:
        raise
    except Failure as failure:
        return await _institutions(visit, failure)
    return visit.go("/console/institutions?done=shut-out")


async def lift(visit: Visit) -> Response:
    """POST /console/institutions/quarantine/lift: let it in again, as it was."""
    try:
        await quarantine.lift(visit.house.db, _key(visit), by=visit.actor, at=visit.at)
    except Conflict as failure:
        return await _institutions(visit, failure)
    return visit.go("/console/institutions?done=let-in")


async def _institutions(visit: Visit, failure: Failure | None = None) -> Response:
    shut_out = {one.institution: one for one in await quarantine.every(visit.house.db, by=visit.actor)}
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
        people = await desk_log.account_names(db, {one.placed_by for one in shut_out.values()})
    return visit.page(
        "console/institutions.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], places=places, types=TYPE_NAMES, shut_out=shut_out,
        people=people, longest=quarantine.LONGEST_REASON,
        choices=[(kind.value, f"{ja} {en}") for kind, (ja, en) in TYPE_NAMES.items() if kind in taking_part.DIGITS],
    )  # fmt: skip


def _key(visit: Visit) -> int:
    said = visit.said("institution")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise NotFound
    return int(said)


_SEES, _SHUTS = Interaction.CONSOLE_INSTITUTIONS, Interaction.CONSOLE_KEYS
PAGES = (
    Page("/console/institutions", "GET", show, _SEES),
    guarded("/console/institutions", add, _SEES),
    guarded("/console/institutions/quarantine", place, _SHUTS),
    guarded("/console/institutions/quarantine/lift", lift, _SHUTS),
)
