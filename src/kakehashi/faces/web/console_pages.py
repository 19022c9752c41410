"""The operator's console: institutions, loads and refusals, the log's proof, retention."""

from starlette.responses import Response

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.errors import BadRequest, Conflict, Failure, NotFound
from kakehashi.faces.web.console_loads import loads, refusals
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.services.audit import proof
from kakehashi.store import desk_console, institutions, retention
from kakehashi.store.accounts import Account
from kakehashi.trust import log_note
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin import accounts

_LISTED = 200  # removals, merges
TYPE_NAMES = {
    InstitutionType.HOSPITAL: ("病院", "Hospital"),
    InstitutionType.CLINIC: ("診療所", "Clinic"),
    InstitutionType.PHARMACY: ("薬局", "Pharmacy"),
    InstitutionType.INSURER: ("保険者", "Insurer"),
    InstitutionType.MUNICIPALITY: ("自治体", "Municipality"),
    InstitutionType.OPERATOR: ("運用", "Operator"),
}
_DIGITS = {
    InstitutionType.HOSPITAL: (10,),
    InstitutionType.CLINIC: (10,),
    InstitutionType.PHARMACY: (10,),
    InstitutionType.INSURER: (8,),
    InstitutionType.MUNICIPALITY: (5, 6),
}


async def start(visit: Visit) -> Response:
    """GET /console"""
    unused: list[Account] = await accounts.unused(visit.house.db, by=visit.actor, at=visit.at)
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    found = loads(visit.house.settings.home)
    return visit.page(
        "console/start.html", places=len(places), unused=unused, loaded=len(found),
        refused=sum(one.refused for one in found), state=await proof.state(visit.house, visit.asked),
    )  # fmt: skip


async def show_institutions(visit: Visit) -> Response:
    """GET /console/institutions"""
    return await _institutions(visit)


async def add_institution(visit: Visit) -> Response:
    """POST /console/institutions"""
    try:
        code, name, kind = visit.said("code"), visit.said("name"), _type(visit.said("type"))
        _require_code(code, kind)
        if not 1 <= len(name) <= 100:
            raise BadRequest(
                "名称を入れてください（100文字以内）。", "Give a name.", rule="console.name", place="name"
            )
        async with visit.house.db.transaction() as db:
            key = await desk_console.next_institution(db)
            if any(one.code == code for one in await institutions.every(db)):
                raise Conflict(
                    "このコードは登録済みです。",
                    "This code is registered already.",
                    rule="console.code",
                    place="code",
                )
            await institutions.put(db, Institution(key, code, name, kind))
            await log_note.record(
                db, "institution.added", f"Institution/{key}", person=0, by=visit.actor, at=visit.at
            )
    except Failure as failure:
        return await _institutions(visit, failure)
    return visit.go("/console/institutions?done=saved")


async def show_loads(visit: Visit) -> Response:
    """GET /console/loads"""
    return visit.page("console/loads.html", found=loads(visit.house.settings.home))


async def show_refusals(visit: Visit) -> Response:
    """GET /console/loads/{key}: what was refused of one file, and why."""
    home, key = visit.house.settings.home, visit.request.path_params["key"]
    load = next((one for one in loads(home) if one.key == key), None)
    if load is None:
        raise NotFound
    lines, rules = refusals(home, key)
    return visit.page("console/refusals.html", load=load, lines=lines[:200], rules=rules.most_common(30))


async def show_log(visit: Visit) -> Response:
    """GET /console/log: the proof, not the content."""
    return visit.page("console/log.html", state=await proof.state(visit.house, visit.asked), verdict=None)


async def prove(visit: Visit) -> Response:
    """POST /console/log: verify the whole log now."""
    verdict = await proof.prove(visit.house, visit.asked)
    ja, _, en = str(verdict).partition(" | ")
    return visit.page(
        "console/log.html", state=await proof.state(visit.house, visit.asked),
        verdict={"good": verdict.kind == "whole", "ja": ja, "en": en},
    )  # fmt: skip


async def show_retention(visit: Visit) -> Response:
    """GET /console/retention: the classes with their law, and what was removed of late."""
    async with visit.house.db.transaction() as db:
        removed = await desk_console.removals(db, _LISTED)
    return visit.page("console/retention.html", classes=retention.CLASSES, removed=removed)


async def _institutions(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    return visit.page(
        "console/institutions.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], places=places, types=TYPE_NAMES,
        choices=[(kind.value, f"{ja} {en}") for kind, (ja, en) in TYPE_NAMES.items() if kind in _DIGITS],
    )  # fmt: skip


def _type(said: str) -> InstitutionType:
    for kind in _DIGITS:
        if kind.value == said:
            return kind
    raise BadRequest("種類を選んでください。", "Choose the type.", rule="console.type", place="type")


def _require_code(code: str, kind: InstitutionType) -> None:
    if not (code.isascii() and code.isdigit() and len(code) in _DIGITS[kind]):
        digits = "か".join(map(str, _DIGITS[kind]))
        raise BadRequest(
            f"コードは半角数字{digits}桁です。", f"The code has {_DIGITS[kind][0]} digits.", rule="console.code",
            place="code",
        )  # fmt: skip


PAGES = (
    Page("/console", "GET", start, Interaction.CONSOLE_INSTITUTIONS),
    Page("/console/institutions", "GET", show_institutions, Interaction.CONSOLE_INSTITUTIONS),
    Page("/console/institutions", "POST", add_institution, Interaction.CONSOLE_INSTITUTIONS),
    Page("/console/loads", "GET", show_loads, Interaction.CONSOLE_LOADS),
    Page("/console/loads/{key}", "GET", show_refusals, Interaction.CONSOLE_LOADS),
    Page("/console/log", "GET", show_log, Interaction.CONSOLE_LOG),
    Page("/console/log", "POST", prove, Interaction.CONSOLE_LOG),
    Page("/console/retention", "GET", show_retention, Interaction.CONSOLE_RETENTION),
)
