"""The answer of the token endpoint (RFC 6749 5.1), with what SMART App Launch tells an app beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kakehashi.trust.oauth.tokens import LIVES


@dataclass(frozen=True, slots=True)
class Granted:
    """What a client gets. `more`: refresh token, ID token and context of an app."""

    access_token: str = field(repr=False)
    scope: str
    expires_in: int = LIVES
    token_type: str = "bearer"  # noqa: S105 - a kind, not a token
    more: Mapping[str, object] = field(default_factory=dict, repr=False)

    def body(self) -> dict[str, object]:
        """Return the JSON members of the answer; it goes out with `Cache-Control: no-store`."""
        return {
            "access_token": self.access_token,
            "token_type": self.token_type,
            "expires_in": self.expires_in,
            "scope": self.scope,
            **self.more,
        }
