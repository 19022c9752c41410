"""What an id_token and a logout token must say, held against what we asked for. Pure; the signature is proven before.

Sources: OpenID Connect Core 1.0, 3.1.3.7; OpenID Connect Back-Channel Logout 1.0, 2.6.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from kakehashi.trust.oauth.jose import Claims, NotGood, text_claim, time_claim

SKEW = 30  # seconds that clocks may differ
FRESH = 300  # seconds since a token was made: we fetch one, or are sent one, at once
SUBJECT = 255  # characters (OpenID Connect Core 1.0, section 2)
USERNAME = 200  # characters: what managers may prepare
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Us:
    """The provider that we trust, and what we are called there."""

    issuer: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sign-in asked for: its nonce, when it began (seconds), and how old the proof may be then."""

    nonce: str
    begun: int
    max_age: timedelta


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. `username` and `sid` are empty where it did not say; `proven`: seconds."""

    subject: str
    username: str
    sid: str
    proven: int


@dataclass(frozen=True, slots=True)
class Departure:
    """Whose sessions ended there: an identity's (`sid` ""), or one session's. `expires`: seconds."""

    subject: str
    sid: str
    jti: str
    expires: int


def identity(claims: Claims, us: Us, wanted: Wanted, *, now: int) -> Identity:
    """Return who an id_token is about. Raises NotGood with the claim that is wrong."""
    _require_ours(claims, us, now)
    nonce = text_claim(claims, "nonce").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(nonce, wanted.nonce.encode()):
        raise NotGood("nonce")
    proven = time_claim(claims, "auth_time")
    if not wanted.begun - wanted.max_age.total_seconds() - SKEW <= proven <= now + SKEW:
        raise NotGood("auth_time")
    name = claims.get("preferred_username")
    username = name if isinstance(name, str) and is_plain(name, USERNAME) else ""
    return Identity(_name(claims, "sub"), username, _sid(claims), proven)


def departure(claims: Claims, us: Us, *, now: int) -> Departure:
    """Return who a logout token is about. Raises NotGood; an id_token is none: it has a nonce and no event."""
    expires = _require_ours(claims, us, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise NotGood("events")
    if "nonce" in claims:
        raise NotGood("nonce")
    subject = _name(claims, "sub") if "sub" in claims else ""
    sid = _sid(claims)
    if not (subject or sid):
        raise NotGood("sub")
    return Departure(subject, sid, text_claim(claims, "jti"), expires)


def _require_ours(claims: Claims, us: Us, now: int) -> int:
    """Hold issuer, audience and times against ours; return `exp`. An audience beside us is one that we do not know."""
    if text_claim(claims, "iss") != us.issuer:
        raise NotGood("iss")
    if claims.get("aud") not in (us.client_id, [us.client_id]):
        raise NotGood("aud")
    if claims.get("azp", us.client_id) != us.client_id:
        raise NotGood("azp")
    expires, made = time_claim(claims, "exp"), time_claim(claims, "iat")
    if expires <= now - SKEW:
        raise NotGood("exp")
    if not now - FRESH - SKEW <= made <= now + SKEW:
        raise NotGood("iat")
    return expires


def _sid(claims: Claims) -> str:
    return _name(claims, "sid") if "sid" in claims else ""


def is_plain(text: str, longest: int) -> bool:
    """Say whether a text has signs that can be seen, and blanks, and not too many.

    >>> is_plain("花子 sato", 20), is_plain("", 20), is_plain("a" + chr(10), 20)
    (True, False, False)
    """
    return 1 <= len(text) <= longest and not any(unicodedata.category(one).startswith("C") for one in text)


def _name(claims: Claims, name: str) -> str:
    """A name that the provider gave: plain ASCII (OpenID Connect Core 1.0, section 2)."""
    said = text_claim(claims, name, longest=SUBJECT)
    if not (said.isascii() and is_plain(said, SUBJECT)):
        raise NotGood(name)
    return said
