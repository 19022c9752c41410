"""The server's own signing keys: those of access tokens, and the one of the log's checkpoints; changed with overlap."""

from starlette.responses import Response

from kakehashi.core.errors import BadRequest, Failure
from kakehashi.faces.web.visit import Page, Visit, guarded, message_of
from kakehashi.trust import checkpoints_change
from kakehashi.trust.oauth import signing_keys
from kakehashi.trust.roles import Interaction

_HERE = "/console/signing"


async def show(visit: Visit) -> Response:
    """GET /console/signing"""
    return await _signing(visit)


async def change_token_key(visit: Visit) -> Response:
    """POST /console/signing/tokens: a new key signs; what the former ones signed stays good until it ends."""
    await signing_keys.rotate(visit.house.db, visit.desk.vault, by=visit.actor, at=visit.at)
    return visit.go(f"{_HERE}?done=rotated")


async def withdraw_token_key(visit: Visit) -> Response:
    """POST /console/signing/tokens/withdraw: what it signed is void at once."""
    await signing_keys.withdraw(visit.house.db, visit.said("kid"), by=visit.actor, at=visit.at)
    return visit.go(f"{_HERE}?done=removed")


async def change_log_key(visit: Visit) -> Response:
    """POST /console/signing/log: the former key signs over to a new one; old checkpoints stay good."""
    try:
        if visit.said("sure") != "yes":
            raise BadRequest(
                "新しい公開鍵を公表することを確かめてください。", "Say that the new public key will be published.",
                rule="console.signing.sure", place="sure",
            )  # fmt: skip
        await checkpoints_change.change(
            visit.house.db, visit.house.settings.home, by=visit.actor, at=visit.at
        )
    except BadRequest as failure:
        return await _signing(visit, failure)
    return visit.go(f"{_HERE}?done=rotated")


async def _signing(visit: Visit, failure: Failure | None = None) -> Response:
    async with visit.house.db.transaction() as db:
        tokens = await signing_keys.of_late(db, by=visit.actor, at=visit.at)
    able = [one for one in reversed(tokens) if one.withdrawn_at is None and one.signs_until > visit.at]
    signs = {one.algorithm: one.kid for one in able}  # of each algorithm the newest
    return visit.page(
        "console/signing.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], tokens=tokens, signs=signs, now=visit.at,
        log_keys=checkpoints_change.keys(visit.house.settings.home),
    )  # fmt: skip


_NEEDS = Interaction.CONSOLE_KEYS
PAGES = (
    Page(_HERE, "GET", show, _NEEDS),
    guarded(f"{_HERE}/tokens", change_token_key, _NEEDS),
    guarded(f"{_HERE}/tokens/withdraw", withdraw_token_key, _NEEDS),
    guarded(f"{_HERE}/log", change_log_key, _NEEDS),
)
