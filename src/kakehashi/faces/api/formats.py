"""Which format a body has and which one an answer shall have: FHIR JSON or FHIR XML, by headers and `_format`. Pure.

Sources: https://hl7.org/fhir/R4/http.html#mime-type, #version-parameter, RFC 9110 12.5.1 (Accept)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kakehashi.faces.api.failures import NotAcceptable, UnsupportedMedia
from kakehashi.faces.api.headers import media_of
from kakehashi.fhir import releases


class Format(StrEnum):
    """How a resource is written. The value: FHIR's own media type."""

    JSON = "application/fhir+json"
    XML = "application/fhir+xml"


_NAMES: dict[str, Format] = {
    **dict.fromkeys(
        ("application/fhir+json", "application/json", "text/json", "application/json+fhir", "json"),
        Format.JSON,
    ),
    **dict.fromkeys(
        ("application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir", "xml"), Format.XML
    ),
}
_RANGES = {"*/*": 0, "*": 0, "application/*": 1, "text/*": 1}  # how closely each names what it covers
_NAMED = 2
_OWN_XML = frozenset({"application/fhir+xml", "application/xml+fhir", "xml"})
_PART = re.compile(r'((?:[^,"]|"[^"]*")+)')  # what stands between commas; those in quotes do not count
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r';\s*fhirVersion\s*=\s*"?([^";,\s]+)', re.IGNORECASE)
_CHARSET = re.compile(r'charset="?([\w-]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """How an answer shall be written. `pretty`: laid out for people."""

    format: Format = Format.JSON
    pretty: bool = False


@lru_cache(maxsize=256)
def wished(accept: str, form: str, pretty: str) -> Wish:
    """Return what `Accept` and the parameters `_format` (which goes first) and `_pretty` ask for.

    JSON where nothing or anything is asked for. Raises NotAcceptable for another format, or another release of FHIR.
    """
    if not form:
        return Wish(_best(accept), pretty == "true")
    _require_release(form)
    if (named := _NAMES.get(media_of(form))) is None:
        raise NotAcceptable(rule="http.format", place="_format")
    return Wish(named, pretty == "true")


def _best(accept: str) -> Format:
    """Return the format of the highest q; of two alike the one that is named, then the one named first, then JSON."""
    if not accept.strip():
        return Format.JSON
    found = [one for format_ in Format if (one := _rank(accept, format_)) is not None]
    if not found:
        _require_release(accept)
        raise NotAcceptable(rule="http.accept")
    return max(found)[-1]


def _rank(accept: str, wanted: Format) -> tuple[float, int, int, bool, Format] | None:
    """Return how much a format is wanted, by the range that names it most closely; None where it is not."""
    ranks = [
        (close, quality, -number)
        for number, (close, quality, named) in enumerate(_ranges(accept))
        if named in (wanted, None)
    ]
    if not ranks:
        return None
    close, quality, number = max(ranks)
    if not quality:
        return None
    first = number if close == _NAMED else 0
    return quality, int(close == _NAMED), first, wanted is Format.JSON, wanted


def _ranges(accept: str) -> Iterator[tuple[int, float, Format | None]]:
    """Yield how closely each range names what it covers, its q, and the format that it names (None: both)."""
    for part in _PART.findall(accept):
        media = media_of(part)
        match = _QUALITY.search(part)
        quality = float(match[1]) if match else 1.0
        if media in _RANGES:
            yield _RANGES[media], quality, None
        elif media in _NAMES and _speaks_r4(part):
            yield _NAMED, quality, _NAMES[media]


def _speaks_r4(text: str) -> bool:
    version = _VERSION.search(text)
    return version is None or version[1] in releases.SPOKEN


def _require_release(text: str) -> None:
    if (version := _VERSION.search(text)) and version[1] not in releases.SPOKEN:
        raise NotAcceptable(*_other_release(version[1]), rule="http.fhir-version")


def of_body(content_type: str) -> Format:
    """Return the format that a body says it has; JSON where it says nothing.

    Raises UnsupportedMedia for another media type, another encoding than UTF-8, another release of FHIR.
    """
    if not content_type:
        return Format.JSON
    if not _speaks_r4(content_type):
        version = _VERSION.search(content_type)
        raise UnsupportedMedia(*_other_release(version[1] if version else ""), rule="http.fhir-version")
    charset = _CHARSET.search(content_type)
    named = _NAMES.get(media_of(content_type))
    if named is None or (charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii")):
        raise UnsupportedMedia(
            "本文は application/fhir+json か application/fhir+xml (UTF-8) で送ってください。",
            "Send the body as application/fhir+json or application/fhir+xml, in UTF-8.",
            rule="http.content-type",
        )
    return named


def _other_release(version: str) -> tuple[str, str]:
    release = releases.release_of(version)
    return (
        f"fhirVersion が {release} です。このサーバーは FHIR R4 (4.0.1) だけです。fhirVersion=4.0 にしてください。",
        f"fhirVersion says {release}; this server speaks FHIR R4 (4.0.1) only: say fhirVersion=4.0.",
    )


def is_resource(content_type: str) -> bool:
    """Say whether a body sent to Binary is a resource, not content: JSON, or FHIR's own XML (CDA is XML too)."""
    media = media_of(content_type)
    return _NAMES.get(media) is Format.JSON or media in _OWN_XML


def wants_native(accept: str, form: str) -> bool:
    """Say whether a Binary is wanted as what it is, not as a resource: any Accept but FHIR's own means that."""
    return not any(is_resource(one) for one in (form or accept).split(","))
