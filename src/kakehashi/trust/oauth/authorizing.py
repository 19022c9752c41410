"""Reading a request to the authorize endpoint, and handing it from page to page sealed.

Nothing is answered to an address before client and address are proven to belong together: until then faults are told
on a page of ours. Sources: RFC 6749 4.1, RFC 7636, RFC 9700, SMART App Launch 2.2, OpenID Connect Core 3.1.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from kakehashi.core.errors import BadRequest, NotFound
from kakehashi.store import clients as store
from kakehashi.store.clients import Client
from kakehashi.store.database import Database
from kakehashi.trust.keys import KeyTrouble, Vault
from kakehashi.trust.oauth import apps, redirects, scopes

LIVES = 1_800  # seconds in which somebody signs in, enrols a second factor, and decides
_PURPOSE = "authorize"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # base64url of a SHA-256
_ONCE = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "aud", "code_challenge", "code_challenge_method",
    "nonce", "launch", "prompt", "max_age", "response_mode", "request", "request_uri",
)  # fmt: skip
_LONGEST = 2_000  # characters of state, nonce and launch


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request that is sound: what an app asks for. `asked_at`: seconds; `max_age`: seconds, -1 for any."""

    client: str
    redirect: str
    state: str
    scopes: tuple[str, ...]
    challenge: str
    nonce: str
    launch: str
    prompt: tuple[str, ...]
    max_age: int
    asked_at: int


class Unproven(BadRequest):
    """Client or address are not what is registered: told on a page, never to the address."""

    default_ja = "アプリまたは戻り先のアドレスが登録と一致しません。アプリの提供元に連絡してください。"
    default_en = "The app or its redirect address is not as registered. Please tell whoever provides the app."


class Answered(BadRequest):
    """A refusal that is told to the app, at its proven address."""

    def __init__(self, redirect: str, state: str, error: str, why: str) -> None:
        super().__init__(en=why, rule=f"oauth.authorize.{error}")
        said = {"error": error, "error_description": why, **({"state": state} if state else {})}
        self.address = redirects.with_query(redirect, **said)


async def read(
    db: Database, pairs: Sequence[tuple[str, str]], *, issuer: str, at: datetime
) -> tuple[Wanted, Client]:
    """Return what is asked for, and by which app. `issuer`: our public address. Raises Unproven, Answered."""
    said = dict(reversed(pairs))  # the first of each; what comes twice is refused below
    client, redirect = await client_of(db, said.get("client_id", ""), said.get("redirect_uri", ""))
    state = said.get("state", "")

    def refuse(error: str, why: str) -> Answered:
        return Answered(redirect, "" if _is_odd(state) else state, error, why)

    if len({name for name, _ in pairs if name in _ONCE}) < sum(name in _ONCE for name, _ in pairs):
        raise refuse("invalid_request", "A parameter comes twice.")
    if fault := _fault(said, issuer):
        raise refuse(*fault)
    granted, why = _granted(said.get("scope", ""), client)
    if why:
        raise refuse("invalid_scope", why)
    wanted = Wanted(
        client.id, redirect, state, granted, said["code_challenge"], said.get("nonce", ""),
        said.get("launch", ""), tuple(said.get("prompt", "").split()), int(said.get("max_age") or -1),
        int(at.timestamp()),
    )  # fmt: skip
    return wanted, client


async def client_of(db: Database, named: str, redirect: str) -> tuple[Client, str]:
    """Return an app that is in use, and its address where it is answered. Raises Unproven."""
    if not 0 < len(named) <= 64 or not named.isprintable():
        raise Unproven(rule="oauth.authorize.client")
    async with db.transaction() as tx:
        client = await store.by_id(tx, named)
    if client is None or client.status != "active":
        raise Unproven(rule="oauth.authorize.client")
    if not redirects.is_registered(redirect, client.redirects):
        raise Unproven(rule="oauth.authorize.redirect")
    return client, redirect


def sealed(wanted: Wanted, vault: Vault) -> str:
    """Return a request as a part of an address that nobody else can make or change."""
    small = zlib.compress(orjson.dumps(asdict(wanted)))  # it goes through addresses and cookies
    return base64.urlsafe_b64encode(vault.seal(small, _PURPOSE)).rstrip(b"=").decode()


def opened(text: str, vault: Vault, *, at: datetime) -> Wanted:
    """Return a sealed request. Raises NotFound for what we did not seal, BadRequest when it is too old."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        said = orjson.loads(zlib.decompress(vault.open(raw, _PURPOSE)))
    except (binascii.Error, ValueError, KeyTrouble):
        raise NotFound(rule="oauth.authorize.sealed") from None
    wanted = Wanted(**{**said, "scopes": tuple(said["scopes"]), "prompt": tuple(said["prompt"])})
    if not 0 <= at.timestamp() + 1 - wanted.asked_at <= LIVES:
        raise BadRequest(
            "時間がたちすぎました。アプリに戻って、もう一度はじめてください。",
            "This took too long. Please go back to the app and begin again.",
            rule="oauth.authorize.late",
        )
    return wanted


def _granted(scope: str, client: Client) -> tuple[tuple[str, ...], str]:
    """Return the scopes that may be allowed, and words for the app's developer where there are none, or too many."""
    if len(scope) > scopes.LONGEST:
        return (), f"A scope has {scopes.LONGEST} characters at most."
    asked = scope.split()
    granted = apps.granted(asked, client.scopes)
    if not granted:
        misread = [
            one for context in apps.OF_PERSON for one in scopes.weighed(asked, asked, context=context).misread
        ]
        return (), misread[0].en if misread else "Nothing of the scope is allowed to this app."
    if len(" ".join(granted)) > scopes.LONGEST:  # filters of the registration joined to those asked for
        return (
            (),
            f"The scope comes to more than {scopes.LONGEST} characters with what is registered; ask for less.",
        )
    return granted, ""


def _fault(said: dict[str, str], issuer: str) -> tuple[str, str] | None:
    """Return OAuth's name of what is wrong, and words for the app's developer; None where nothing is."""
    if said.get("request") or said.get("request_uri"):
        return "request_not_supported", "Request objects are not taken here."
    if said.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code."
    if said.get("response_mode", "query") != "query":
        return "invalid_request", "response_mode must be query."
    if said.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(
        said.get("code_challenge", "")
    ):
        return "invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256."
    if said.get("aud", "").rstrip("/") != f"{issuer}/fhir":
        return "invalid_request", f"aud must be {issuer}/fhir."
    if any(_is_odd(said.get(name, "")) for name in ("state", "nonce", "launch")):
        return "invalid_request", f"state, nonce and launch have {_LONGEST} printable characters at most."
    if not said.get("state"):
        return "invalid_request", "state is required."
    age = said.get("max_age", "")
    if age and not (age.isascii() and age.isdigit() and len(age) < 10):
        return "invalid_request", "max_age is a number of seconds."
    if "none" in said.get("prompt", "").split():
        return "interaction_required", "Whoever allows an app is always asked."
    return None


def _is_odd(text: str) -> bool:
    return len(text) > _LONGEST or not text.isprintable()
