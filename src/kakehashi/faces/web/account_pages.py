"""One's own sign-in: the last times and where, passkeys, the telephone's app, recovery codes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Undecodable

from starlette.responses import Response

from kakehashi.core.errors import Failure, NotFound
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.signin_pages import ROLE_NAMES, next_step
from kakehashi.faces.web.visit import COOKIE, Page, Visit, message_of
from kakehashi.store import accounts_factors
from kakehashi.trust.signin import enrolment, history, passkeys, sessions

FACTOR_NAMES = {
    "password": ("パスワード", "password"),
    "totp": ("認証アプリ", "app"),
    "recovery": ("回復コード", "recovery code"),
    "break-glass": ("緊急コード", "emergency code"),
    "passkey": ("パスキー", "passkey"),
    "openid": ("プロバイダー", "provider"),
    "openid-two": ("プロバイダー（二要素）", "provider, two factors"),
}


async def show(visit: Visit) -> Response:
    """GET /account"""
    return await _account(visit)


async def sign_out_everywhere(visit: Visit) -> Response:
    """POST /account/sessions: end every session, this one too."""
    await sessions.sign_out_everywhere(visit.house.db, visit.token, at=visit.at, policy=visit.desk.policy)
    answer = visit.go("/signin")
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def passkey_options(visit: Visit) -> Response:
    """POST /account/passkeys/options: what the browser needs to make a passkey."""
    options = await passkeys.registration_options(
        visit.house.db, visit.token, at=visit.at, policy=visit.desk.policy
    )
    return Response(options, media_type="application/json", headers=HEADERS)


async def add_passkey(visit: Visit) -> Response:
    """POST /account/passkeys: the browser's answer."""
    try:
        ticket = await passkeys.register(
            visit.house.db, visit.token, visit.said("answer"), visit.said("label"), at=visit.at,
            policy=visit.desk.policy,
        )  # fmt: skip
    except Failure as failure:
        if visit.session.needs:
            raise
        return await _account(visit, failure)
    return visit.go(next_step(ticket.needs) if ticket.needs else "/account?done=passkey", ticket)


async def remove_passkey(visit: Visit) -> Response:
    """POST /account/passkeys/remove"""
    try:
        key = urlsafe_b64decode(visit.said("key"))
    except (Undecodable, ValueError):
        raise NotFound from None
    try:
        await passkeys.remove(visit.house.db, visit.token, key, at=visit.at, policy=visit.desk.policy)
    except Failure as failure:
        return await _account(visit, failure)
    return visit.go("/account?done=removed")


async def recovery_codes(visit: Visit) -> Response:
    """POST /account/recovery: ten new codes, shown once."""
    codes = await enrolment.new_recovery_codes(
        visit.house.db, visit.token, at=visit.at, policy=visit.desk.policy
    )
    return await _account(visit, codes=codes)


async def _account(visit: Visit, failure: Failure | None = None, codes: tuple[str, ...] = ()) -> Response:
    db, token, policy = visit.house.db, visit.token, visit.desk.policy
    lately = await history.mine(db, token, at=visit.at, policy=policy)
    keys = await passkeys.mine(db, token, at=visit.at, policy=policy)
    async with db.transaction() as tx:
        has_app = await accounts_factors.totp(tx, visit.session.account) is not None
        left = await accounts_factors.recovery_left(tx, visit.session.account)
    return visit.page(
        "account/show.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], lately=lately, has_app=has_app,
        keys=[(urlsafe_b64encode(one.id).decode(), one) for one in keys if one.suspended_at is None], left=left,
        role_names=ROLE_NAMES, factor_names=FACTOR_NAMES, codes=codes, may_have_keys=bool(policy.rp_id),
    )  # fmt: skip


PAGES = (
    Page("/account", "GET", show, "actor"),
    Page("/account/sessions", "POST", sign_out_everywhere, "actor"),
    Page("/account/passkeys/options", "POST", passkey_options, "session"),
    Page("/account/passkeys", "POST", add_passkey, "session"),
    Page("/account/passkeys/remove", "POST", remove_passkey, "actor", step_up=True),
    Page("/account/recovery", "POST", recovery_codes, "actor", step_up=True),
)
