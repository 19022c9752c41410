r"""Split search values at `,`, `$` and `|`, where a backslash keeps the sign that follows it.

Source: https://hl7.org/fhir/R4/search.html#escaping
"""


def split(text: str, sign: str) -> list[str]:
    r"""Return the parts between unescaped signs, their escapes still in place.

    >>> split(r"a\,b,c", ",")
    ['a\\,b', 'c']
    """
    parts, begin, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == sign:
            parts.append(text[begin:place])
            begin = place + 1
        place += 1
    return [*parts, text[begin:]]


def plain(text: str) -> str:
    r"""Return the text without its escapes: `\,` `\$` `\|` and `\\` become the sign itself."""
    if "\\" not in text:
        return text
    letters: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == "\\" and text[place + 1 : place + 2] in (",", "$", "|", "\\"):
            place += 1
        letters.append(text[place])
        place += 1
    return "".join(letters)
