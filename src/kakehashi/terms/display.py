"""How a code is called, in the language wanted, and its designations. Pure.

Languages are BCP 47 tags: `ja` is met by `ja-JP`. Source: https://hl7.org/fhir/R4/codesystem.html#designations
"""

from collections.abc import Sequence

from kakehashi.terms.columns import Detail
from kakehashi.terms.packing import Json, members, text

LANGUAGES = "urn:ietf:bcp:47"  # system of the parameter `designation` for a language


def display_of(detail: Detail, language: str = "", wanted: str = "") -> str:
    """Return the display in the wanted language, where there is one; else the display, which is in `language`."""
    own = text(detail.get("display"))
    if not wanted or meets(language, wanted):
        return own
    said = members(detail.get("designation"))
    return next((text(one.get("value")) for one in said if meets(text(one.get("language")), wanted)), own)


def meets(language: str, wanted: str) -> bool:
    """Say whether a language tag is the wanted one, or one of its regions or scripts."""
    language, wanted = language.lower(), wanted.lower()
    return bool(language) and (language == wanted or language.startswith(f"{wanted}-"))


def designations(detail: Detail, tokens: Sequence[str] = ()) -> list[Json]:
    """Return the designations that the tokens name (`system|code` of a use, or of a language); none named: all."""
    found = members(detail.get("designation"))
    return [one for one in found if not tokens or any(_is(one, token) for token in tokens)]


def _is(one: Json, token: str) -> bool:
    system, sign, code = token.rpartition("|")
    use = one.get("use")
    uses = use if isinstance(use, dict) else {}
    if system == LANGUAGES or not sign:
        return meets(text(one.get("language")), code) or (not sign and uses.get("code") == code)
    return uses.get("system") == system and uses.get("code") == code


def called(detail: Detail) -> list[str]:
    """Return every name of a code: its display and its designations."""
    found = [
        text(detail.get("display")),
        *(text(one.get("value")) for one in members(detail.get("designation"))),
    ]
    return [one for one in found if one]
