"""Which concepts a filter means: each of its words stands somewhere in the code, a display or a designation. Pure.

Latin letters and digits count from the beginning of a word, which is marked; kana, kanji and others count anywhere:
Japanese has no blanks. Texts and words are folded alike by the caller (fhir/text.py).
"""

import re
from collections.abc import Iterable

from kakehashi.terms import masks
from kakehashi.terms.columns import Texts
from kakehashi.terms.masks import Mask

END = "\n"  # after each text: a word never reaches over two
_BEGINNING = re.compile("(?<![a-z0-9])(?=[a-z0-9])")
_MARK = "\x1f"  # before each word of Latin letters or digits
_MANY = (
    4_000  # texts with a word, from which looking into each text costs less than going from one to the next
)
_FEW = 2_000  # texts left by the words before, up to which each is looked into


def marked(folded: str) -> str:
    """Return a folded text with the beginnings of its words marked."""
    return _BEGINNING.sub(_MARK, folded)


def words_of(folded: str) -> tuple[bytes, ...]:
    """Return the words of a folded filter."""
    return tuple(marked(word).encode() for word in folded.split())


def matching(texts: Texts, words: Iterable[bytes]) -> Mask:
    """Return the set of the marked texts in which every word stands. Long words, which are rare, go first."""
    mask = masks.every(len(texts))
    for word in sorted(words, key=len, reverse=True):
        if mask.count(1) > _FEW:
            mask = masks.both(mask, _with(texts, word))
        else:
            mask = masks.of_places((one for one in masks.places(mask) if word in texts[one]), len(texts))
    return mask


def _with(texts: Texts, word: bytes) -> Mask:
    whole, starts = texts.whole, texts.starts
    mask = bytearray(len(texts))
    met, place, at = 0, 0, whole.find(word)
    while at >= 0:
        met += 1
        if met > _MANY:
            return bytes(word in one for one in whole.split(END.encode())[:-1])
        place = texts.place_at(at, place)
        mask[place] = 1
        at = whole.find(word, starts[place + 1])
    return bytes(mask)
