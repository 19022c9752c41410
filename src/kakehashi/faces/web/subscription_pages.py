"""Subscriptions (変更の通知) for whoever is responsible: the operator sees all, a manager their institution's own."""

from starlette.responses import Response

from kakehashi.core.errors import NotFound
from kakehashi.engines.subscriptions import overseeing
from kakehashi.engines.subscriptions.overseeing import TURNED_OFF
from kakehashi.faces.web.visit import Page, Visit, guarded
from kakehashi.store import institutions
from kakehashi.trust.roles import Interaction

# What stood in the way, by how the word of `Subscription.error` begins (trust/outbound.py, engines/subscriptions).
WHY = (
    ("hook.status.", "相手のサーバーが受け取りませんでした", "the other side did not take it"),
    ("hook.network", "送り先が許された範囲の外です", "the address is not one that may be reached"),
    ("hook.scheme", "https ではありません", "not https"),
    ("hook.Timeout", "時間内に答えがありませんでした", "no answer in time"),
    ("hook.fault", "こちらの不具合です。ログを見てください", "a fault of ours: see the log"),
    ("hook.", "相手のサーバーにつながりませんでした", "the other side cannot be reached"),
    ("The subscriber may not", "購読した側がいま利用できません", "the subscriber may not act"),
    (TURNED_OFF, "ここで止めました", "turned off here"),
)
STATES = {
    "requested": ("確認中", "requested", "warn"),
    "active": ("届けています", "active", "good"),
    "error": ("エラー", "error", "danger"),
    "off": ("停止", "off", ""),
}


async def show_all(visit: Visit) -> Response:
    """GET /console/subscriptions?institution="""
    asked = visit.asked_for("institution")
    async with visit.house.db.transaction() as db:
        places = await institutions.every(db)
    chosen = next((one for one in places if str(one.key) == asked), None)
    return visit.page(
        "console/subscriptions.html", found=await overseeing.listed(visit.house, chosen.key if chosen else None),
        places=[(one.key, one.name) for one in places], names={one.key: one.name for one in places}, chosen=chosen,
        nav="console/nav.html", why_of=why_of, states=STATES, most=overseeing.MOST, here="/console/subscriptions",
    )  # fmt: skip


async def show_own(visit: Visit) -> Response:
    """GET /staff/subscriptions"""
    place = visit.actor.institution
    return visit.page(
        "console/subscriptions.html", found=await overseeing.listed(visit.house, place.key),
        places=[], names={place.key: place.name}, chosen=place, nav="staff/nav.html", why_of=why_of, states=STATES,
        most=overseeing.MOST, here="/staff/subscriptions",
    )  # fmt: skip


async def end_any(visit: Visit) -> Response:
    """POST /console/subscriptions/off"""
    await overseeing.turn_off(visit.house, _name(visit), None, by=visit.actor, at=visit.at)
    return visit.go("/console/subscriptions?done=subscription-off")


async def end_own(visit: Visit) -> Response:
    """POST /staff/subscriptions/off"""
    key = visit.actor.institution.key
    await overseeing.turn_off(visit.house, _name(visit), key, by=visit.actor, at=visit.at)
    return visit.go("/staff/subscriptions?done=subscription-off")


def why_of(error: str) -> tuple[str, str]:
    """Return what the word in `Subscription.error` means, in Japanese and English."""
    for beginning, ja, en in WHY:
        if error.startswith(beginning):
            return ja, en
    return ("届けられませんでした", "it could not be told") if error else ("", "")


def _name(visit: Visit) -> str:
    if not (name := visit.said("which")):
        raise NotFound
    return name


PAGES = (
    Page("/console/subscriptions", "GET", show_all, Interaction.CONSOLE_KEYS),
    guarded("/console/subscriptions/off", end_any, Interaction.CONSOLE_KEYS),
    Page("/staff/subscriptions", "GET", show_own, "manager"),
    guarded("/staff/subscriptions/off", end_own, "manager"),
)
