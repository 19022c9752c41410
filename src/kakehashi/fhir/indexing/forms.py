"""What is hashed for each way of asking for a value. Index entries and searches are both made from these.

A 64-bit hash stands for its text: who makes two texts with one hash on purpose can make a search find too much
within what the window shows anyway; nothing more hangs on it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from kakehashi.core.hashing import hash64

LONG: Final = hash64("~long")
NO_UNIT: Final = hash64("no unit")
STARTS: Final = 3  # letters of a text's beginning that leave marks
LONG_TEXT: Final = 64  # characters; a longer text leaves no marks of its letters but one that says so
UCUM: Final = "http://unitsofmeasure.org"
Pair = tuple[str | None, str | None]  # system, code
_MASK: Final = (1 << 52) - 1
_BESIDE: Final = hash64("beside")


def code_form(code: str) -> int:
    """Return the hash of a code, whatever its system."""
    return hash64(f"*|{code}")


@lru_cache(maxsize=8192)
def system_form(system: str) -> int:
    """Return the hash of a code's system; "" is none."""
    return hash64(f"{system}|*")


def beside(form: int) -> int:
    """Return what stands for a system right behind each of its codes, in rows whose codings would else be confused."""
    return form ^ _BESIDE


def coding_marks(codings: Sequence[Pair]) -> tuple[int, ...]:
    """Return the marks of all of a parameter's (system, code): the codes, and the systems.

    Code and system are a coding where both are there and every system goes with every code: with one coding, and
    with one code in several systems. Else each code stands with its own system `beside` it, so that a search can look
    at the pair; the order of such marks must be kept.
    """
    if len(codings) == 1:
        ((system, code),) = codings
        return _one_coding(system, code)
    actual = {(system or "", code): None for system, code in codings if code is not None}
    bare = {system: None for system, code in codings if code is None and system}
    codes = {code: None for _, code in actual}
    systems = {system: None for system, _ in actual} | bare
    if not codes or len(actual) == len(codes) * len(systems):
        return (*map(code_form, codes), *map(system_form, systems))
    pairs = [mark for system, code in actual for mark in (code_form(code), beside(system_form(system)))]
    return (*pairs, *(beside(system_form(system)) for system in bare))


def _one_coding(system: str | None, code: str | None) -> tuple[int, ...]:
    if code is None:
        return (system_form(system),) if system else ()
    return code_form(code), system_form(system or "")


@lru_cache(maxsize=16_384)
def asked_coding(system: str | None, code: str) -> int:
    """Return the hash under which a composite holds a code: of this system, or of any."""
    return code_form(code) if system is None else hash64(f"{system}|{code}")


@lru_cache(maxsize=8192)
def unit_forms(system: str | None, code: str | None, unit: str | None) -> tuple[int, ...]:
    """Return the hashes of a unit: its code, if not of UCUM also without the system, and its name as printed."""
    found = [hash64(f"{system}|{code}")] if code else []
    if code and system != UCUM:
        found.append(hash64(f"*|{code}"))
    if unit and unit != code:
        found.append(hash64(f"*|{unit}"))
    return tuple(found)


def asked_unit(system: str, code: str) -> list[int]:
    """Return the hashes one of which a value with this unit has; "" is any system."""
    return [hash64(f"{system}|{code}")] if system else [hash64(f"{UCUM}|{code}"), hash64(f"*|{code}")]


@lru_cache(maxsize=16_384)
def start_marks(normal: str) -> tuple[int, ...]:
    """Return the marks of a normalised text's first one to three letters."""
    starts = {f"^{normal[:length]}" for length in range(1, STARTS + 1)}
    return tuple(hash64(start) for start in starts)


@lru_cache(maxsize=16_384)
def inner_marks(normal: str) -> tuple[int, ...]:
    """Return the marks of the letters of a normalised text, and of its pairs of letters."""
    if len(normal) > LONG_TEXT:
        return (LONG,)
    pairs = {f"~{normal[place : place + 2]}" for place in range(len(normal) - 1)}
    return tuple(hash64(mark) for mark in pairs | {f"~{letter}" for letter in normal})


def asked_start(normal: str) -> int:
    """Return the mark that every text with this beginning has."""
    return hash64(f"^{normal[:STARTS]}")


def asked_inside(normal: str) -> list[int]:
    """Return the marks that every text holding this one has (unless it is long and has LONG)."""
    if len(normal) == 1:
        return [hash64(f"~{normal}")]
    return sorted({hash64(f"~{normal[place : place + 2]}") for place in range(len(normal) - 1)})


@lru_cache(maxsize=16_384)
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
