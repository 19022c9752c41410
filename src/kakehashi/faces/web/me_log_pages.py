"""The person's own log: who looked, when, why, on what basis; and its proven lines as a file to take away."""

from starlette.responses import Response

from kakehashi.core.actors import Role
from kakehashi.core.errors import BadRequest, NotFound
from kakehashi.faces.web.me_pages import me_page, own_person, words
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.faces.web.visit import Page, Visit
from kakehashi.trust import log as own_log
from kakehashi.trust import log_line
from kakehashi.trust.log import Entry
from kakehashi.trust.roles import Interaction


async def show(visit: Visit) -> Response:
    """GET /me/log?below=…&only=others: each line with whether it is proven."""
    entries = await _entries(visit)
    more = entries[-1].seq if len(entries) == own_log.PAGE else None
    # The file is of this very page: the line that opening it adds is above.
    proven = entries[0].seq + 1 if any(one.proof and one.proof.told for one in entries) else None
    told = [one for one in entries if one.role is not Role.PERSON] if _others(visit) else entries
    return await me_page(
        visit, "me/log.html", entries=told, more=more, proven=proven, others=_others(visit), **words(visit)
    )


async def take(visit: Visit) -> Response:
    """GET /me/log/proof?below=…: the proven lines of one page, for `python -m kakehashi_verify.line`."""
    body = log_line.file_of(await _entries(visit))
    if not body:
        raise NotFound(
            "証明された行がまだありません。一分ほどしてから、もう一度開いてください。",
            "No line is proven yet. Please try again in a minute.",
            rule="me.log.proof",
        )
    return visit.download(
        body, f"kakehashi-log-{visit.at.astimezone(JAPAN):%Y%m%d}.ndjson", "application/x-ndjson"
    )


async def _entries(visit: Visit) -> list[Entry]:
    below = visit.asked_for("below")
    if below and not (below.isascii() and below.isdigit() and len(below) < 19):
        raise BadRequest("この続きは開けません。", "There is no such page.", rule="me.log")
    async with visit.house.db.transaction() as db:
        return await own_log.log_of_person(
            db, own_person(visit), by=visit.actor, at=visit.at, below=int(below) if below else None
        )


def _others(visit: Visit) -> bool:
    return visit.asked_for("only") == "others"


PAGES = (
    Page("/me/log", "GET", show, Interaction.LOG_OWN),
    Page("/me/log/proof", "GET", take, Interaction.LOG_OWN),
)
