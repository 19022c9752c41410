"""Narratives: XHTML that stands in FHIR's XML as elements and in FHIR's JSON as a string, byte for byte the same."""

import re
from collections.abc import Iterable
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from kakehashi.fhir.xml.names import XHTML, Unfit

Spaces = list[tuple[str, str]]  # prefix ("" for the default) and namespace, the innermost last
_START = re.compile(rb"""<[^\s/>]+((?:[^"'>]|"[^"]*"|'[^']*')*?)/?>""")
_NAME_END = re.compile(rb"[\s/>]")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


def cut_out(body: bytes, start: int, end: int) -> bytes:
    """Return an element's bytes. `start`, `end`: where expat tells its start and end, the latter behind `<div/>`."""
    tag = _START.match(body, start)
    if tag and tag.end() == end and tag[0].endswith(b"/>"):
        return tag[0]
    return body[start : body.index(b">", end) + 1]


def standing_alone(div: bytes, spaces: Spaces) -> bytes:
    """Return a narrative cut out of a document, with the namespaces that it took from around it declared on itself."""
    tag = _START.match(div)
    said = tag[1] if tag else b""
    missing = [
        (prefix, uri)
        for prefix, uri in dict(spaces).items()
        if not _declares(said, prefix) and (f"{prefix}:".encode() in div if prefix else uri == XHTML)
    ]
    if not missing:
        return div
    name_end = _NAME_END.search(div)
    at = name_end.start() if name_end else len(div)
    return div[:at] + _declared(missing).encode() + div[at:]


def _declares(attributes: bytes, prefix: str) -> bool:
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return re.search(rb"\s%b\s*=" % re.escape(name.encode()), attributes) is not None


def _declared(spaces: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}" for prefix, uri in sorted(spaces)
    )


def embedded(text: str) -> str:
    """Return a narrative as it may stand inside of XML. Raises Unfit unless it is one whole element of XHTML.

    What goes on in it, validation has looked at; here it must only not reach out of its place.
    """
    div = _DECLARATION.sub("", text, count=1).strip() if text.lstrip().startswith("<?xml") else text.strip()
    names: list[str] = []

    def started(name: str, _: object) -> None:
        names.append(name)
        parser.StartElementHandler = None

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = _doctype
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        raise Unfit("narrative", "div") from None
    if names != [f"{XHTML} div"]:
        raise Unfit("narrative", "div")
    return div


def _doctype(*_: object) -> None:
    raise Unfit("narrative", "div")
