"""One visit to a page: who is there, in which session, and how a page is made for them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Failure, Unauthenticated
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.faces.web.rendering import HEADERS, page
from kakehashi.store import desk
from kakehashi.trust import peers, roles
from kakehashi.trust.keys import Vault
from kakehashi.trust.roles import Interaction
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import Policy
from kakehashi.trust.signin.sessions import Session, Ticket, open_session

COOKIE = "kakehashi"
AGAIN = "again"  # how the fields begin by which a second factor comes within another form (again.py)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the menu, shown to those who may use it."""

    path: str
    ja: str
    en: str
    interaction: Interaction


MENU = (
    Link("/reception", "受付", "Reception", Interaction.PERSON_FIND),
    Link("/emergency", "救急閲覧", "Emergency", Interaction.EMERGENCY_OPEN),
    Link("/me", "わたしの記録", "My record", Interaction.LOG_OWN),
    Link("/audit", "監査", "Audit", Interaction.LOG_READ),
    Link("/console", "運用", "Operations", Interaction.CONSOLE_INSTITUTIONS),
)
STAFF = Link(
    "/staff", "職員", "Staff", Interaction.CONSOLE_ACCOUNTS
)  # for whoever manages accounts somewhere
NO_RECOVERY = (
    "認証アプリは登録済みです。電話をなくしたときのために、回復コードを作って控えてください。",
    "Your app is enrolled. Make recovery codes, for the day you lose the telephone.",
)
# What a form did, told on the page that follows it (`?done=…`): nothing of what was typed stands in an address.
DONE: Mapping[str, tuple[str, str]] = {
    "consent": ("同意を記録しました。", "The consent is recorded."),
    "withdrawn": ("撤回しました。今から見られません。", "Withdrawn, from this moment on."),
    "agreed": ("紹介状の閲覧に同意しました。", "Agreed: the addressee may now fetch the referral."),
    "withheld": ("ほかの施設に見せない設定にしました。", "Withheld from other institutions."),
    "released": ("見せない設定を解除しました。", "No longer withheld."),
    "proxy": ("代理人を登録しました。", "The proxy is registered."),
    "reviewed": ("確認結果を記録しました。", "The verdict is recorded."),
    "saved": ("保存しました。", "Saved."),
    "settled": ("照合の結果を記録しました。", "The match is settled."),
    "removed": ("外しました。", "Removed."),
    "ended": ("終わりにしました。", "Ended."),
    "hold": ("保存期間を止めました。", "The records are held."),
    "lifted": ("保存期間の停止を解きました。", "The hold is lifted."),
    "asked": ("申請しました。承認を待っています。", "Asked. A second person must approve."),
    "revoked": ("緊急コードを終わらせました。", "The emergency code is ended."),
    "stopped": ("本人の画面を閉じました。", "The person's pages are shut."),
    "resumed": ("本人の画面を開きました。", "The person's pages are open again."),
    "rotated": ("新しい鍵に替えました。", "A new key signs from now on."),
    "subscription-off": (
        "通知を止めました。申し込んだ側が申し込み直すまで届きません。",
        "Turned off until its owner requests it again.",
    ),
    "app-ended": ("アプリの許可を終わりにしました。", "The app's permission is ended."),
    "shut-out": ("隔離しました。いまから利用できません。", "Shut out, from this moment on."),
    "let-in": (
        "隔離を解きました。利用者はもう一度サインインします。",
        "Let in again; its people sign in anew.",
    ),
    "checking": (
        "検証を始めます。進み具合はこのページに出ます。",
        "The check begins; this page shows how far it is.",
    ),
    "doubted": (
        "停止しました。決着するまで、その施設の記録はほかの施設に表示されません。",
        "Suspended: until it is settled, those records are shown to nobody else.",
    ),
    "matching": (
        "照合を始めます。進み具合はこのページに出ます。",
        "The matching begins; this page shows how far it is.",
    ),
    "passkey": ("パスキーを登録しました。", "The passkey is registered."),
    "enrolled": NO_RECOVERY,
}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the web face stands on: the house, sign-in's policy, the vault for its secrets, and who else signs in."""

    house: House
    policy: Policy
    vault: Vault
    provider: Provider | None = None  # an OpenID provider of the operator's own


@dataclass(slots=True)
class Visit:
    """A request with its session. `actor` and `session` raise Unauthenticated where nobody is signed in."""

    request: Request
    desk: Desk
    at: datetime
    form: FormData = field(default_factory=FormData)
    signed: Session | None = None
    renewed: Ticket | None = None  # a second factor came with the form: the session goes on under a new token

    @property
    def house(self) -> House:
        """The installation."""
        return self.desk.house

    @property
    def session(self) -> Session:
        """The session, finished or not."""
        if self.signed is None:
            raise Unauthenticated
        return self.signed

    @property
    def actor(self) -> Actor:
        """Who acts. Raises Unauthenticated while the sign-in is unfinished."""
        if self.session.actor is None:
            raise Unauthenticated
        return self.session.actor

    @property
    def token(self) -> str:
        """The session's token, from the cookie or as renewed; empty without one."""
        return self.renewed.token if self.renewed else self.request.cookies.get(COOKIE, "")

    @property
    def address(self) -> str:
        """The client's address, as far as it can be trusted (trust/peers.py); empty where there is none."""
        request = self.request
        return peers.client_address(
            request.client.host if request.client else "",
            request.headers.get(peers.SECRET_HEADER, ""),
            request.headers.getlist("x-forwarded-for"),
            self.house.settings,
        )

    @property
    def asked(self) -> Asked:
        """Who asks, for the engine."""
        return Asked(self.actor, self.at, self.request.scope.get("request_id", ""))

    def said(self, name: str) -> str:
        """Return a form field as text without blanks around it; empty when it is not there."""
        value = self.form.get(name, "")
        return _plain(value) if isinstance(value, str) else ""

    async def person(self) -> int:
        """Return the person whose handle stands in the address. Raises NotFound."""
        async with self.house.db.connection() as db:
            return await desk.person_of(db, self.session.id, self.request.path_params["handle"])

    async def handle(self, person: int) -> str:
        """Return the handle under which a person's pages are open in this session."""
        async with self.house.db.transaction() as db:
            return await desk.put(db, self.session.id, person, at=self.at)

    def asked_for(self, name: str) -> str:
        """Return a value of the address as text; empty when it is not there."""
        return _plain(self.request.query_params.get(name, ""))

    def several(self, name: str) -> list[str]:
        """Return every value of a form field (check boxes)."""
        return [_plain(value) for value in self.form.getlist(name) if isinstance(value, str)]

    @property
    def manages(self) -> bool:
        """Whether they may manage accounts: at their institution, or as the operator everywhere."""
        return self.session.manages or roles.permits(self.may, Interaction.CONSOLE_ACCOUNTS)

    @property
    def may(self) -> Actor:
        """The actor as they would be after proving a second factor: what the menu and the doors ask."""
        return replace(self.actor, factors=2)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        messages: list[Mapping[str, str]] | None = None,
        **values: Any,
    ) -> Response:
        """Return a page with what every page needs: menu, account, CSRF token, messages."""
        return page(
            template,
            status=status,
            demo=self.house.settings.demo,
            account=self._account(),
            links=self._links(),
            path=self.request.url.path,
            csrf=self.signed.csrf if self.signed else "",
            messages=[*(messages or []), *self._done()],
            typed=self._typed(),
            printed=self.at,
            idle=int(self.desk.policy.idle.total_seconds()),
            provider=self.desk.provider.name if self.desk.provider else "",
            **values,
        )

    def download(self, body: bytes, name: str, media_type: str) -> Response:
        """Return a file for the browser to keep. `name` is plain ASCII."""
        disposition = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=media_type, headers={**HEADERS, **disposition})

    def stream(self, pieces: AsyncIterator[bytes], name: str, media_type: str) -> Response:
        """Return a file that is made while it is sent. `name` is plain ASCII."""
        disposition = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(pieces, media_type=media_type, headers={**HEADERS, **disposition})

    def go(self, path: str, ticket: Ticket | None = None) -> Response:
        """Go to another page (303), with the new session cookie where a step of sign-in gave one."""
        return self.with_cookie(RedirectResponse(path, 303, headers=HEADERS), ticket)

    def with_cookie(self, answer: Response, ticket: Ticket | None) -> Response:
        """Return the answer with a ticket's session cookie, where there is a ticket."""
        if ticket:
            secure = self.house.settings.public_url.startswith("https:")
            answer.set_cookie(COOKIE, ticket.token, httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    async def renew(self, ticket: Ticket) -> None:
        """Go on under the token that a second factor within a form gave."""
        self.renewed = ticket
        self.signed = await open_session(self.house.db, ticket.token, at=self.at, policy=self.desk.policy)

    def _account(self) -> Mapping[str, str] | None:
        if self.signed is None:
            return None
        return {"name": self.signed.name, "place": _place_of(self.signed.actor)}

    def _links(self) -> list[Link]:
        if self.signed is None or self.signed.actor is None:
            return []
        may = self.may
        found = [link for link in MENU if roles.permits(may, link.interaction)]
        return [*found, STAFF] if self.session.manages else found

    def _done(self) -> list[Mapping[str, str]]:
        said = DONE.get(self.asked_for("done"))
        if said is None or self.request.method != "GET":
            return []
        return offer_recovery() if said is NO_RECOVERY else good(*said)

    def _typed(self) -> Mapping[str, str]:
        """What was typed, so that nobody types it twice; never what is secret."""
        return {
            name: value
            for name, value in self.form.items()
            if isinstance(value, str) and name not in _NEVER_REPEATED and not name.startswith(f"{AGAIN}-")
        }


PASSWORDS = frozenset({"password", "old", "new", "again"})
_NEVER_REPEATED = PASSWORDS | {"csrf", "code", "answer"}
Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A route. `needs` None: anybody; "session": a sign-in begun; "actor": a sign-in finished; "manager": who manages
    accounts; an Interaction: those who may do it. `back`: whoever signs in first comes back here. `from_anywhere`: a
    form of another site may be sent here; it changes nothing."""

    path: str
    method: str
    handler: Handler
    needs: Interaction | str | None
    step_up: bool = False  # a second factor, proven just now
    demo_spares: bool = False  # in the sample region, not of an account that has no second factor
    back: bool = False
    from_anywhere: bool = False


def guarded(path: str, handler: Handler, needs: Interaction | str) -> Page:
    """Return the route of a form that changes keys, rights, accounts or persons: a stolen session cannot send it."""
    return Page(path, "POST", handler, needs, step_up=True, demo_spares=True)


def _place_of(actor: Actor | None) -> str:
    """Return for whom somebody acts, beside their name: a person belongs to no institution."""
    if actor is None:
        return ""
    if actor.role is not Role.PERSON:
        return actor.institution.name
    return "代理人（あなた） · you, as a proxy" if actor.acts_for else "本人（あなた） · you"


def _plain(text: str) -> str:
    """Without blanks around it, and without NUL, which no keyboard types and the database does not take."""
    return text.replace("\x00", "").strip()


def message_of(failure: Failure) -> list[Mapping[str, str]]:
    """Return a failure as messages for the page."""
    return [
        {"tone": "error", "ja": one.ja, "en": one.en, "field": one.place if one.place.isidentifier() else ""}
        for one in failure.problems
    ]


def good(ja: str, en: str) -> list[Mapping[str, str]]:
    """Return one message that something went well."""
    return [{"tone": "good", "ja": ja, "en": en}]


def offer_recovery() -> list[Mapping[str, str]]:
    """Return the message that leads to recovery codes."""
    return [{**one, "path": "/account#app"} for one in good(*NO_RECOVERY)]
