"""Request headers as values: Prefer, If-Match, If-None-Match, media types. Pure.

Sources: https://hl7.org/fhir/R4/http.html, RFC 7240 (Prefer), RFC 9110 (conditional requests).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kakehashi.core.errors import BadRequest

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)


@dataclass(frozen=True, slots=True)
class Prefer:
    """What the caller prefers. returns: "", "minimal", "representation" or "OperationOutcome"."""

    returns: str = ""
    strict: bool = False
    asynchronous: bool = False  # respond-async


def prefer(text: str) -> Prefer:
    """Read `Prefer`; what is not understood is passed over, as RFC 7240 wants it."""
    if not text:
        return Prefer()
    said = dict(part.strip().partition("=")[::2] for part in re.split("[,;]", text))
    returns = said.get("return", "").strip('" ')
    known = returns in ("minimal", "representation", "OperationOutcome")
    strict = said.get("handling", "").strip('" ') == "strict"
    return Prefer(returns if known else "", strict, "respond-async" in said)


def version_of(text: str, name: str) -> int | None:
    """Return the version that an ETag names; None for no header. Raises BadRequest."""
    if not text:
        return None
    match = _ETAG.fullmatch(text.strip())
    if match is None:
        raise BadRequest(
            f'{name} は W/"3" の形で版を指定してください。', f'{name} names a version, such as W/"3".',
            rule="http.etag", place=name,
        )  # fmt: skip
    return int(match[1])


def names_version(text: str, version: int) -> bool:
    """Say whether an If-None-Match names the version (or any: `*`)."""
    return text.strip() == "*" or str(version) in _ETAG.findall(text)


def not_changed_since(text: str, changed_at: datetime) -> bool:
    """Say whether an If-Modified-Since is not before the change; HTTP counts in seconds."""
    try:
        since = parsedate_to_datetime(text)
    except ValueError:
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return changed_at.replace(microsecond=0) <= since


def media_of(text: str) -> str:
    """Return a media type without its parameters; a `+` that a URL turned into a blank is put back."""
    return text.partition(";")[0].strip().lower().replace(" ", "+")


def search_of(condition: str, resource_type: str) -> str:
    """Return the search of an If-None-Exist; some programs (HAPI's client) write the whole address before it."""
    address, mark, search = condition.partition("?")
    whole = mark and "=" not in address and address.rpartition("/")[2] == resource_type
    return search if whole else condition
