"""The auditor's pages: the log, the emergency queue, what is unusual, and the proof."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from kakehashi.core.actors import Institution
from kakehashi.core.errors import BadRequest, Conflict, Failure, NotFound
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.faces.web.signin_pages import ROLE_NAMES
from kakehashi.faces.web.visit import Page, Visit, message_of
from kakehashi.services.audit import checks, proof
from kakehashi.services.audit.rules import RULES
from kakehashi.services.audit.search import LONGEST, PAGE, Asking, mark_of, review, search
from kakehashi.services.viewer.timeline import day_of
from kakehashi.store import desk_log, institutions
from kakehashi.trust import emergency
from kakehashi.trust.emergency import REASONS
from kakehashi.trust.roles import Interaction

_WEEK = timedelta(days=7)
# What can be asked for, by how an action begins.
ACTIONS = (
    ("view", "記録を見た Looked (viewer)"),
    ("read", "読み出し Read"),
    ("search", "検索 Search"),
    ("export", "書き出し Export"),
    ("person.", "本人の特定・照合 Identification"),
    ("eligibility", "資格確認 Eligibility"),
    ("consent.", "同意 Consent"),
    ("withholding.", "見せない設定 Withholding"),
    ("emergency.", "救急閲覧 Emergency"),
    ("sharing.", "登録 Registration"),
    ("signin.", "サインイン Sign-in"),
    ("account.", "アカウント Accounts"),
    ("log.", "監査 Audit"),
)
STEPS = {
    "waiting": ("順番を待っています", "Waits for its turn"),
    "reading": ("記録を読んでいます", "Reading the entries"),
    "checking": ("署名と照らしています", "Holding them against the signatures"),
    "done": ("終わりました", "Done"),
}
VERDICTS: dict[str, emergency.Verdict] = {"justified": "justified", "unjustified": "unjustified"}


async def start(visit: Visit) -> Response:
    """GET /audit: what waits."""
    async with visit.house.db.transaction() as db:
        queue = await emergency.review_queue(db, by=visit.actor)
    return visit.page(
        "audit/start.html", waiting=len(queue), state=await proof.state(visit.house, visit.asked)
    )


async def show_log(visit: Visit) -> Response:
    """GET /audit/log?from=&to=&institution=&action=&below="""
    names = await _names(visit)
    try:
        asking = _asking(visit, names)
        lines = await search(visit.house, visit.asked, asking)
        messages = []
    except BadRequest as failure:
        asking, lines, messages = _last_week(visit), [], message_of(failure)
    return visit.page(
        "audit/log.html", status=400 if messages else 200, messages=messages, lines=lines,
        first=day_of(asking.start), last=day_of(asking.end - timedelta(seconds=1)), institution=asking.institution,
        action=asking.action, names=names, actions=ACTIONS,
        role_names={role.value: said for role, said in ROLE_NAMES.items()},
        more=lines[-1].seq if len(lines) == PAGE else None,
    )  # fmt: skip


async def show_emergencies(visit: Visit) -> Response:
    """GET /audit/emergencies: openings that nobody has reviewed, and below them the verdicts on others."""
    return await _emergencies(visit)


async def judge(visit: Visit) -> Response:
    """POST /audit/emergencies: a verdict on one opening."""
    person = await _person_of(visit, visit.said("which"))
    try:
        verdict = VERDICTS.get(visit.said("verdict"))
        if verdict is None:
            raise BadRequest(
                "判定を選んでください。", "Choose a verdict.", rule="audit.verdict", place="verdict"
            )
        async with visit.house.db.transaction() as db:
            await emergency.review(
                db, person, visit.said("which"), verdict, visit.said("remark"), by=visit.actor, at=visit.at,
                request=visit.asked.request,
            )  # fmt: skip
    except (BadRequest, Conflict) as failure:
        return await _emergencies(visit, failure)
    return visit.go("/audit/emergencies?done=reviewed")


async def show_unusual(visit: Visit) -> Response:
    """GET /audit/unusual?from=&to="""
    names = await _names(visit)
    try:
        asking, messages = _asking(visit, names), []
    except BadRequest as failure:
        asking, messages = _last_week(visit), message_of(failure)
    found, people = await review(visit.house, visit.asked, asking.start, asking.end)
    return visit.page(
        "audit/unusual.html", messages=messages, found=found[:300], total=len(found), people=people, names=names,
        rules=RULES, mark_of=mark_of, first=day_of(asking.start), last=day_of(asking.end - timedelta(seconds=1)),
    )  # fmt: skip


async def show_proof(visit: Visit) -> Response:
    """GET /audit/proof: the newest checkpoint, the newest check, and how to check it elsewhere."""
    return await proof_page(visit, "audit/proof.html")


async def prove(visit: Visit) -> Response:
    """POST /audit/proof: have the whole log checked; the page shows how far it is."""
    await checks.ask(visit.house, visit.asked)
    return visit.go("/audit/proof?done=checking")


async def export(visit: Visit) -> Response:
    """POST /audit/export: the log as files for the separate verifier."""
    pieces = await proof.packed(visit.house, visit.asked)
    return visit.stream(pieces, f"kakehashi-log-{visit.at:%Y%m%d}.zip", "application/zip")


async def proof_page(visit: Visit, template: str) -> Response:
    """Return a page with the state of the log's proof and the newest check."""
    check = await checks.last(visit.house, visit.asked)
    ja, _, en = (check.said or "" if check else "").partition(" | ")
    return visit.page(
        template, state=await proof.state(visit.house, visit.asked), check=check, steps=STEPS, said={"ja": ja, "en": en}
    )  # fmt: skip


async def _emergencies(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        queue = await emergency.review_queue(db, by=visit.actor)
        past = await emergency.verdicts(db, by=visit.actor)
        people = await desk_log.account_names(
            db, {one.account for one in (*queue, *past)} | {one.reviewer for one in past}
        )
    return visit.page(
        "audit/emergencies.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], queue=queue, past=past, people=people,
        names=await _names(visit), reasons=REASONS, mark_of=mark_of,
    )  # fmt: skip


async def _person_of(visit: Visit, which: str) -> int:
    """The queue knows whose record an opening is of: no page names a person's key."""
    async with visit.house.db.transaction() as db:
        for one in await emergency.review_queue(db, by=visit.actor):
            if one.id == which:
                return one.person
    raise NotFound


async def _names(visit: Visit) -> dict[int, Institution]:
    async with visit.house.db.transaction() as db:
        return {one.key: one for one in await institutions.every(db)}


def _asking(visit: Visit, names: Mapping[int, Institution]) -> Asking:
    week = _last_week(visit)
    if not (visit.asked_for("from") or visit.asked_for("to")):
        return week
    start, end = (
        _moment(visit.asked_for("from"), "from"),
        _moment(visit.asked_for("to"), "to") + timedelta(days=1),
    )
    if not start < end <= start + LONGEST:
        raise BadRequest(
            f"期間は{LONGEST.days}日以内にしてください。",
            f"At most {LONGEST.days} days.",
            rule="audit.period",
            place="from",
        )
    below, place = visit.asked_for("below"), visit.asked_for("institution")
    return Asking(
        start,
        end,
        next((key for key in names if str(key) == place), None),
        next((name for name, _ in ACTIONS if name == visit.asked_for("action")), ""),
        int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
    )


def _last_week(visit: Visit) -> Asking:
    tomorrow = datetime.combine(day_of(visit.at) + timedelta(days=1), time(), JAPAN)
    return Asking(tomorrow - _WEEK, tomorrow)


def _moment(day: str, place: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), JAPAN)
    except ValueError:
        raise BadRequest("日付を選んでください。", "Choose a day.", rule="audit.day", place=place) from None


_READ, _REVIEW, _PROOF = Interaction.LOG_READ, Interaction.EMERGENCY_REVIEW, Interaction.CONSOLE_LOG
PAGES = (
    Page("/audit", "GET", start, _READ),
    Page("/audit/log", "GET", show_log, _READ),
    Page("/audit/emergencies", "GET", show_emergencies, _REVIEW),
    Page("/audit/emergencies", "POST", judge, _REVIEW),
    Page("/audit/unusual", "GET", show_unusual, _READ),
    Page("/audit/proof", "GET", show_proof, _PROOF),
    Page("/audit/proof", "POST", prove, _PROOF),
    Page("/audit/export", "POST", export, _READ),
)
