"""`_text` and `_content`: words, "phrases", `and`, `or`, `-` and `not`, parentheses, to a condition.

`_content=胃癌 手術`, `_text=(bone or liver) and metastases`, `_content="acute pain" -chronic`. Words side by side must
all be there. Words of Latin letters and digits are found at the beginning of a word, all others anywhere.
Source: https://hl7.org/fhir/R4/search.html#content
"""

import re
from typing import Final

from kakehashi.fhir.text import normal
from kakehashi.search.plan import And, Condition, Content, Not, Or
from kakehashi.search.refusals import bad_value, too_costly

WORDS: Final = 12  # words and phrases of one value
DEPTH: Final = 8  # parentheses and negations inside each other
_EXAMPLE: Final = '胃癌 手術, "acute pain" -chronic, (bone or liver) and metastases'
_ASCII = str.maketrans("（）“”＂－　", '()"""- ')
_PIECE = re.compile(r'\s*("[^"]*"|[()]|-(?=\S)|[^\s()"]+)')
_AND, _OR, _NOT = ("and", "AND"), ("or", "OR"), ("not", "NOT")
_SIGNS = frozenset((*_AND, *_OR, *_NOT, "(", ")", "-"))


def asked_for(code: str, text: str) -> Condition:
    """Return the condition that the words of a value set; `code` is `_text` or `_content`.

    Raises BadSearchValue, TooCostly.
    """
    pieces = _pieces(code, text.translate(_ASCII))
    if sum(piece not in _SIGNS for piece in pieces) > WORDS:
        raise too_costly(code, f"語は {WORDS} 個までです。", f"at most {WORDS} words.")
    reader = _Reader(code, pieces)
    found = reader.either(0)
    if reader.left:
        raise reader.unreadable()
    return found


def phrase(code: str, text: str) -> Content:
    """Return the condition that the text is there as it stands. Raises BadSearchValue."""
    wanted = normal(text)
    if not wanted:
        raise bad_value(code, "string", example=_EXAMPLE)
    return Content(wanted, code == "_text")


def _pieces(code: str, text: str) -> list[str]:
    pieces, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _PIECE.match(text, place)
        if match is None:
            raise bad_value(code, "string", example=_EXAMPLE)
        pieces.append(match[1])
        place = match.end()
    return pieces


class _Reader:
    """Goes through the pieces once; `and` binds closer than `or`."""

    def __init__(self, code: str, pieces: list[str]) -> None:
        self.code, self.left = code, pieces[::-1]

    def either(self, depth: int) -> Condition:
        parts = [self.both(depth)]
        while self.left and self.left[-1] in _OR:
            self.left.pop()
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self.left and self.left[-1] not in (*_OR, ")"):
            if self.left[-1] in _AND:
                self.left.pop()
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, depth: int) -> Condition:
        if depth > DEPTH:
            raise too_costly(
                self.code, f"括弧は {DEPTH} 段までです。", f"at most {DEPTH} levels of parentheses."
            )
        if not self.left:
            raise self.unreadable()
        piece = self.left.pop()
        if piece in ("-", *_NOT):
            return Not(self.one(depth + 1))
        if piece == "(":
            found = self.either(depth + 1)
            if not self.left or self.left.pop() != ")":
                raise self.unreadable()
            return found
        if piece in (")", *_AND, *_OR):
            raise self.unreadable()
        return phrase(self.code, piece.strip('"'))

    def unreadable(self) -> Exception:
        return bad_value(self.code, "string", example=_EXAMPLE)
