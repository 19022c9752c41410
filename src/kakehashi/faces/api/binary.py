"""Binary as what it is: raw bytes in, raw bytes out. Source: https://hl7.org/fhir/R4/binary.html#rest"""

import base64
import re
from collections.abc import Mapping

import orjson

from kakehashi.faces.api.answer import Answer, Header
from kakehashi.faces.api.failures import UnsupportedMedia
from kakehashi.faces.api.headers import media_of

_MEDIA = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}", re.ASCII)


def native(body: bytes, headers: list[Header]) -> Answer:
    """Return the content of a stored Binary. A browser may neither run it nor show it in our name."""
    tree = orjson.loads(body)
    media = str(tree.get("contentType", ""))
    safe = media if _MEDIA.fullmatch(media_of(media)) else "application/octet-stream"
    guards = [(b"content-disposition", b"attachment"), (b"content-security-policy", b"sandbox")]
    content = base64.b64decode(tree.get("data", ""))
    return Answer(200, content, [*headers, *guards], media_of(safe).encode())


def wrapped(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return raw bytes as a Binary resource; `X-Security-Context` says whose it is. Raises UnsupportedMedia."""
    media = media_of(headers.get("content-type", ""))
    if not _MEDIA.fullmatch(media):
        raise UnsupportedMedia(
            "Content-Type に内容の種類を書いてください。", "Say in Content-Type what the content is.",
            rule="http.content-type",
        )  # fmt: skip
    tree: dict[str, object] = {"resourceType": "Binary", "contentType": media}
    if context := headers.get("x-security-context"):
        tree["securityContext"] = {"reference": context}
    return orjson.dumps(tree | {"data": base64.b64encode(body).decode()})
