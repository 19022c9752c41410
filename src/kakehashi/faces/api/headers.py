"""Request headers as values: Prefer, If-Match, If-None-Match, Accept, media types. Pure.

Sources: https://hl7.org/fhir/R4/http.html, RFC 7240 (Prefer), RFC 9110 (conditional requests).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kakehashi.core.errors import BadRequest
from kakehashi.faces.api.failures import NotAcceptable, UnsupportedMedia

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"', re.ASCII)
_JSON = frozenset({"application/fhir+json", "application/json", "text/json", "application/json+fhir", "json"})
_ANY = frozenset({"*/*", "application/*", "text/*"})


@dataclass(frozen=True, slots=True)
class Prefer:
    """What the caller prefers. returns: "", "minimal", "representation" or "OperationOutcome"."""

    returns: str = ""
    strict: bool = False


def prefer(text: str) -> Prefer:
    """Read `Prefer`; what is not understood is passed over, as RFC 7240 wants it."""
    if not text:
        return Prefer()
    said = dict(part.strip().partition("=")[::2] for part in re.split("[,;]", text))
    returns = said.get("return", "").strip('" ')
    known = returns in ("minimal", "representation", "OperationOutcome")
    return Prefer(returns if known else "", said.get("handling", "").strip('" ') == "strict")


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


def require_json_answer(accept: str, form: str) -> None:
    """Raise NotAcceptable unless JSON is wanted, or anything. `form`: the parameter `_format`, which goes first."""
    if form:
        if media_of(form) not in _JSON:
            raise NotAcceptable(rule="http.format", place="_format")
        return
    wanted = {media_of(one) for one in accept.split(",")} if accept else _ANY
    if not wanted & (_JSON | _ANY):
        raise NotAcceptable(rule="http.accept")


def wants_native(accept: str, form: str) -> bool:
    """Say whether a Binary is wanted as what it is, not as a resource: any Accept but FHIR's own means that."""
    wanted = {media_of(one) for one in (form or accept).split(",")}
    return not wanted & _JSON


def require_json_body(content_type: str) -> None:
    """Raise UnsupportedMedia unless the body says that it is JSON in UTF-8 (or says nothing)."""
    charset = re.search(r'charset="?([\w-]+)', content_type, re.IGNORECASE)
    if (content_type and media_of(content_type) not in _JSON) or (
        charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii")
    ):
        raise UnsupportedMedia(
            "本文は application/fhir+json (UTF-8) で送ってください。",
            "Send the body as application/fhir+json in UTF-8.",
            rule="http.content-type",
        )


def is_json(content_type: str) -> bool:
    """Say whether a content type is one of JSON's."""
    return media_of(content_type) in _JSON


def media_of(text: str) -> str:
    """Return a media type without its parameters; a `+` that a URL turned into a blank is put back."""
    return text.partition(";")[0].strip().lower().replace(" ", "+")
