"""The bytes that are kept and served: the received ones, with the server's own id, version and time put in.

Every other member keeps its bytes, so decimals (`1.10`), escapes and order survive.
"""

from datetime import datetime

import msgspec

from kakehashi.core.clock import fhir_instant

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def served(body: bytes, *, id: str, version: int, changed_at: datetime) -> bytes:  # noqa: A002 (FHIR's name)
    """Return `body`, one that parse() took, with `id`, `meta.versionId` and `meta.lastUpdated` set.

    resourceType, id and meta come first, then the others as they came. `_versionId` and `_lastUpdated` in meta,
    which speak of the replaced values, go with them; the other members of meta stay.
    """
    members = _MEMBERS.decode(body)
    meta = _MEMBERS.decode(members["meta"]) if "meta" in members else {}
    own_meta = {
        "versionId": msgspec.Raw(b'"%d"' % version),
        "lastUpdated": msgspec.Raw(b'"%s"' % fhir_instant(changed_at).encode()),
    }
    for name, value in meta.items():
        if name.removeprefix("_") not in own_meta:
            own_meta[name] = value
    own = {
        "resourceType": members["resourceType"],
        "id": msgspec.Raw(b'"%s"' % id.encode()),
        "meta": msgspec.Raw(msgspec.json.encode(own_meta)),
    }
    return msgspec.json.encode(own | {name: value for name, value in members.items() if name not in own})
