"""What is attached to a document (PDF, pictures): named, and taken out only when it is opened. Pure.

A DocumentReference of the document names its attachments; the bytes are in it, or in a Binary of the same document.
An address outside the document is never followed. Source: 診療情報提供書 HL7 FHIR 記述仕様, 添付情報・PDF セクション.
"""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kakehashi.services.viewer.sheet import Sheet, Tree, each, first

# Types that a browser shows without running anything, with how their bytes begin: a wrong label is not believed.
SHOWN: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
}
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
    return (kind if body.startswith(SHOWN.get(kind, ())) else ""), body


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
