"""The comparison of servers: the same people go in, the same is asked, over HTTP alone."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from bench import kinds
from bench.base import disk_bytes
from bench.drive import Ways, measure
from bench.export import export
from bench.report import Report
from bench.work import (
    A_TRANSACTION,
    SENDERS,
    Fresh,
    Picked,
    picked_of,
    reads,
    rotated,
    transactions,
)
from kakehashi.samples.region import SITES

CONNECTIONS = (1, 8, 64)
FILLERS = 8  # connections that fill the store
PICKED = 8_000  # resources that are asked for
RECORDS = "records.ndjson"
_PATIENT = b'{"resourceType":"Patient"'
# requests a repetition, over all connections
_WRITES, _READS, _SEARCHES = 64, 1_920, 256


async def compared(
    ways: Ways, found: Report, tokens: dict[str, str], files: Path, fresh: Fresh, *, runs: int, database: str
) -> None:
    """Measure a server that begins empty: fill it, write, read, search, export.

    tokens: by institution; database: its PostgreSQL's URL where its bytes are to be told, else "".
    """
    before = await disk_bytes(database) if database else 0
    picked = await _fill(ways, found, tokens, files)
    if database:
        found.add_disk(ways.base, await disk_bytes(database) - before, sum(1 for _ in all_lines(files)))
    for each in (A_TRANSACTION, 1):
        for connections in CONNECTIONS:
            await _transact(ways, found, tokens, fresh, each, connections, runs)
    await _look(ways, found, tokens, picked, runs)
    found.add(await export(ways, tokens[_largest(files)], "Observation"))


def senders(files: Path) -> list[str]:
    """Return the institutions that treat patients and have records in these files."""
    return [site.slug for site in SITES if site.gives_care and (files / site.slug / RECORDS).exists()]


def all_lines(files: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every record with the institution that sends it."""
    for slug in senders(files):
        with (files / slug / RECORDS).open("rb") as file:
            yield from ((slug, line) for line in file)


def dealt(lines: Iterator[tuple[str, bytes]], hands: int) -> list[dict[str, list[bytes]]]:
    """Deal the lines out, all of a Patient's to one hand, the next Patient to the hand with the least."""
    dealt_out: list[dict[str, list[bytes]]] = [{} for _ in range(hands)]
    held = [0] * hands
    hand = 0
    for site, line in lines:
        if line.startswith(_PATIENT):
            hand = held.index(min(held))
        dealt_out[hand].setdefault(site, []).append(line)
        held[hand] += 1
    return dealt_out


async def _fill(ways: Ways, found: Report, tokens: dict[str, str], files: Path) -> list[Picked]:
    """Put everything in, once; return some of what was put."""
    streams, count = [], 0
    for hand in dealt(all_lines(files), FILLERS):
        streams.append(
            [one for site, lines in hand.items() for one in transactions(ways.target, tokens[site], lines)]
        )
        count += sum(map(len, hand.values()))
    requests = sum(map(len, streams))
    filled = await measure(
        ways, f"import by transactions of {A_TRANSACTION}", "resources", [streams], warm=0,
        units_a_request=count / requests,
    )  # fmt: skip
    found.add(filled)
    every = max(1, count // PICKED)
    picked = [picked_of(site, line) for site, line in islice(all_lines(files), 0, None, every)]
    random.Random(count).shuffle(picked)
    return picked


async def _transact(
    ways: Ways, found: Report, tokens: dict[str, str], fresh: Fresh, each: int, connections: int, runs: int
) -> None:
    """Measure transactions about people whom the server has not seen."""
    of_one = max(1, (_WRITES if each > 1 else 4 * _WRITES) // connections)
    repetitions = []
    for _ in range(runs + 1):
        streams = []
        for number in range(connections):
            site = SENDERS[number % len(SENDERS)]
            streams.append(transactions(ways.target, tokens[site], fresh.lines(site, of_one * each), each))
        repetitions.append(streams)
    found.add(await measure(ways, f"transactions of {each}", "resources", repetitions, units_a_request=each))


async def _look(
    ways: Ways, found: Report, tokens: dict[str, str], picked: Sequence[Picked], runs: int
) -> None:
    asked = [
        ("read by id", reads(ways.target, tokens, picked), _READS),
        *(
            (f"search: {name}", ready, _SEARCHES)
            for name, ready in kinds.searches(ways.target, tokens, picked)
        ),
        ("$everything, first 100", kinds.everything(ways.target, tokens, picked), _SEARCHES // 2),
        ("history of a resource", kinds.history(ways.target, tokens, picked), _SEARCHES),
        ("history of a type, newest 20", kinds.changes(ways.target, tokens, picked), _SEARCHES // 2),
    ]
    for what, requests, amount in asked:
        for connections in CONNECTIONS:
            repetitions = rotated(requests, connections, max(1, amount // connections), runs)
            found.add(await measure(ways, what, "requests", repetitions))


def _largest(files: Path) -> str:
    return max(senders(files), key=lambda slug: (files / slug / RECORDS).stat().st_size)
