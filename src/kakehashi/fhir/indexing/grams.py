"""Marks of 16 bits that let an index narrow a search for words: one for each two neighbouring letters of a text.

The upper 9 bits are of the first letter (of a Latin word or number: of its first two), the lower 7 of what follows (its
next two; nothing, where the text goes on with a space or ends). So one letter alone is asked for by 128 marks. A mark
stands for many: whoever narrows by them compares the text itself afterwards (fhir/content.py). Signs such as brackets
begin no mark, and neither do Latin words of one letter: they would be in every second text.
"""

import re
from functools import lru_cache
from typing import Final

from kakehashi.core.hashing import hash64

LOW: Final = 7  # bits of what follows
_SPREAD: Final = 1 << LOW
_PIECE = re.compile(r"[0-9a-z]+|[^0-9a-z\s]")
_SHORT: Final = 80  # characters; marks of longer texts are not kept


def grams(text: str) -> frozenset[int]:
    """Return the marks of a normal text, each from -32,768 to 32,767."""
    return _kept(text) if len(text) <= _SHORT else _made(text)


def asked(text: str) -> tuple[list[int], list[list[int]]]:
    """Return marks that all are there, and lists of marks one of which is there, where a text holds this one."""
    pieces = [(match[0], match.end()) for match in _PIECE.finditer(text) if _counts(match[0])]
    exact, some = set[int](), []
    for piece, end in pieces:
        follows = text[end : end + 1]
        if _is_word(piece):
            if len(piece) >= 4 or follows:
                exact.add(_mark(piece[:2], piece[2:4]))
            else:
                some.append(_any(piece[:2]))
        elif follows:
            exact.add(_mark(piece, follows.strip()))
        elif len(pieces) == 1:
            some.append(_any(piece))
    return sorted(exact), some


def _made(text: str) -> frozenset[int]:
    found = set[int]()
    for match in _PIECE.finditer(text):
        piece, end = match[0], match.end()
        if not _counts(piece):
            continue
        if _is_word(piece):
            found.add(_mark(piece[:2], piece[2:4]))
        else:
            found.add(_mark(piece, text[end : end + 1].strip()))
    return frozenset(found)


_kept = lru_cache(maxsize=16_384)(_made)


def _counts(piece: str) -> bool:
    return len(piece) > 1 if _is_word(piece) else piece.isalnum()


def _is_word(piece: str) -> bool:
    return piece[0] in "0123456789abcdefghijklmnopqrstuvwxyz"


@lru_cache(maxsize=65_536)
def _mark(first: str, follows: str) -> int:
    return _upper(first) + (hash64(f"gram>{follows}") & (_SPREAD - 1)) - 32_768


@lru_cache(maxsize=8192)
def _upper(first: str) -> int:
    return (hash64(f"gram {first}") & 0x1FF) << LOW


def _any(first: str) -> list[int]:
    return [_upper(first) + low - 32_768 for low in range(_SPREAD)]
