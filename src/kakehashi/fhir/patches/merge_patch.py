"""JSON Merge Patch: members are set, and `null` takes one away; lists are replaced whole. Source: RFC 7396.

R4 does not name it; programs that were written for servers which take it (fhirpy) send nothing else.
"""

import msgspec

from kakehashi.core.errors import Malformed
from kakehashi.fhir.decode import decoded
from kakehashi.fhir.patches.pieces import Piece, opened, says_nothing, written
from kakehashi.fhir.patches.refusals import unreadable


def read(body: bytes) -> msgspec.Raw:
    """Return the patch of a body of application/merge-patch+json, checked to be good JSON. Raises Malformed."""
    if not isinstance(decoded(body), dict):
        raise _no_object()
    return msgspec.Raw(body.strip())


def apply(patch: msgspec.Raw, body: bytes) -> bytes:
    """Return the body with the patch merged in; what the patch does not name keeps its bytes."""
    return written(_merged(msgspec.Raw(body), patch))


def _merged(stored: Piece, patch: msgspec.Raw) -> Piece:
    """`decoded` bounds how deep this goes."""
    changes = opened(patch)
    if not isinstance(changes, dict):
        return patch
    found = opened(stored)
    members = found if isinstance(found, dict) else {}
    for name, change in changes.items():
        assert isinstance(change, msgspec.Raw)
        if says_nothing(change):
            members.pop(name, None)
        else:
            members[name] = _merged(members.get(name, msgspec.Raw(b"null")), change)
    return members


def _no_object() -> Malformed:
    return unreadable(
        "", "JSON Merge Patch は、変える項目だけのオブジェクトです。",
        "A JSON Merge Patch is an object with the members to change.",
    )  # fmt: skip
