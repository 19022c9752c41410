"""Passwords: which are good enough, and their hashes (argon2id). Pure; the store keeps the hash.

Source: 安全管理ガイドライン 6.0 Q&A シQ-54. Letters, digits and signs mixed (英数字、記号の 混在); (a)
13 characters, (b) 8, changed within two months, (c) 8 with two factors; nothing easily guessed; kept
irreversibly.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kakehashi.core.errors import Invalid, Problem
from kakehashi.trust.signin.guessable import guessable
from kakehashi.trust.signin.policy import PasswordRule

LONGEST = 128  # characters: more only costs us time
_SOURCE = "医療情報システムの安全管理に関するガイドライン 第6.0版 Q&A シQ-54"
_OWN_PART = 3  # characters: parts of a name shorter than this are not looked for

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP: argon2id, 19 MiB, 2 passes


@dataclass(frozen=True, slots=True)
class Owner:
    """What may not be part of the owner's password."""

    login: str = ""
    name: str = ""
    kana: str = ""
    birth_date: date | None = None


def judge(password: str, owner: Owner, rule: PasswordRule) -> list[Problem]:
    """Return everything that is wrong with a password; an empty list means it may be used."""
    text = unicodedata.normalize("NFKC", password)
    found = [
        _length(text, rule),
        None if _classes(text) == {"letter", "digit", "sign"} else _problem("mixed", _MIXED),
        _problem("guessable", _GUESSABLE) if guessable(text) else None,
        _problem("own", _OWN) if _is_own(text, owner) else None,
    ]
    return [problem for problem in found if problem]


def require_good(password: str, owner: Owner, rule: PasswordRule) -> None:
    """Raise Invalid, naming each thing that is wrong with a password."""
    if problems := judge(password, owner, rule):
        raise Invalid(problems=problems)


def too_old(changed_at: datetime, rule: PasswordRule, at: datetime) -> bool:
    """Say whether the rule demands a new password by now."""
    return rule.oldest is not None and at - changed_at > rule.oldest


def hashed(password: str) -> str:
    """Return the argon2id hash. About 20 ms, on purpose."""
    return _HASHER.hash(_prepared(password))


def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the one hashed. With None (nobody there) it takes as long, and is False."""
    try:
        return _HASHER.verify(kept or _nobody(), _prepared(password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def _prepared(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password[: LONGEST * 2]).encode("utf-8", "surrogatepass")


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody signs in with this, whatever they type")


_MIXED = (
    "英字・数字・記号をすべて混ぜてください。",
    "Use letters, digits and signs, all three.",
)
_GUESSABLE = (
    "推測されやすい文字列です。単語や並び、繰り返しだけのものは使えません。",
    "This is easily guessed: a common word, a sequence or a repetition. Choose something else.",
)
_OWN = (
    "氏名・カナ・生年月日・ログイン名を含めないでください。",
    "Leave out your name, kana, birth date and login.",
)


def _problem(rule: str, texts: tuple[str, str]) -> Problem:
    return Problem(f"signin.password.{rule}", "password", *texts, source=_SOURCE)


def _length(text: str, rule: PasswordRule) -> Problem | None:
    if rule.shortest <= len(text) <= LONGEST:
        return None
    return _problem(
        "length",
        (
            f"{rule.shortest}文字以上{LONGEST}文字以下にしてください。",
            f"Use {rule.shortest} to {LONGEST} characters.",
        ),
    )


def _classes(text: str) -> set[str]:
    kinds = {"L": "letter", "N": "digit"}
    return {kinds.get(unicodedata.category(one)[0], "sign") for one in text}


def _is_own(text: str, owner: Owner) -> bool:
    low = _folded(text)
    words = [
        *re.split(r"\s+", owner.name),
        *re.split(r"\s+", owner.kana),
        owner.name,
        owner.kana,
        owner.login,
    ]
    parts = {_folded(word) for word in words}
    # A Japanese family name has two characters; in Latin letters two would be found everywhere.
    named = any(len(part) >= (_OWN_PART if part.isascii() else 2) and part in low for part in parts)
    return named or any(one in _digits(text) for one in _birthdays(owner.birth_date))


def _folded(text: str) -> str:
    """Lower case, katakana for hiragana, full width and half width alike, no blanks."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return "".join(chr(ord(one) + 0x60) if "ぁ" <= one <= "ゖ" else one for one in plain if not one.isspace())


def _digits(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text) if one.isdigit() and one.isascii())


def _birthdays(born: date | None) -> tuple[str, ...]:
    return () if born is None else (f"{born:%Y%m%d}", f"{born:%y%m%d}", f"{born:%d%m%Y}", f"{born:%m%d%Y}")
