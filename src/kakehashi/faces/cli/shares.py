"""Which share of a file a line belongs to: all that is about one person goes to one share.

Nothing is decided here but who does the work: a line dealt wrongly would be refused for an unknown patient, never
stored for another one.
"""

import re
import zlib
from collections.abc import Callable, Iterator

import orjson

from kakehashi.faces.cli.files import Form, Found, lines
from kakehashi.faces.cli.progress import Share
from kakehashi.people.identifiers import MEMBER_SYSTEM

_PATIENT_REFERENCE = re.compile(rb'"reference"\s*:\s*"(?:[^"]*/)?Patient/([A-Za-z0-9\-.]{1,64})')


def share_lines(found: Found, share: Share) -> Iterator[tuple[int, bytes]]:
    """Yield the numbered lines of one share that are not in yet."""
    rest = lines(found)
    if share.of == 1:
        return (one for one in rest if one[0] > share.line)
    dealt = _dealt(rest, _key_of_bundle if found.form is Form.SHARINGS else _key_of_resource, share.of)
    return (one for number, one in dealt if number == share.number and one[0] > share.line)


def _dealt(
    rest: Iterator[tuple[int, bytes]], key_of: Callable[[bytes], bytes], shares: int
) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield each line with its share; a line that names nobody goes where the line before it went."""
    share = 0
    for one in rest:
        if key := key_of(one[1]):
            share = zlib.crc32(key) % shares
        yield share, one


def _key_of_resource(body: bytes) -> bytes:
    """Return the id of the Patient resource that a line is, or is about; empty when it names none."""
    if b'"Patient"' in body and (own := _patients_id(body)):
        return own
    found = _PATIENT_REFERENCE.search(body)
    return found[1] if found else b""


def _patients_id(body: bytes) -> bytes:
    """Return the id of a Patient, empty for anything else."""
    try:
        tree = orjson.loads(body)
        return tree["id"].encode("utf-8", "replace") if tree["resourceType"] == "Patient" else b""
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return b""


def _key_of_bundle(body: bytes) -> bytes:
    """Return the member id of a Bundle's patient, else its first identifier."""
    try:
        entry = orjson.loads(body)["entry"]
        patient = next(one["resource"] for one in entry if one["resource"]["resourceType"] == "Patient")
        said = {one["system"]: one["value"] for one in reversed(patient["identifier"])}
        return str(said.get(MEMBER_SYSTEM) or next(reversed(said.values()))).encode("utf-8", "replace")
    except (orjson.JSONDecodeError, KeyError, TypeError, StopIteration):
        return b""
