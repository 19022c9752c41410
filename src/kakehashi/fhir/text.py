"""One spelling for each text, so that a search finds Japanese however it was typed.

ﾔﾏﾀﾞ, ヤマダ and やまだ are one; so are Ｍüller and muller. Source: Unicode UAX #15 (NFKC), UTS #37 (IVS).
"""

import re
import unicodedata

_HIRAGANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_SELECTORS = dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))  # variation selectors, IVS
_MARKS = dict.fromkeys(range(0x0300, 0x0370))  # combining marks of Latin, Greek and Cyrillic
_AFTER = _HIRAGANA | _SELECTORS
_MARKED = re.compile("[\u00c0-\u024f\u0300-\u036f\u0370-\u04ff\u1e00-\u1fff]")


def normal(text: str) -> str:
    """Return the text as it is compared: NFKC, lower case, katakana of full width, no marks, single spaces.

    >>> normal(" ﾔﾏﾀﾞ　はなこ ")
    'ヤマダ ハナコ'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    wide = unicodedata.normalize("NFKC", text).translate(_AFTER).lower()
    if _MARKED.search(wide):
        wide = unicodedata.normalize("NFC", unicodedata.normalize("NFD", wide).translate(_MARKS)).lower()
    return " ".join(wide.split())
