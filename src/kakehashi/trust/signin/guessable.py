"""Which passwords are guessed first: common words with trimmings, runs, repetitions.

A list of our own of what people here are known to choose, and rules that undo the usual disguises.
"""

import re

_TRIMMINGS = 6  # a common word with a year and a sign or two behind it is still a common word
_STEMS = """
password passwd pass admin administrator root user guest test demo welcome login letmein iloveyou
monkey dragon master secret changeme default qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm abc
abcd abcdef football baseball soccer sunshine princess shadow superman batman pokemon hello hospital
clinic doctor nurse karte denshikarte kakehashi iryou byouin sakura japan tokyo osaka kyoto nippon
nihon arigatou konnichiwa himitsu angou summer winter spring autumn january february march april
june july august september october november december reiwa heisei showa pasuwado access server
system office computer internet
""".split()
_LEET = str.maketrans("0134578@$!", "oleastbasi")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn",
)
_OTHERS = re.compile(r"[^a-z]+")
_TRIMMING = re.compile(r"[^a-z]+$")


def guessable(text: str) -> bool:
    """Say whether a password is a common word with trimmings, a run, or a repetition."""
    low = text.lower()
    return _repeats(low) or _mostly_runs(low) or _is_trimmed_word(low)


def _is_trimmed_word(low: str) -> bool:
    """Common words, with digits and signs before, behind and between, or put for letters."""
    front = _TRIMMING.sub("", low)
    core = _TRIMMING.sub("", front[::-1])[::-1]
    if len(low) - len(core) > _TRIMMINGS:
        return False
    forms = (core, core.translate(_LEET), front.translate(_LEET))
    return any(_is_stems(_OTHERS.sub("", form)) for form in forms)


def _repeats(low: str) -> bool:
    """One short piece again and again, or hardly any different characters."""
    doubled = (low + low).find(low, 1)
    return len(set(low)) <= 4 or doubled <= len(low) // 2


def _mostly_runs(low: str) -> bool:
    """Keyboard or alphabet runs of four and more make up all but three characters."""
    rest = low
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        for length in range(min(len(row), len(rest)), 3, -1):
            for start in range(len(row) - length + 1):
                rest = rest.replace(row[start : start + length], "")
    return len(rest) <= 3


def _is_stems(word: str) -> bool:
    """Whether a word is made of common stems only."""
    if not word:
        return False
    ends = {0}
    for end in range(1, len(word) + 1):
        if any(word.endswith(stem, 0, end) and end - len(stem) in ends for stem in _STEMS):
            ends.add(end)
    return len(word) in ends
