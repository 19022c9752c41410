"""What is hashed for each way of asking for a value. Index entries and searches are both made from these.

A 64-bit hash stands for its text: who makes two texts with one hash on purpose can make a search find too much
within what the window shows anyway; nothing more hangs on it.
"""

from functools import lru_cache
from typing import Final

from kakehashi.core.hashing import hash64

LONG: Final = hash64("~long")
NO_UNIT: Final = hash64("no unit")
STARTS: Final = 3  # letters of a text's beginning that leave marks
LONG_TEXT: Final = 64  # characters; a longer text leaves no marks of its letters but one that says so
_MASK: Final = (1 << 52) - 1


@lru_cache(maxsize=65_536)
def token_forms(system: str | None, code: str | None) -> tuple[int, ...]:
    """Return the hash of every way to ask for a coding: `system|code`, `|code`, `*|code`, `system|*`."""
    if code is None:
        return (hash64(f"{system}|*"),) if system else ()
    if system is None:
        return hash64(f"|{code}"), hash64(f"*|{code}")
    return hash64(f"{system}|{code}"), hash64(f"*|{code}"), hash64(f"{system}|*")


def asked_token(system: str | None, code: str | None) -> int:
    """Return the hash that a search looks for: system None is any, "" is none; code None is any."""
    return hash64(f"{'*' if system is None else system}|{'*' if code is None else code}")


def unit_forms(system: str | None, code: str | None, unit: str | None) -> tuple[int, ...]:
    """Return the hash of every way to ask for a unit: `system|code`, `|code`, or its name as printed."""
    found = [hash64(f"{system}|{code}"), hash64(f"*|{code}")] if code else []
    if unit and unit != code:
        found.append(hash64(f"*|{unit}"))
    return tuple(found)


def asked_unit(system: str, code: str) -> int:
    """Return the hash that a search with a unit looks for; "" is any system."""
    return hash64(f"{system or '*'}|{code}")


@lru_cache(maxsize=65_536)
def text_marks(normal: str) -> tuple[int, ...]:
    """Return the marks of a normalised text: its first one to three letters, its letters, and its pairs."""
    starts = {f"^{normal[:length]}" for length in range(1, STARTS + 1)}
    if len(normal) > LONG_TEXT:
        return (*(hash64(start) for start in starts), LONG)
    pairs = {f"~{normal[place : place + 2]}" for place in range(len(normal) - 1)}
    return tuple(hash64(mark) for mark in starts | pairs | {f"~{letter}" for letter in normal})


def asked_start(normal: str) -> int:
    """Return the mark that every text with this beginning has."""
    return hash64(f"^{normal[:STARTS]}")


def asked_inside(normal: str) -> list[int]:
    """Return the marks that every text holding this one has (unless it is long and has LONG)."""
    if len(normal) == 1:
        return [hash64(f"~{normal}")]
    return sorted({hash64(f"~{normal[place : place + 2]}") for place in range(len(normal) - 1)})


def together(first: int, second: int) -> int:
    """Return the hash of two forms that belong to one item of a composite."""
    return hash64(f"{first}${second}")


def range_key(form: int) -> float:
    """Return the number under which `ranges` holds an interval that belongs to a form; never a parameter's number."""
    return -float((form & _MASK) + 1)


def uri_prefixes(uri: str) -> list[str]:
    """Return the URL and each URL above it, by path segment; a URN has none above it.

    >>> uri_prefixes("http://a.example/b/c")
    ['http://a.example/b/c', 'http://a.example/b', 'http://a.example']
    """
    whole = uri.rstrip("/")
    scheme, sign, rest = whole.partition("://")
    if not sign:
        return [whole]
    parts = rest.split("/")
    return [f"{scheme}://{'/'.join(parts[:length])}" for length in range(len(parts), 0, -1)]
