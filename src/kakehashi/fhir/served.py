"""The bytes that are kept and served: the received ones, with the server's own id, version and time put in.

Every other member keeps its bytes, so decimals (`1.10`), escapes and order survive.
"""

from datetime import datetime
from functools import lru_cache

import msgspec

from kakehashi.core.clock import fhir_instant

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_OWN = frozenset({"versionId", "lastUpdated", "_versionId", "_lastUpdated"})
_instant = lru_cache(maxsize=64)(fhir_instant)  # what is stored together has one moment


def served(body: bytes, *, id: str, version: int, changed_at: datetime) -> bytes:  # noqa: A002 (FHIR's name)
    """Return `body`, one that parse() took, with `id`, `meta.versionId` and `meta.lastUpdated` set.

    resourceType, id and meta come first, then the others as they came. `_versionId` and `_lastUpdated` in meta,
    which speak of the replaced values, go with them; the other members of meta stay.
    """
    members = _MEMBERS.decode(body)
    meta = members.pop("meta", None)
    members.pop("id", None)
    head = b'{"resourceType":%b,"id":"%b","meta":{"versionId":"%d","lastUpdated":"%b"' % (
        members.pop("resourceType"), id.encode(), version, _instant(changed_at).encode()
    )  # fmt: skip
    return head + (_rest(_others(meta)) if meta else b"}") + _rest(members)


def _others(meta: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Return the members of meta that are not the server's."""
    return {name: value for name, value in _MEMBERS.decode(meta).items() if name not in _OWN}


def _rest(members: dict[str, msgspec.Raw]) -> bytes:
    """Return further members of an object that has some already, and its end."""
    return b"," + msgspec.json.encode(members)[1:] if members else b"}"
