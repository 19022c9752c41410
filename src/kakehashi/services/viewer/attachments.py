"""What is attached to a document (PDF, pictures): named, and taken out only when it is opened. Pure.

A DocumentReference of the document names its attachments; the bytes are in it, or in a Binary of the same document.
An address outside the document is never followed. Source: 診療情報提供書 HL7 FHIR 記述仕様, 添付情報・PDF セクション.
"""

import re
import zlib
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kakehashi.services.viewer.sheet import Sheet, Tree, each, first

# Types that a browser shows without running anything (a PDF: unless it `acts`), with how their bytes begin: a wrong
# label is not believed.
SHOWN: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
_ACTS = re.compile(rb"/(?:JavaScript|XFA|Launch)\b|/JS[\s(<\d/%]")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"\bstream\r?\n")
_LARGEST = 4 << 20  # bytes of one stream
_NAMES = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment. `number`: its place, from 0. `size`: bytes, about. `shown`: a browser shows it."""

    number: int
    title: str
    name: str
    size: int
    shown: bool


def attachments_of(sheet: Sheet) -> tuple[Attachment, ...]:
    """Return what is attached to a document, in its order; what has no bytes in the document is left out."""
    return tuple(
        Attachment(
            number,
            str(one.get("title") or ""),
            _NAMES.get(_type(one), str(one.get("contentType") or "")),
            len(data) * 3 // 4,
            _type(one) in SHOWN,
        )
        for number, (one, data) in enumerate(_found(sheet))
    )


def content_of(sheet: Sheet, number: int) -> tuple[str, bytes] | None:
    """Return the type and bytes of an attachment, None where there is none; a type that cannot be shown is ""."""
    found = list(_found(sheet))
    if not 0 <= number < len(found):
        return None
    one, data = found[number]
    try:
        body = b64decode(data, validate=False)
    except (Error, ValueError):
        return None
    kind = _type(one)
    shown = body.startswith(SHOWN.get(kind, ())) and not (kind == "application/pdf" and acts(body))
    return (kind if shown else ""), body


def acts(pdf: bytes) -> bool:
    """Say whether a PDF carries a script, or a form or program to open: browsers run these under any policy of ours.

    Looks at names, also written with `#xx` and in compressed objects; what is encrypted or compressed otherwise stays
    unseen, so this keeps common ones out and is no wall. Source: ISO 32000-1, 7.3.5, 7.5.7, 12.6.4.
    """
    plain = _unescaped(pdf)
    return bool(_ACTS.search(plain)) or (b"/ObjStm" in plain and any(map(_ACTS.search, _inflated(pdf))))


def _unescaped(pdf: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), pdf)


def _inflated(pdf: bytes) -> Iterator[bytes]:
    """Yield what the streams of a PDF hold, each up to a bound."""
    for found in _STREAM.finditer(pdf):
        try:
            yield _unescaped(zlib.decompressobj().decompress(memoryview(pdf)[found.end() :], _LARGEST))
        except zlib.error:
            continue


def _found(sheet: Sheet) -> Iterator[tuple[Tree, str]]:
    binaries: dict[str, Tree] = {}
    resources: list[Tree] = []
    for entry in each(sheet.tree, "entry"):
        resource = first(entry, "resource")
        resources.append(resource)
        if resource.get("resourceType") == "Binary":
            binaries |= {str(entry.get("fullUrl")): resource, f"Binary/{resource.get('id')}": resource}
    for resource in resources:
        if resource.get("resourceType") == "DocumentReference":
            for one in each(resource, "content", "attachment"):
                data = one.get("data") or binaries.get(str(one.get("url")), {}).get("data")
                if isinstance(data, str) and data:
                    yield {"title": resource.get("description"), **one}, data


def _type(attachment: Tree) -> str:
    return str(attachment.get("contentType") or "").partition(";")[0].strip().lower()
