"""What is said of an address that leads nowhere: which part of it is wrong, and what was perhaps meant."""

import difflib
from collections.abc import Iterable

from kakehashi.core.errors import NotFound
from kakehashi.fhir.types import NUMBER

_LONGEST = 64  # characters of what was sent that are said again
_BY_LOWER = {name.lower(): name for name in NUMBER}


def no_address(path: str) -> NotFound:
    """Return the refusal of an address that no route has."""
    said = path.removeprefix("/fhir/").partition("/")[0][:_LONGEST] if path.startswith("/fhir/") else ""
    if said.isascii() and said.isalnum() and said not in NUMBER:
        return _no_type(said)
    return NotFound("その宛先はありません。", "There is no such address.", rule="http.address")


def no_operation(types: Iterable[str]) -> NotFound:
    """Return the refusal of an operation at a type that does not have it."""
    having = ", ".join(types)
    return NotFound(
        f"この操作は {having} にあります。",
        f"The types that have this operation: {having}.",
        rule="http.operation",
    )


def _no_type(said: str) -> NotFound:
    close = difflib.get_close_matches(said.lower(), _BY_LOWER, n=1, cutoff=0.75)
    meant = _BY_LOWER[close[0]] if close else ""
    hint_ja = f"{meant} のことですか。" if meant else ""
    hint_en = f" Did you mean {meant}?" if meant else ""
    return NotFound(
        f"「{said}」は FHIR R4 のリソース型ではありません。{hint_ja}",
        f"'{said}' is not a resource type of FHIR R4.{hint_en}",
        rule="http.type",
        place=said,
    )
