"""The texts of a row: how they are kept, and what `_content` and `_text` need beside what parameters read.

Texts that no parameter reads stand under `CONTENT`, the narrative under `NARRATIVE` (fhir/content.py says which there
are). Marks of the letters of all texts of a resource are its grams (grams.py).
"""

from collections.abc import Sequence
from functools import lru_cache

from kakehashi.core.hashing import hash64
from kakehashi.fhir import content
from kakehashi.fhir.indexing.grams import grams
from kakehashi.fhir.indexing.values import Json
from kakehashi.fhir.text import normal

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_TEXT = "\x1e"  # begins every text: no normalised text holds it
_LONG = 500  # characters of a resource's texts; what is longer hardly comes again


def text_key(name: str) -> str:
    """Return what each text of a name begins with: U+001E and 24 bits as four signs."""
    number = hash64(name)
    return _TEXT + "".join(_SIGNS[number >> shift & 63] for shift in (0, 6, 12, 18))


CONTENT, NARRATIVE = text_key("_content"), text_key("_text")
KEY = len(CONTENT)  # characters before each text


def words_of(tree: Json, texts: list[str]) -> Sequence[int]:
    """Add the texts that no parameter has read (`texts`: those that one has); return the marks of all."""
    written = content.texts_of(tree)
    known = sum(map(len, written)) <= _LONG
    more, marks = (_kept_marks if known else _marks)(tuple(texts), tuple(written))
    texts += more
    if "text" in tree and (narrative := content.narrative_of(tree)):
        texts.append(NARRATIVE + narrative)
        return sorted(grams(narrative).union(marks))
    return marks


def _marks(read: tuple[str, ...], written: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the entries of texts that are not among those read, and the marks of all."""
    plain = {text[KEY:] for text in read}
    more = dict.fromkeys(normal(text) for text in written).keys() - plain - {""}
    marks = frozenset[int]().union(*map(grams, plain | more))
    return tuple(CONTENT + text for text in sorted(more)), tuple(sorted(marks))


_kept_marks = lru_cache(maxsize=8192)(_marks)
