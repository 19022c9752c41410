"""Procedures at a counter, for the person that reception has on the desk: an account, and wishes given on paper.

Who may do what differs: a reception gives accounts and withholds its own institution's records, a municipality gives
accounts, the person's insurer shuts and opens the portal (自己情報提供不可). What is withheld already is told to none.
"""

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure, Refused
from kakehashi.faces.web import enrolling
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.people import find
from kakehashi.trust import roles, withholding, withholding_portal
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import person_accounts
from kakehashi.trust.signin.accounts import Enrolled

_PAPER = (4, 300)  # characters


async def show(visit: Visit) -> Response:
    """GET /counter/{handle}"""
    return await _counter(visit)


async def issue(visit: Visit) -> Response:
    """POST /counter/{handle}/account: a first account for the person; the password is shown once."""
    return await enrolling.issue(visit, await _at_desk(visit), _counter)


async def withhold(visit: Visit) -> Response:
    """POST /counter/{handle}/withholding: this institution's records are shown to no other."""
    person = await _at_desk(visit)
    try:
        async with visit.house.db.transaction() as db:
            await withholding.withhold(
                db, person, by=visit.actor, at=visit.at, custodian=visit.actor.institution.key,
                paper=visit.said("paper"), request=visit.asked.request,
            )  # fmt: skip
    except BadRequest as failure:
        return await _counter(visit, failure)
    return visit.go(f"{_here(visit)}?done=withheld")


async def set_disclosure(visit: Visit) -> Response:
    """POST /counter/{handle}/disclosure: by the insurer, on application."""
    person, paper = await visit.person(), visit.said("paper")
    resumes = visit.said("state") == "resume"
    try:
        if not _PAPER[0] <= len(paper) <= _PAPER[1]:
            raise BadRequest(
                "申請書の日付と確かめた書類を書いてください。",
                "Write the date of the application, and what was checked.",
                rule="disclosure.paper", place="paper",
            )  # fmt: skip
        act = withholding_portal.resume if resumes else withholding_portal.stop
        async with visit.house.db.transaction() as db:
            await act(db, person, by=visit.actor, at=visit.at, paper=paper, request=visit.asked.request)
    except Refused:
        raise
    except Failure as failure:
        return await _counter(visit, failure)
    return visit.go(f"{_here(visit)}?done={'resumed' if resumes else 'stopped'}")


async def _counter(visit: Visit, failure: Failure | None = None, made: Enrolled | None = None) -> Response:
    person, by = await visit.person(), visit.actor
    async with visit.house.db.transaction() as db:
        who = await find.describe(db, person, institution=by.institution.key)
        enrols = roles.permits(visit.may, Interaction.PERSON_ENROL)
        has_one = enrols and await person_accounts.has_one(db, person, by=by)
    shut = await _shut(visit, person)
    return visit.page(
        "counter/show.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], here=_here(visit), who=who, made=made, enrols=enrols,
        handle=visit.request.path_params["handle"], has_one=has_one,
        withholds=roles.permits(visit.may, Interaction.WITHHOLD_TAKE), shut=shut, place=by.institution,
        papers=person_accounts.PAPERS, face=person_accounts.WITH_FACE, warning=withholding.WARNING,
    )  # fmt: skip


async def _at_desk(visit: Visit) -> int:
    """The person on the desk of a reception: the operator, who has none, uses the console."""
    roles.require(visit.may, Interaction.PERSON_FIND)
    return await visit.person()


async def _shut(visit: Visit, person: int) -> bool | None:
    """Whether the portal is shut; None for who has no say in it: only the person's present insurer has."""
    try:
        async with visit.house.db.transaction() as db:
            return await withholding_portal.stopped(db, person, by=visit.actor, at=visit.at)
    except Refused:
        return None


def _here(visit: Visit) -> str:
    return f"/counter/{visit.request.path_params['handle']}"


_HERE = "/counter/{handle}"
PAGES = (
    Page(_HERE, "GET", show, Interaction.PERSON_FIND),
    guarded(f"{_HERE}/account", issue, Interaction.PERSON_ENROL),
    guarded(f"{_HERE}/withholding", withhold, Interaction.WITHHOLD_TAKE),
    guarded(f"{_HERE}/disclosure", set_disclosure, Interaction.DISCLOSURE_STOP),
)
