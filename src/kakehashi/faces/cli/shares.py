"""Which share of a file a line belongs to: all that is about one person goes to one share.

Nothing is decided here but who does the work: a line dealt wrongly would be refused for an unknown patient, never
stored for another one. What is looked for is found by its bytes; a line is decoded only where that does not tell.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from kakehashi.faces.cli.files import Form, Found, lines
from kakehashi.faces.cli.progress import Share
from kakehashi.people.identifiers import MEMBER_SYSTEM

BATCH_BYTES = 8 << 20  # bytes from which a batch is full, so that large records do not fill the memory
_REFERENCE = b'"reference":'
_PATIENT = b"Patient/"
_ID = re.compile(rb'([A-Za-z0-9\-.]{1,64})(?=["/])')
_PATIENT_REFERENCE = re.compile(rb'"reference"\s*:\s*"(?:[^"]*/)?Patient/([A-Za-z0-9\-.]{1,64})')
_IS_PATIENT = re.compile(rb'"resourceType"\s*:\s*"Patient"')
_MEMBER_SYSTEM = MEMBER_SYSTEM.encode()
Line = tuple[int, bytes]  # number from 1, bytes


def batches(found: Found, shares: Sequence[Share], most: int) -> Iterator[tuple[Share, list[Line]]]:
    """Yield what is not in yet of some shares of a file, in batches of `most` lines at most, each in its order."""
    mine = {share.number: share for share in shares}
    open_ones: dict[int, list[Line]] = {number: [] for number in mine}
    held = dict.fromkeys(mine, 0)  # bytes
    for number, line in _dealt(found, shares[0].of):
        share = mine.get(number)
        if share is None or line[0] <= share.line:
            continue
        batch = open_ones[number]
        batch.append(line)
        held[number] += len(line[1])
        if len(batch) == most or held[number] >= BATCH_BYTES:
            yield share, batch
            open_ones[number], held[number] = [], 0
    for number, batch in open_ones.items():
        if batch:
            yield mine[number], batch


def _dealt(found: Found, shares: int) -> Iterator[tuple[int, Line]]:
    """Yield each line with its share; a line that names nobody goes where the line before it went."""
    if shares == 1:
        yield from ((0, line) for line in lines(found))
        return
    key_of: Callable[[bytes], bytes] = _key_of_bundle if found.form is Form.SHARINGS else _key_of_resource
    share = 0
    for line in lines(found):
        if key := key_of(line[1]):
            share = zlib.crc32(key) % shares
        yield share, line


def _key_of_resource(body: bytes) -> bytes:
    """Return the id of the Patient resource that a line is, or is about; empty when it names none."""
    if b'"Patient"' in body and _IS_PATIENT.search(body) and (own := _patients_id(body)):
        return own
    at = body.find(_PATIENT)
    if at < 0:
        return b""
    if body.endswith(_REFERENCE, 0, body.rfind(b'"', 0, at)) and (
        known := _ID.match(body, at + len(_PATIENT))
    ):
        return known[1]
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
    at = body.find(_MEMBER_SYSTEM)
    if at >= 0 and (said := _value_of(body[body.rfind(b"{", 0, at) : body.find(b"}", at) + 1])):
        return said
    try:
        entry = orjson.loads(body)["entry"]
        patient = next(one["resource"] for one in entry if one["resource"]["resourceType"] == "Patient")
        known = {one["system"]: one["value"] for one in reversed(patient["identifier"])}
        return str(known.get(MEMBER_SYSTEM) or next(reversed(known.values()))).encode("utf-8", "replace")
    except (orjson.JSONDecodeError, KeyError, TypeError, StopIteration):
        return b""


def _value_of(identifier: bytes) -> bytes:
    """Return the value of a member id that was cut out of a Bundle; empty where it cannot be read by itself."""
    try:
        said: Any = orjson.loads(identifier)
    except orjson.JSONDecodeError:
        return b""
    value = said.get("value") if said.get("system") == MEMBER_SYSTEM else None
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
