"""What somebody allows an app: what may be offered, the code it is answered with, the list of it, and its end.

The token acts as who allowed it (role, institution, purpose of the session), narrowed by the scopes that were left
ticked, and bound to one person wherever a scope says `patient/…`. Source: SMART App Launch 2.2.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import BadRequest, NotFound, Refused
from kakehashi.core.ids import new_id
from kakehashi.store import app_grants
from kakehashi.store.app_grants import Allowed, Code, Grant
from kakehashi.store.clients import Client
from kakehashi.store.database import Connection, Database
from kakehashi.trust import log_note, roles
from kakehashi.trust.oauth import apps, redirects
from kakehashi.trust.oauth.apps import secret_hash
from kakehashi.trust.oauth.authorizing import Wanted
from kakehashi.trust.oauth.exchange import TOKEN_BYTES
from kakehashi.trust.oauth.tokens import LIVES
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin.policy import STRICT, Policy
from kakehashi.trust.signin.sessions import Session

CODE_LIVES = timedelta(seconds=60)
LAUNCH_LIVES = timedelta(minutes=5)
OFFLINE = timedelta(days=180)  # then the app asks anew
MOST_STANDING = 20  # grants of one account to one app; the oldest end
_LETTERS = {
    "c": Interaction.CREATE,
    "r": Interaction.READ,
    "u": Interaction.UPDATE,
    "d": Interaction.DELETE,
    "s": Interaction.SEARCH,
}
_UNASKED = ("launch", "launch/patient")  # how an app begins, nothing to say yes or no to


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen on the page: the scopes left ticked, whose record, and what the app is told of it.

    `person`: None where the app reaches whom the account's windows open.
    """

    scopes: Sequence[str]
    person: int | None = None
    acts_for: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


def require_may_use(client: Client, actor: Actor) -> None:
    """Raise Refused unless the actor may use this app: a person any, staff their institution's and the operator's."""
    if actor.role is Role.PERSON or client.institution.key in (actor.institution.key, 0):
        return
    raise Refused(
        "このアプリは、あなたの施設では使えません。",
        "This app is not for your institution.",
        rule="oauth.app.institution",
    )


def offered(wanted: Wanted, client: Client, actor: Actor) -> tuple[str, ...]:
    """Return the scopes that the app asks for, is registered for, and whose letters the role can use at all."""
    may = "".join(one for one, interaction in _LETTERS.items() if roles.permits(actor, interaction))
    within = [f"{context}/*.{may}" for context in apps.OF_PERSON] if may else []
    asked = apps.granted(wanted.scopes, client.scopes)
    return apps.granted(asked, (*within, *apps.WORDS))


def askable(scopes_offered: Sequence[str]) -> list[str]:
    """Return those of the scopes that a person says yes or no to."""
    return [one for one in scopes_offered if one not in _UNASKED]


def needs_patient(scopes_offered: Sequence[str]) -> bool:
    """Say whether somebody must be chosen: for `patient/…`, or because the app asks to be told whom it is about."""
    return any(one.startswith("patient/") or one == "launch/patient" for one in scopes_offered)


async def allow(
    db: Database, wanted: Wanted, client: Client, choice: Choice, *, session: Session, at: datetime
) -> str:
    """Keep what was allowed, and return the address that answers the app with its code.

    Raises Refused (the app is not for them), BadRequest (nothing ticked), NotFound (the launch is not of this session,
    or was used). The caller has looked the person up through the window.
    """
    actor = session.actor
    if actor is None:
        raise Refused(rule="oauth.authorize.session")
    require_may_use(client, actor)
    kept = _ticked(offered(wanted, client, actor), choice.scopes)
    bound = actor.role is Role.PERSON or any(one.startswith("patient/") for one in kept)
    if bound and choice.person is None:
        raise BadRequest(
            "患者を選んでください。", "Choose the patient.", rule="oauth.authorize.patient", place="patient"
        )
    code = secrets.token_urlsafe(TOKEN_BYTES)
    offline, online = "offline_access" in kept, "online_access" in kept
    ends_at = at + OFFLINE if offline else session.ends_at
    grant = Grant(
        new_id(), client.id, actor.subject, session.id, actor.institution.key, actor.role, actor.purpose,
        session.factors, choice.person if bound else None, choice.acts_for, dict(choice.context), kept, offline,
        offline or online, session.proven_at, at,
        ends_at if offline or online else min(ends_at, at + CODE_LIVES + timedelta(seconds=LIVES)),
    )  # fmt: skip
    async with db.transaction() as tx:
        if wanted.launch and not await app_grants.launch(
            tx, secret_hash(wanted.launch), session=session.id, client=client.id, at=at, take=True
        ):
            raise NotFound(rule="oauth.authorize.launch")
        kept_as = Code(secret_hash(code), wanted.redirect, wanted.challenge, at + CODE_LIVES, wanted.nonce)
        await app_grants.put(tx, grant, kept_as)
        await app_grants.end_crowd(tx, actor.subject, client.id, MOST_STANDING, at)
        await log_note.record(
            tx, "app.allowed", f"Client/{client.id}", person=choice.person or 0, by=actor, at=at
        )
    return redirects.with_query(wanted.redirect, code=code, state=wanted.state)


async def launch(
    tx: Connection, client: Client, person: int, *, encounter: str = "", session: Session, at: datetime
) -> str:
    """Return a token that opens an app for this person from within this session, once. Raises Refused.

    The caller has opened the person's record in this session.
    """
    if session.actor is None or client.status != "active":
        raise Refused(rule="oauth.launch")
    require_may_use(client, session.actor)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await app_grants.put_launch(
        tx, secret_hash(token), client=client.id, session=session.id, person=person, encounter=encounter,
        ends_at=at + LAUNCH_LIVES,
    )  # fmt: skip
    return token


async def launched(
    tx: Connection, wanted: Wanted, *, session: Session, at: datetime
) -> tuple[int, str] | None:
    """Return whom an app was opened for, and the encounter; None where it was not opened from a record.

    Raises NotFound for a launch of another session, of another app, too old or used.
    """
    if not wanted.launch:
        return None
    found = await app_grants.launch(
        tx, secret_hash(wanted.launch), session=session.id, client=wanted.client, at=at
    )
    if found is None:
        raise NotFound(
            "この起動はもう使えません。記録の画面から、もう一度アプリを開いてください。",
            "This launch is good no more. Open the app again from the record.",
            rule="oauth.authorize.launch",
        )
    return found


async def mine(db: Database, account: str, *, at: datetime, policy: Policy = STRICT) -> list[Allowed]:
    """Return what an account allowed to apps and still stands, the newest first."""
    async with db.transaction() as tx:
        return await app_grants.of_account(tx, account, at, used_since=at - policy.idle)


async def end(db: Database, grant: str, *, by: Actor, at: datetime) -> None:
    """End what one allowed oneself; its tokens are void within a second. Raises NotFound."""
    async with db.transaction() as tx:
        ended = await app_grants.end_own(tx, grant, by.subject, at)
        if ended is None:
            raise NotFound
        client, person = ended
        await log_note.record(tx, "app.ended", f"Client/{client}", person=person or 0, by=by, at=at)


def _ticked(scopes_offered: Sequence[str], ticked: Collection[str]) -> tuple[str, ...]:
    kept = tuple(one for one in scopes_offered if one in ticked or one in _UNASKED)
    if not any(one in ticked for one in askable(scopes_offered)):
        raise BadRequest(
            "許可する項目を1つ以上選ぶか、「許可しない」を押してください。",
            "Leave at least one item ticked, or choose not to allow.",
            rule="oauth.authorize.nothing",
            place="scope",
        )
    return kept
