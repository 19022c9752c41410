"""The second factor asked for within a form: what was typed stays, and is carried out once the factor is proven."""

from starlette.responses import Response

from kakehashi.core.errors import Failure
from kakehashi.faces.web.visit import AGAIN, PASSWORDS, Visit, message_of
from kakehashi.trust.signin import passkeys, steps

_CODE, _SORT, _ANSWER = (f"{AGAIN}-{name}" for name in ("code", "sort", "answer"))
_LEFT = PASSWORDS | {"csrf"}


async def prove(visit: Visit) -> bool:
    """Take the second factor that came with the form; False when none did. Raises Unauthenticated, TooMany."""
    db, policy, here = visit.house.db, visit.desk.policy, visit.address
    if answer := visit.said(_ANSWER):
        ticket = await passkeys.sign_in(
            db, answer, at=visit.at, token=visit.token, address=here, policy=policy
        )
    elif not (code := visit.said(_CODE).replace(" ", "")):
        return False
    elif visit.said(_SORT) == "recovery":
        ticket = await steps.with_recovery_code(
            db, visit.token, code, at=visit.at, address=here, policy=policy
        )
    else:
        ticket = await steps.with_totp(
            db, visit.desk.vault, visit.token, code, at=visit.at, address=here, policy=policy
        )
    await visit.renew(ticket)
    return True


def ask(visit: Visit, back: str, failure: Failure | None = None) -> Response:
    """Show the form that asks for the factor and holds everything that was typed; nothing of it is in an address.

    `back`: the page to leave for.
    """
    held = [
        (name, value)
        for name, value in visit.form.multi_items()
        if isinstance(value, str) and name not in _LEFT and not name.startswith(f"{AGAIN}-")
    ]
    return visit.page(
        "signin/again.html", status=401, messages=message_of(failure) if failure else [], held=held,
        back=back, passkeys=bool(visit.desk.policy.rp_id),
    )  # fmt: skip
