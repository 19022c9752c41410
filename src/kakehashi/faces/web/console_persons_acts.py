"""What the operator does about one person: guardians on evidence, withholdings asked for on paper, doubts about whose
records these are, legal holds."""

from collections.abc import Awaitable
from datetime import datetime, time, timedelta

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.core.kinds import Kind
from kakehashi.faces.web.console_people_pages import evidence_of
from kakehashi.faces.web.console_persons_pages import here, links_of, shown
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.faces.web.visit import Page, Visit, guarded
from kakehashi.people import doubts, find
from kakehashi.trust import legal_holds, proxies, withholding
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.proxies import Basis
from kakehashi.trust.roles import Interaction

_BASES: dict[str, Basis] = {
    "parent": "parent",
    "guardian": "guardian",
    "adult-guardian": "adult-guardian",
}


async def register_guardian(visit: Visit) -> Response:
    """POST /console/persons/{handle}/guardian: a parent or guardian, on evidence, for some kinds, until a day."""
    person = await visit.person()
    try:
        basis = _BASES.get(visit.said("basis"))
        if basis is None:
            raise BadRequest(
                "立場を選んでください。", "Choose the basis.", rule="console.basis", place="basis"
            )
        async with visit.house.db.transaction() as db:
            born = (await find.describe(db, person, institution=visit.actor.institution.key)).birth
            if born is None:
                raise BadRequest(
                    "生年月日の登録がありません。", "No birth date is on record.", rule="console.born"
                )
            account = await proxies.account_named(db, visit.said("login"))
            await proxies.register_guardian(
                db, person, account, _kinds(visit), basis=basis, evidence=visit.said("evidence"), born=born,
                until=_end_of(visit.said("until")), by=visit.actor, at=visit.at, request=visit.asked.request,
            )  # fmt: skip
    except BadRequest as failure:
        return await shown(visit, failure)
    return visit.go(f"{here(visit)}?done=proxy")


async def end_guardian(visit: Visit) -> Response:
    """POST /console/persons/{handle}/guardian/end: at once; only what the operator registered."""
    async with visit.house.db.transaction() as db:
        await proxies.withdraw(
            db, await visit.person(), visit.said("which"), by=visit.actor, at=visit.at, request=visit.asked.request
        )  # fmt: skip
    return visit.go(f"{here(visit)}?done=ended")


async def withhold(visit: Visit) -> Response:
    """POST /console/persons/{handle}/withholding: an institution or a kind, asked for on paper."""
    person, custodian, kind = await visit.person(), visit.said("custodian"), visit.said("kind")
    try:
        async with visit.house.db.transaction() as db:
            await withholding.withhold(
                db, person, by=visit.actor, at=visit.at, custodian=_number(custodian) if custodian else None,
                kind=Kind(_number(kind)) if kind else None, paper=visit.said("paper"), request=visit.asked.request,
            )  # fmt: skip
    except BadRequest as failure:
        return await shown(visit, failure)
    return visit.go(f"{here(visit)}?done=withheld")


async def release(visit: Visit) -> Response:
    """POST /console/persons/{handle}/withholding/release: asked for on paper too."""
    person = await visit.person()
    try:
        async with visit.house.db.transaction() as db:
            await withholding.release(
                db, person, visit.said("which"), by=visit.actor, at=visit.at, paper=visit.said("paper"),
                request=visit.asked.request,
            )  # fmt: skip
    except BadRequest as failure:
        return await shown(visit, failure)
    return visit.go(f"{here(visit)}?done=released")


async def hold(visit: Visit) -> Response:
    """POST /console/persons/{handle}/hold: retention leaves the person's records alone."""
    act = legal_holds.place(
        visit.house.db, await visit.person(), kinds=_kinds(visit), reason=visit.said("reason"), by=visit.actor,
        at=visit.at, request=visit.asked.request,
    )  # fmt: skip
    return await _done(visit, act, "hold")


async def lift(visit: Visit) -> Response:
    """POST /console/persons/{handle}/hold/lift"""
    act = legal_holds.lift(
        visit.house.db, await visit.person(), _number(visit.said("number")), reason=visit.said("reason"),
        by=visit.actor, at=visit.at, request=visit.asked.request,
    )  # fmt: skip
    return await _done(visit, act, "lifted")


async def doubt(visit: Visit) -> Response:
    """POST /console/persons/{handle}/doubt: an institution's records are shown to nobody else until it is settled."""
    person, institution = await visit.person(), _number(visit.said("institution"))
    try:
        evidence = evidence_of(visit)
        async with visit.house.db.transaction() as db:
            linked = [one for one in await links_of(db, person) if one.institution == institution]
            if not linked:
                raise NotFound
            for one in linked:
                await doubts.suspend(
                    db, one.person, institution, evidence=evidence, by=visit.actor, at=visit.at
                )
    except BadRequest as failure:
        return await shown(visit, failure)
    return visit.go(f"{here(visit)}?done=doubted")


async def _done(visit: Visit, act: Awaitable[object], done: str) -> Response:
    """Carry an act out, and return to the person's page: with what was done, or what was wrong."""
    try:
        await act
    except Failure as failure:
        return await shown(visit, failure)
    return visit.go(f"{here(visit)}?done={done}")


def _kinds(visit: Visit) -> int:
    """Everything, or the kinds that were ticked."""
    if visit.said("scope") == "all":
        return WHOLE
    ticked = set(visit.several("kinds"))
    return sum(kind.bit for kind in Kind if kind.bit & WHOLE and str(kind.value) in ticked)


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise BadRequest("一覧から選んでください。", "Choose from the list.", rule="console.number")
    return int(said)


def _end_of(day: str) -> datetime | None:
    """The end of a day in Japan; None where none was given."""
    if not day:
        return None
    try:
        date = datetime.fromisoformat(day).date()
    except ValueError:
        raise BadRequest(
            "終わりの日を選んでください。", "Choose the last day.", rule="console.until", place="until"
        ) from None
    return datetime.combine(date + timedelta(days=1), time(), JAPAN)


_HERE = "/console/persons/{handle}"
PAGES: tuple[Page, ...] = (
    guarded(f"{_HERE}/guardian", register_guardian, Interaction.PERSON_SETTLE),
    guarded(f"{_HERE}/guardian/end", end_guardian, Interaction.PERSON_SETTLE),
    guarded(f"{_HERE}/withholding", withhold, Interaction.PERSON_IDENTIFY),
    guarded(f"{_HERE}/withholding/release", release, Interaction.PERSON_IDENTIFY),
    guarded(f"{_HERE}/doubt", doubt, Interaction.PERSON_SETTLE),
    guarded(f"{_HERE}/hold", hold, Interaction.CONSOLE_RETENTION),
    guarded(f"{_HERE}/hold/lift", lift, Interaction.CONSOLE_RETENTION),
)
