"""Sending somebody to the provider, and what their browser holds meanwhile. Pure but for chance.

The browser holds state, nonce and PKCE verifier sealed, so that nothing is kept here for whoever only knocks, and an
answer counts in the browser that asked alone. Sources: OpenID Connect Core 1.0, 3.1.2.1; RFC 7636; RFC 9700.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from kakehashi.trust.keys import KeyTrouble, Vault
from kakehashi.trust.oauth.jose import NotGood
from kakehashi.trust.signin.openid import factors
from kakehashi.trust.signin.openid.provider import Metadata, Provider

LASTS = timedelta(minutes=10)  # from leaving for the provider to coming back
SCOPES = "openid profile"  # `profile`: preferred_username, for what managers prepared by name; nothing else is read
_PURPOSE = "openid.asked"
_BYTES = 32  # 256 bits
_LONGEST = 4_000  # characters of what the browser holds


@dataclass(frozen=True, slots=True)
class Asked:
    """What we asked for. `begun`: seconds; `onward`: the page to go on to; `again`: to prove two factors anew."""

    state: str
    nonce: str
    verifier: str
    begun: int
    onward: str
    again: bool


def new(onward: str, *, again: bool, at: datetime) -> Asked:
    """Return a new request."""
    state, nonce, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    return Asked(state, nonce, verifier, int(at.timestamp()), onward, again)


def address(provider: Provider, said: Metadata, asked: Asked) -> str:
    """Return where to send the browser."""
    challenge = urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    wanted = {
        "response_type": "code", "client_id": provider.us.client_id, "redirect_uri": provider.redirect_uri,
        "scope": SCOPES, "state": asked.state, "nonce": asked.nonce, "code_challenge": challenge,
        "code_challenge_method": "S256", "max_age": str(int(max_age(provider, asked).total_seconds())),
        "ui_locales": "ja en",
    }  # fmt: skip
    if levels := factors.levels(provider.factor):
        wanted["acr_values"] = levels
    if asked.again:
        wanted["prompt"] = "login"
    return f"{said.authorization}{'&' if '?' in said.authorization else '?'}{urlencode(wanted)}"


def max_age(provider: Provider, asked: Asked) -> timedelta:
    """Return how long ago the person may have proven themselves there when they left here."""
    return timedelta() if asked.again else provider.max_age


def sealed(asked: Asked, vault: Vault) -> str:
    """Return what the browser is to hold."""
    return urlsafe_b64encode(vault.seal(json.dumps(asdict(asked)).encode(), _PURPOSE)).decode()


def opened(held: str, vault: Vault, state: str, *, at: datetime) -> Asked:
    """Return what this browser asked for, and this is the answer to. Raises NotGood."""
    try:
        if len(held) > _LONGEST:
            raise ValueError
        asked = Asked(**json.loads(vault.open(urlsafe_b64decode(held.encode("ascii")), _PURPOSE)))
    except (KeyTrouble, ValueError):
        raise NotGood("state") from None
    if not hmac.compare_digest(asked.state.encode(), state.encode("utf-8", "replace")):
        raise NotGood("state")
    if not asked.begun <= at.timestamp() + 1 <= asked.begun + LASTS.total_seconds():
        raise NotGood("late")
    return asked
