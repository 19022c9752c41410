"""Signing in, step by step: password or passkey, second factor, password change, enrolment, choice of duty."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from kakehashi.core.actors import Institution, Purpose, Role
from kakehashi.core.errors import BadRequest, Failure, Unauthenticated
from kakehashi.faces.web.rendering import HEADERS
from kakehashi.faces.web.visit import COOKIE, Page, Visit, message_of
from kakehashi.store import accounts_factors, openid
from kakehashi.store.accounts import Membership
from kakehashi.trust.signin import enrolment, passkeys, sessions, steps
from kakehashi.trust.signin.openid import leaving
from kakehashi.trust.signin.sessions import Ticket

_STEPS = {
    "second": "/signin/second",
    "password.change": "/signin/password",
    "enrol": "/signin/enrol",
    "choose": "/signin/choose",
}
_OURS = re.compile(r"/(?:[a-z]+(?:/[A-Za-z0-9_-]+)*)?", re.ASCII)
ROLE_NAMES = {
    Role.DOCTOR: ("医師", "Doctor"),
    Role.DENTIST: ("歯科医師", "Dentist"),
    Role.PHARMACIST: ("薬剤師", "Pharmacist"),
    Role.NURSE: ("看護師", "Nurse"),
    Role.CLERK: ("受付・事務", "Clerk"),
    Role.INSURER: ("保険者", "Insurer"),
    Role.MUNICIPALITY: ("自治体", "Municipality"),
    Role.AUDITOR: ("監査担当者", "Auditor"),
    Role.OPERATOR: ("運用担当者", "Operator"),
    Role.PERSON: ("本人", "Person"),
    Role.SYSTEM: ("システム", "System"),
}
PURPOSE_NAMES = {
    Purpose.TREATMENT: ("診療", "Treatment"),
    Purpose.EMERGENCY: ("救急診療", "Emergency treatment"),
    Purpose.PATIENT_REQUEST: ("本人の求め", "At the person's request"),
    Purpose.PAYMENT: ("支払・保険", "Payment"),
    Purpose.ADMINISTRATION: ("受付・事務", "Administration"),
    Purpose.OPERATIONS: ("運用", "Operations"),
    Purpose.AUDIT: ("監査", "Audit"),
}


USUAL = {
    Role.DOCTOR: Purpose.TREATMENT,
    Role.DENTIST: Purpose.TREATMENT,
    Role.PHARMACIST: Purpose.TREATMENT,
    Role.NURSE: Purpose.TREATMENT,
    Role.CLERK: Purpose.ADMINISTRATION,
    Role.INSURER: Purpose.PAYMENT,
    Role.MUNICIPALITY: Purpose.ADMINISTRATION,
    Role.AUDITOR: Purpose.AUDIT,
    Role.OPERATOR: Purpose.OPERATIONS,
    Role.PERSON: Purpose.PATIENT_REQUEST,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A duty that an account can take up."""

    institution: Institution
    role: Role
    purpose: Purpose


def next_step(needs: Sequence[str]) -> str:
    """Return the page for what is still needed, the first page when nothing is."""
    return _STEPS[needs[0]] if needs else "/"


def step_to(needs: Sequence[str], onward: str) -> str:
    """Return the page for what is still needed, which leads on to a page of ours."""
    return next_step(needs) + (f"?next={quote(onward)}" if onward != "/" else "")


def onward_from(path: str) -> str:
    """Return a page of ours to go on to; anything else becomes the first page (no open redirect)."""
    return path if _OURS.fullmatch(path) else "/"


async def ask_step_up(visit: Visit) -> Response:
    """GET /stepup?next=…: prove a second factor once more, here or there, or enrol one where there is none."""
    provider = visit.desk.provider
    async with visit.house.db.transaction() as tx:
        has = await accounts_factors.has_second(tx, visit.session.account)
        there = provider is not None and provider.factor and await openid.rests(tx, visit.session.id)
    step = "/signin/second?" if has else "/signin/openid?again=1&" if there else "/signin/enrol?"
    return visit.go(f"{step}next={quote(onward_from(visit.asked_for('next')))}")


async def ask_password(visit: Visit) -> Response:
    """GET /signin"""
    return password_page(visit)


def password_page(visit: Visit, failure: Failure | None = None) -> Response:
    """Return the page on which signing in begins."""
    return visit.page(
        "signin/password.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], passkeys=bool(visit.desk.policy.rp_id),
        only=visit.desk.policy.openid_only, onward=_wanted(visit),
    )  # fmt: skip


async def take_password(visit: Visit) -> Response:
    """POST /signin"""
    try:
        ticket = await steps.with_password(
            visit.house.db,
            visit.said("login"),
            _secret(visit, "password"),
            address=visit.address,
            at=visit.at,
            policy=visit.desk.policy,
        )
    except Failure as failure:
        return password_page(visit, failure)
    return await go_on(visit, ticket, _wanted(visit))


async def ask_second(visit: Visit) -> Response:
    """GET /signin/second"""
    return _second(visit)


async def take_second(visit: Visit) -> Response:
    """POST /signin/second: the app's code, a recovery code, or an approved break-glass code."""
    desk, code = visit.desk, visit.said("code").replace(" ", "")
    try:
        match visit.said("sort"):
            case "recovery":
                ticket = await steps.with_recovery_code(
                    visit.house.db, visit.token, code, at=visit.at, address=visit.address, policy=desk.policy
                )
            case "break-glass":
                ticket = await steps.with_break_glass(
                    visit.house.db, visit.token, code, at=visit.at, address=visit.address, policy=desk.policy
                )
            case _:
                ticket = await steps.with_totp(
                    visit.house.db,
                    desk.vault,
                    visit.token,
                    code,
                    at=visit.at,
                    address=visit.address,
                    policy=desk.policy,
                )
    except Failure as failure:
        return _second(visit, failure)
    return await go_on(visit, ticket, _wanted(visit))


def _second(visit: Visit, failure: Failure | None = None) -> Response:
    return visit.page(
        "signin/second.html",
        status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [],
        onward=_wanted(visit),
        passkeys=bool(visit.desk.policy.rp_id),
    )


def _wanted(visit: Visit) -> str:
    """The page to go on to, from the address or, on its way back, from the form."""
    return onward_from(visit.said("next") or visit.asked_for("next"))


async def ask_new_password(visit: Visit) -> Response:
    """GET /signin/password"""
    return _new_password(visit)


def _new_password(visit: Visit, failure: Failure | None = None) -> Response:
    return visit.page(
        "signin/change.html", status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [], onward=_wanted(visit),
    )  # fmt: skip


async def take_new_password(visit: Visit) -> Response:
    """POST /signin/password"""
    if _secret(visit, "new") != _secret(visit, "again"):
        failure = BadRequest(
            "新しいパスワードが二回とも同じではありません。", "The new password differs the second time."
        )
        return _new_password(visit, failure)
    try:
        ticket = await enrolment.change_password(
            visit.house.db,
            visit.token,
            _secret(visit, "old"),
            _secret(visit, "new"),
            at=visit.at,
            policy=visit.desk.policy,
        )
    except Failure as failure:
        return _new_password(visit, failure)
    return await go_on(visit, ticket, _wanted(visit))


async def ask_enrol(visit: Visit) -> Response:
    """GET /signin/enrol: a new secret for the telephone's app, as a picture and as text."""
    return await _enrol(visit)


async def _enrol(visit: Visit, failure: Failure | None = None) -> Response:
    offer = await enrolment.offer_totp(
        visit.house.db, visit.desk.vault, visit.token, at=visit.at, policy=visit.desk.policy
    )
    # the QR code's SVG is made of numbers only
    return visit.page(
        "signin/enrol.html",
        status=failure.status if failure else 200,
        messages=message_of(failure) if failure else [],
        picture=Markup(offer.svg),  # noqa: S704
        secret=offer.secret,
        onward=_wanted(visit),
        passkeys=bool(visit.desk.policy.rp_id),
    )


async def take_enrol(visit: Visit) -> Response:
    """POST /signin/enrol: a code of the new secret proves it."""
    try:
        ticket = await enrolment.confirm_totp(
            visit.house.db,
            visit.desk.vault,
            visit.token,
            visit.said("code").replace(" ", ""),
            at=visit.at,
            policy=visit.desk.policy,
        )
    except Unauthenticated as failure:
        return await _enrol(visit, failure)
    if ticket.needs or _wanted(visit) == "/":  # the first page itself offers recovery codes
        return await go_on(visit, ticket, _wanted(visit))
    return visit.go(f"{_wanted(visit)}?done=enrolled", ticket)


async def ask_choice(visit: Visit) -> Response:
    """GET /signin/choose: institution, role and purpose; what is in quarantine is told, not offered."""
    free, shut = await sessions.duties(visit.house.db, visit.session.account)
    return visit.page(
        "signin/choose.html",
        choices=_choices_of(free),
        shut=sorted({one.institution.name for one in shut}),
        onward=_wanted(visit),
        role_names=ROLE_NAMES,
        purpose_names=PURPOSE_NAMES,
    )


async def take_choice(visit: Visit) -> Response:
    """POST /signin/choose"""
    try:
        institution, role, purpose = visit.said("choice").split("|")
        wanted = int(institution), Role(role), Purpose(purpose)
    except ValueError:
        raise BadRequest("一覧から選んでください。", "Please choose from the list.") from None
    ticket = await sessions.choose(
        visit.house.db, visit.token, *wanted, at=visit.at, policy=visit.desk.policy
    )
    return visit.go(_wanted(visit), ticket)


async def take_sign_out(visit: Visit) -> Response:
    """POST /signout: here, and then at the provider that the session rested on."""
    desk = visit.desk
    there = await leaving.sign_out(desk.house.db, desk.vault, desk.provider, visit.token, at=visit.at)
    visit.signed = None
    answer = visit.page("signin/openid-signed-out.html", onward=there) if there else visit.go("/signin")
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def passkey_options(visit: Visit) -> Response:
    """POST /signin/passkey/options: what the browser needs to ask for a passkey."""
    options = await passkeys.sign_in_options(visit.house.db, at=visit.at, policy=visit.desk.policy)
    return Response(options, media_type="application/json", headers=HEADERS)


async def take_passkey(visit: Visit) -> Response:
    """POST /signin/passkey: the browser's answer."""
    try:
        ticket = await passkeys.sign_in(
            visit.house.db,
            visit.said("answer"),
            at=visit.at,
            token=visit.token if visit.signed else "",
            address=visit.address,
            policy=visit.desk.policy,
        )
    except Failure as failure:
        return password_page(visit, failure)
    return await go_on(visit, ticket, _wanted(visit))


async def go_on(visit: Visit, ticket: Ticket, onward: str) -> Response:
    """Go to the next step, or to the page that was wanted; where there is only one duty to choose, it is chosen.

    Raises Refused, which tells why, where the only duty is at an institution in quarantine.
    """
    if ticket.needs == ("choose",):
        signed = await sessions.open_session(
            visit.house.db, ticket.token, at=visit.at, policy=visit.desk.policy
        )
        free, shut = await sessions.duties(visit.house.db, signed.account)
        choices = _choices_of(free or shut)
        if len(choices) == 1:
            one = choices[0]
            ticket = await sessions.choose(
                visit.house.db,
                ticket.token,
                one.institution.key,
                one.role,
                one.purpose,
                at=visit.at,
                policy=visit.desk.policy,
            )
    return visit.go(step_to(ticket.needs, onward) if ticket.needs else onward, ticket)


def _choices_of(held: Sequence[Membership]) -> list[Choice]:
    return [Choice(one.institution, one.role, USUAL[one.role]) for one in held if one.role in USUAL]


def _secret(visit: Visit, name: str) -> str:
    """A password exactly as typed: blanks around it belong to it."""
    value = visit.form.get(name, "")
    return value if isinstance(value, str) else ""


PAGES = (
    Page("/signin", "GET", ask_password, None),
    Page("/signin", "POST", take_password, None),
    Page("/signin/second", "GET", ask_second, "session"),
    Page("/signin/second", "POST", take_second, "session"),
    Page("/signin/password", "GET", ask_new_password, "session"),
    Page("/signin/password", "POST", take_new_password, "session"),
    Page("/signin/enrol", "GET", ask_enrol, "session"),
    Page("/signin/enrol", "POST", take_enrol, "session"),
    Page("/signin/choose", "GET", ask_choice, "session"),
    Page("/signin/choose", "POST", take_choice, "session"),
    Page("/signin/passkey/options", "POST", passkey_options, None),
    Page("/signin/passkey", "POST", take_passkey, None),
    Page("/stepup", "GET", ask_step_up, "actor"),
    Page("/signout", "POST", take_sign_out, None),
)
