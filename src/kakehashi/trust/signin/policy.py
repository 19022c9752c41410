"""What sign-in demands in this installation, as one value. An unsafe choice fails at start, not at sign-in.

Sources: 医療情報システムの安全管理に関するガイドライン 6.0 運用編14, Q&A シQ-54.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from kakehashi.core.errors import NotSupported
from kakehashi.core.settings import BadSetting, Settings


class PasswordRule(Enum):
    """The three ways that the guideline leaves open (Q&A シQ-54)."""

    A = "a"  # 13 characters and more
    B = "b"  # 8 and more, changed within two months
    C = "c"  # 8 and more, with two factors

    @property
    def shortest(self) -> int:
        """Fewest characters."""
        return 13 if self is PasswordRule.A else 8

    @property
    def oldest(self) -> timedelta | None:
        """Age at which it must be changed (59 days are never more than two months); None: at no age."""
        return timedelta(days=59) if self is PasswordRule.B else None

    @property
    def needs_second_factor(self) -> bool:
        """Whether the rule holds only where everybody has two factors."""
        return self is PasswordRule.C


@dataclass(frozen=True, slots=True)
class Policy:
    """Sign-in's demands. `origin` and `rp_id` are the web address that passkeys are bound to ("" = none)."""

    rule: PasswordRule = PasswordRule.C
    factors: int = 2  # 二要素認証 (required of systems in use from 令和9年度 on)
    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)
    step_up: timedelta = timedelta(minutes=5)  # how recent a second factor must be for a grave act
    initial: timedelta = timedelta(days=7)  # an initial password that was never used ends
    origin: str = ""
    rp_id: str = ""
    name: str = "架け橋 Kakehashi"
    openid_only: bool = False  # built-in sign-in for the reserve alone (built_in.py)

    def __post_init__(self) -> None:
        if self.rule.needs_second_factor and self.factors < 2:
            raise BadSetting(
                "規則cのパスワードには二要素認証が必要です。規則aかbを選ぶか、二要素にしてください。",
                "Password rule c needs two factors. Choose rule a or b, or demand two factors.",
                rule="signin.policy",
            )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the policy that settings ask for: two factors, save in the demo (one, then rule a)."""
        origin, rp_id = _origin(settings.public_url)
        if settings.demo:
            return cls(
                rule=PasswordRule.A, factors=1, origin=origin, rp_id=rp_id, openid_only=settings.openid_only
            )
        return cls(origin=origin, rp_id=rp_id, openid_only=settings.openid_only)

    def passkeys(self) -> tuple[str, str]:
        """Return (origin, rp id). Raises NotSupported where the address cannot carry passkeys."""
        if not self.rp_id:
            raise NotSupported(
                "このアドレスではパスキーを使えません。base_url を https のホスト名にしてください。",
                "Passkeys do not work at this address. Set base_url to https and a host name (or http://localhost).",
                rule="signin.passkey.address",
            )
        return self.origin, self.rp_id


def _origin(url: str) -> tuple[str, str]:
    """Return (origin, rp id), both "" where browsers allow no passkeys: plain http, or an IP address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_address(host) or not (parts.scheme == "https" or host == "localhost"):
        return "", ""
    standard = {"https": 443, "http": 80}[parts.scheme]
    port = "" if parts.port in (None, standard) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}", host


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


STRICT = Policy()  # what holds where nobody says otherwise
