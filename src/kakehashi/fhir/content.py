"""What a resource says in words: its narrative, and every text in it that people read. For `_text` and `_content`.

Read are elements of the types string and markdown (displays, names, notes, conclusions, descriptions, answers), also
in contained resources and extensions, plain text inside attachments, and the narrative without its tags. Not read are
codes, addresses of references, identifiers and numbers of contacts, units, versions and whatever else only programs
read (`_TECHNICAL`); labels in `meta`; a Bundle's entries, which are found as resources of their own; and Binary. After
100,000 characters of a resource no more is read.
"""

import binascii
import html
import re
from base64 import b64decode
from functools import cache, lru_cache
from typing import Any, Final

from kakehashi.fhir.definitions import load
from kakehashi.fhir.text import normal

MOST: Final = 100_000  # characters of one resource
_WHOLE: Final = frozenset({"Bundle", "Binary", "Parameters"})  # types that are containers
_TECHNICAL: Final = frozenset(
    """
    actorId altId anchor chain cigar code compareToSourceExpression compareToSourceId compareToSourcePath contextLinkId
    criteria data datasetId defaultValue element error etag expression field header headerField id identityCertificate
    ifMatch ifNoneExist ifNoneMatch language linkId location map max minimumId mustSupport observedSeq param params path
    performerLinkId proxyIdentityCertificate readsetId reasonLinkId reference relation representation requesterLinkId
    requestURL resourceId responseCode searchInclude searchParam searchRevInclude sequence sliceName source sourceId
    sourceIdentityCertificate sourceVersion status targetVersion type unit url value variable variantsetId version
    versionId xpath carrierHRF deviceIdentifier distinctIdentifier div contextInvariant
    """.split()
)
_BARREN: Final = frozenset(
    "Quantity Age Count Distance Duration Money Period Range Ratio Meta boolean decimal integer".split()
)
# A tag ends before the next one begins, so that time is linear in the text, whatever it is.
_INLINE = re.compile(
    r"</?(?:a|abbr|b|big|cite|code|em|i|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyz")
_PLAIN = re.compile(r"text/plain(\s*;.*)?", re.ASCII | re.IGNORECASE)


def narrative_of(tree: Any) -> str:
    """Return the narrative in its normal form (fhir/text.py), without tags; "" where there is none."""
    div = (tree.get("text") or {}).get("div")
    return _read_div(div[: 4 * MOST])[:MOST] if isinstance(div, str) else ""


def texts_of(tree: Any) -> list[str]:
    """Return the texts that people read, as written, some twice; without the narrative."""
    if tree.get("resourceType") in _WHOLE:
        return []
    found = _gather(tree)
    return found if sum(map(len, found)) <= MOST else _cut(found)


def holds(text: str, wanted: str) -> bool:
    """Say whether a normal text holds another. What begins with a Latin letter or digit must begin a word there."""
    if wanted[0] not in _LATIN:
        return wanted in text
    place = text.find(wanted)
    while place > 0 and text[place - 1] in _LATIN:
        place = text.find(wanted, place + 1)
    return place >= 0


def begins_word(wanted: str) -> bool:
    """Say whether a text is looked for at the beginning of words only."""
    return wanted[0] in _LATIN


@lru_cache(maxsize=256)
def _read_div(div: str) -> str:
    return normal(html.unescape(_TAG.sub(" ", _INLINE.sub("", div))))


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """The members that hold a text that people read, and those in which there is none.

    The first are R4's elements of type string and markdown, some left out; the second have types of `_BARREN` alone.
    """
    types: dict[str, set[str]] = {}
    for structure in load().structures.values():
        for element in structure.elements:
            for one in element.types:
                ending = one.code[:1].upper() + one.code[1:] if element.choice else ""
                types.setdefault(element.name + ending, set()).add(one.code)
    read = {name for name, codes in types.items() if codes & {"string", "markdown"}}
    return frozenset(read - _TECHNICAL), frozenset(name for name, codes in types.items() if codes <= _BARREN)


def _gather(tree: dict[str, Any]) -> list[str]:
    """Return the texts of an object and of what is in it, in no order that means anything."""
    names, barren = _names()
    found: list[str] = []
    nodes: list[Any] = [tree]
    for node in nodes:  # grows meanwhile
        if type(node) is not dict:  # null among extensions of primitives
            continue
        for name, value in node.items():
            kind = type(value)
            if kind is str:
                if name in names:
                    found.append(value)
            elif name in barren or not value:
                continue
            elif kind is dict:
                nodes.append(value)
            elif kind is list:
                if type(value[0]) is not str:
                    nodes += value
                elif name in names:
                    found += [one for one in value if type(one) is str]
        if "data" in node and _PLAIN.fullmatch(str(node.get("contentType", ""))):
            found.append(_decoded(node["data"]))
    return found


def _cut(texts: list[str]) -> list[str]:
    """Return the first texts, as long as there is room."""
    kept, room = [], MOST
    for text in texts:
        kept.append(text[:room])
        room -= len(text)
        if room <= 0:
            break
    return kept


def _decoded(data: Any) -> str:
    """The text in an attachment; what is no base64 or no UTF-8 says nothing."""
    if not isinstance(data, str):
        return ""
    try:
        return b64decode(data[: 8 * MOST]).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
