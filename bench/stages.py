"""What is measured, in its order: load, bytes, transactions, reads, searches, the viewer's page."""

from collections.abc import Sequence
from pathlib import Path

import zstandard

from bench.data import WHOSE
from bench.drive import Figure, Ways, measure
from bench.embedded import VISITOR, Loaded, Place, Visit
from bench.links import links, truth_of
from bench.report import Report
from bench.sizes import Size
from bench.verdicts import Verdicts
from bench.wire import Target, request
from bench.work import (
    A_TRANSACTION,
    SENDERS,
    Fresh,
    Picked,
    code_searches,
    person_searches,
    pick_from_file,
    reads,
    rotated,
    transactions,
)
from kakehashi.samples.region import SITES

CONNECTIONS = (1, 2, 8)
READERS = 8
TRANSACTIONS = 24  # a repetition, over all connections
READS, SEARCHES, PAGES = 1_000, 400, 40  # a connection and repetition
PICKED = 8_000
PEOPLE = 24  # whose viewer pages are opened
_EVERY = 17  # of the original lines, every so many is compressed to know their size


async def embedded(place: Place, found: Report, size: Size, files: Path, fresh: Fresh, *, runs: int) -> None:
    """Measure one size of the embedded set-up."""
    await place.prepare()
    verdicts = Verdicts()
    _load(place, found, size, files, verdicts)
    stored = await place.bytes_a_resource()
    found.add_bytes(size, {"original zstd -3": original_bytes(files), **stored})
    _load_bundles(place, found, size, files, verdicts)
    whose = files / WHOSE
    linked = links(truth_of(whose), await place.linked()) if whose.exists() else None
    found.add_verdicts(size, verdicts, linked)
    await place.settle()
    tokens = await place.tokens(SENDERS)
    async with place.serving() as meter:
        ways = Ways("embedded", Target.of(place.base), meter, size)
        await _transact(ways, found, tokens, fresh, runs)
        picked = [
            one for slug in SENDERS for one in pick_from_file(_records(files, slug), slug, PICKED, size.count)
        ]
        await _look(ways, found, tokens, picked, runs)
        patients = pick_from_file(_records(files, VISITOR), VISITOR, PEOPLE, size.count)
        await _pages(ways, found, await place.visit([one.patient or one.id for one in patients]), runs)


def original_bytes(files: Path) -> float:
    """Return the mean size of the records' lines, each compressed for itself by zstd -3."""
    pack, sizes = zstandard.ZstdCompressor(level=3), []
    for path in sorted(files.glob("*/records.ndjson")):
        with path.open("rb") as file:
            sizes += [len(pack.compress(line)) for number, line in enumerate(file) if number % _EVERY == 0]
    return sum(sizes) / len(sizes)


def _load(place: Place, found: Report, size: Size, files: Path, verdicts: Verdicts) -> None:
    """Load all plain records; the rate of the command as a whole, and of the largest file once it is under way."""
    loads = {
        site.slug: _taken(place, verdicts, site.slug, files / site.slug / "shared.ndjson", records)
        for site in SITES
        if site.code and (records := _records(files, site.slug)).exists()
    }
    found.add(_loading([*loads.values()], "kakehashi load, all files", size))
    slug, largest = max(loads.items(), key=lambda one: one[1].stored)
    if largest.steady:
        steady = _loading([largest], f"kakehashi load, under way ({slug})", size)
        found.add(Figure(steady.base, size, steady.what, steady.unit, 0, largest.steady))


def _load_bundles(place: Place, found: Report, size: Size, files: Path, verdicts: Verdicts) -> None:
    paths = sorted(files.glob("*/clins.ndjson"))
    loads = [_taken(place, verdicts, path.parent.name, path) for path in paths]
    if loads:
        found.add(_loading(loads, "kakehashi load, sharing Bundles", size))


def _taken(place: Place, verdicts: Verdicts, site: str, *files: Path) -> Loaded:
    loaded = place.load(site, *files)
    for path in files:
        verdicts.add(path, loaded.refusals.get(path))
    return loaded


def _loading(loads: Sequence[Loaded], what: str, size: Size) -> Figure:
    stored = sum(one.stored for one in loads)
    server, postgresql = (
        sum(getattr(one, who) for one in loads) / stored * 1e6 for who in ("server", "postgresql")
    )
    rate = stored / sum(one.seconds for one in loads)
    return Figure("embedded", size, what, "resources", 0, rate, server=server, postgresql=postgresql)


async def _transact(ways: Ways, found: Report, tokens: dict[str, str], fresh: Fresh, runs: int) -> None:
    """Measure transactions about people whom the server has not seen."""
    for connections in CONNECTIONS:
        each = TRANSACTIONS // connections * A_TRANSACTION
        repetitions = []
        for _ in range(runs + 1):
            streams = []
            for number in range(connections):
                site = SENDERS[number % len(SENDERS)]
                streams.append(transactions(ways.target, tokens[site], fresh.lines(site, each)))
            repetitions.append(streams)
        what = f"transactions of {A_TRANSACTION}"
        found.add(await measure(ways, what, "resources", repetitions, units_a_request=A_TRANSACTION))


async def _look(
    ways: Ways, found: Report, tokens: dict[str, str], picked: Sequence[Picked], runs: int
) -> None:
    for what, requests, each in (
        ("read by id", reads(ways.target, tokens, picked), READS),
        ("search, a person's values of a code", code_searches(ways.target, tokens, picked), SEARCHES),
        ("search, a person by identifier", person_searches(ways.target, tokens, picked), SEARCHES),
    ):
        found.add(await measure(ways, what, "requests", rotated(requests, READERS, each, runs)))


async def _pages(ways: Ways, found: Report, visit: Visit, runs: int) -> None:
    root = Target(ways.target.host, ways.target.port, ways.target.secure, "")
    requests = [request(root, "GET", path, {"cookie": f"kakehashi={visit.cookie}"}) for path in visit.paths]
    for connections in (1, READERS):
        found.add(
            await measure(
                ways, "a person's viewer page", "pages", rotated(requests, connections, PAGES, runs)
            )
        )


def _records(files: Path, slug: str) -> Path:
    return files / slug / "records.ndjson"
