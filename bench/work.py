"""The requests of the benchmark, made ready before the clock runs: transactions, reads, searches. Fixed seeds."""

import random
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import orjson

from bench.wire import Target, request
from kakehashi.samples.multiply import Original, multiply
from kakehashi.samples.region import SITES

A_TRANSACTION = 100  # resources
FIRST_FRESH = 5_000  # copies from this number on are in no file: a size of 5 million has 120 copies
SENDERS = tuple(site.slug for site in SITES if site.gives_care and site.sends == "fhir")[:2]
_FHIR = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Picked:
    """A resource that the server has: whose, which, and what can be searched for in it."""

    site: str
    type: str
    id: str
    patient: str = ""  # id of the Patient it is about
    code: str = ""  # system|code of Observation.code
    identifier: str = ""  # system|value of a Patient
    family: str = ""  # of a Patient
    date: str = ""  # a Patient's birth, an Observation's time; a day
    value: str = ""  # of an Observation's quantity


class Fresh:
    """People whom no server has seen, as the lines that two institutions send about them."""

    def __init__(self, people: list[Original]) -> None:
        self._lines: dict[str, deque[bytes]] = {site: deque() for site in SENDERS}
        self._more = (line for copy in count(FIRST_FRESH) for line in multiply(people, range(copy, copy + 1)))

    def lines(self, site: str, wanted: int) -> list[bytes]:
        """Return the next lines of an institution; the first is a Patient, and every record's Patient comes before."""
        mine = self._lines[site]
        while not (mine and _is_patient(mine[0])):
            if mine:
                mine.popleft()  # the rest of a person that was cut off
            else:
                self._fill()
        while len(mine) < wanted:
            self._fill()
        return [mine.popleft() for _ in range(wanted)]

    def _fill(self) -> None:
        line = next(self._more)
        if line.form == "fhir" and line.site in self._lines:
            self._lines[line.site].append(line.body)


def _is_patient(line: bytes) -> bool:
    return line.startswith(b'{"resourceType":"Patient"')


def transactions(
    target: Target, token: str, lines: Sequence[bytes], each: int = A_TRANSACTION
) -> list[bytes]:
    """Return requests that put the lines, so many a transaction."""
    headers = {**asking(token), "content-type": _FHIR, "prefer": "return=minimal"}
    return [
        request(target, "POST", "", headers, bundle(lines[at : at + each]))
        for at in range(0, len(lines), each)
    ]


def bundle(lines: Iterable[bytes]) -> bytes:
    """Return a transaction that puts each resource under its own id."""
    entries = []
    for line in lines:
        tree = orjson.loads(line)
        where = f"{tree['resourceType']}/{tree['id']}"
        asked = orjson.dumps({"method": "PUT", "url": where})
        entries.append(b'{"resource":' + line.strip() + b',"request":' + asked + b"}")
    return b'{"resourceType":"Bundle","type":"transaction","entry":[' + b",".join(entries) + b"]}"


def reads(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return a read by id of each."""
    return [request(target, "GET", f"/{one.type}/{one.id}", asking(tokens[one.site])) for one in picked]


def code_searches(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return searches for one person's observations of one code."""
    return [
        request(
            target, "GET", f"/Observation?patient=Patient/{one.patient}&code={quote(one.code)}&_count=20",
            asking(tokens[one.site]),
        )
        for one in picked
        if one.code and one.patient
    ]  # fmt: skip


def person_searches(target: Target, tokens: dict[str, str], picked: Sequence[Picked]) -> list[bytes]:
    """Return searches for a person by identifier."""
    return [
        request(target, "GET", f"/Patient?identifier={quote(one.identifier)}", asking(tokens[one.site]))
        for one in picked
        if one.identifier
    ]


def asking(token: str) -> dict[str, str]:
    """Return the headers of a request for JSON."""
    return {"accept": _FHIR, **({"authorization": f"Bearer {token}"} if token else {})}


def pick_from_file(path: Path, site: str, wanted: int, seed: int) -> list[Picked]:
    """Return about `wanted` resources from all over a file of NDJSON, without reading it whole."""
    dice, size = random.Random(seed), path.stat().st_size
    places = sorted(dice.randrange(size) for _ in range(wanted))
    picked: dict[str, Picked] = {}
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            file.readline()
            if line := file.readline():
                one = picked_of(site, line)
                picked[one.id] = one
    found = list(picked.values())
    dice.shuffle(found)
    return found


def picked_of(site: str, line: bytes) -> Picked:
    """Return what can be asked about a line."""
    tree = orjson.loads(line)
    subject = (tree.get("subject") or tree.get("patient") or {}).get("reference", "")
    return Picked(
        site, tree["resourceType"], tree["id"], subject.partition("Patient/")[2],
        next(_codes(tree), ""), next(_identifiers(tree), ""), next(_families(tree), ""),
        str(tree.get("birthDate") or tree.get("effectiveDateTime") or "")[:10],
        str(tree.get("valueQuantity", {}).get("value", "")),
    )  # fmt: skip


def _codes(tree: dict[str, object]) -> Iterator[str]:
    code = tree.get("code")
    if tree["resourceType"] == "Observation" and isinstance(code, dict):
        yield from (
            f"{one['system']}|{one['code']}"
            for one in code.get("coding", ())
            if {"system", "code"} <= one.keys()
        )


def _identifiers(tree: dict[str, object]) -> Iterator[str]:
    said = tree.get("identifier")
    if tree["resourceType"] == "Patient" and isinstance(said, list):
        yield from (f"{one['system']}|{one['value']}" for one in said if "system" in one and "value" in one)


def _families(tree: dict[str, object]) -> Iterator[str]:
    said = tree.get("name")
    if tree["resourceType"] == "Patient" and isinstance(said, list):
        yield from (one["family"] for one in said if "family" in one)


def rotated(requests: Sequence[bytes], connections: int, each: int, runs: int) -> list[list[list[bytes]]]:
    """Return `runs` + 1 repetitions (the first to warm up) of `each` requests a connection, taken in turn."""
    rest = (requests[n % len(requests)] for n in count())
    return [[[next(rest) for _ in range(each)] for _ in range(connections)] for _ in range(runs + 1)]
