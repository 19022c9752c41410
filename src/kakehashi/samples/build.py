"""Make the sample region's files, once: `<folder>/region/<institution>/*.ndjson` and a manifest that names them.

Two kinds of file, a line of JSON a record: `records-*.ndjson` and `shared.ndjson` hold FHIR resources (person by
person, the Patient first), `clins-*.ndjson` hold Bundles for 電子カルテ情報共有サービス. No record is in both.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, Literal

import orjson

from kakehashi.samples.charts import Chart, read_charts
from kakehashi.samples.clins.informations import informations
from kakehashi.samples.clins.papers import documents
from kakehashi.samples.cut import Share, cut
from kakehashi.samples.dispense import dispensed
from kakehashi.samples.insure import insured
from kakehashi.samples.people import END, POPULATION, SEED, Say, make_people
from kakehashi.samples.plain import without
from kakehashi.samples.region import SITES
from kakehashi.samples.staffing import shared
from kakehashi.samples.story_charts import story_charts
from kakehashi.samples.trees import Tree

FORMAT = 2  # of the files; a higher number makes them anew
Form = Literal["fhir", "clins"]


@dataclass(frozen=True, slots=True)
class Load:
    """One file to load: whose (slug of the Site), in which form, where (below the folder), and how many lines."""

    site: str
    form: Form
    path: str
    lines: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample region on disk. `loads` are in the order to load: shared resources, then records, then Bundles."""

    folder: Path
    people: int
    loads: tuple[Load, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: a resource, or a Bundle for the sharing service."""

    site: str
    form: Form
    body: bytes


def make_sample(
    folder: Path, *, patients: int = 300, seed: int = SEED, end: date = END, population: int = POPULATION,
    cores: int | None = None, say: Say = lambda line: None,
) -> Sample:  # fmt: skip
    """Return the sample region in `folder`, making what is not yet there. Same arguments, same bytes.

    Raises Unavailable when clinosim is missing. Broken off, it goes on where it stopped.
    """
    wanted = [FORMAT, patients, seed, end.isoformat(), population]
    manifest = folder / "region" / "manifest.json"
    if manifest.exists() and (found := orjson.loads(manifest.read_bytes()))["made"] == wanted:
        return Sample(folder, found["people"], tuple(Load(**load) for load in found["loads"]))
    charts = make_people(
        folder / "people", patients=patients, seed=seed, end=end, population=population, cores=cores, say=say
    )
    say("記録を施設に分けています · dealing the records out over institutions")
    people, counts = _write_parts(folder / "region", [None, *charts], cores or os.cpu_count() or 1)
    loads = tuple(Load(site, form, path, lines) for (_, site, form, path), lines in sorted(counts.items()))
    made = {"made": wanted, "people": people, "loads": [asdict(load) for load in loads]}
    manifest.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    say(f"{people}人分の記録ができました · the records of {people} people are made")
    return Sample(folder, people, loads)


def lines_of(chart: Chart) -> Iterator[Line]:
    """Yield all that institutions send about one person, every record once."""
    yield from _person_lines(insured(chart))
    shares = cut(chart)
    papers = list(documents(shares))
    for share in shares:
        own = [paper for sender, paper in papers if sender is share]
        yield from _share_lines(share, own)
    for share in dispensed(chart, shares):
        yield from _person_lines(share)


def _share_lines(share: Share, papers: list[Tree]) -> Iterator[Line]:
    if share.site.sends != "clins" or not share.known.insured:
        yield from _person_lines(share)
        return
    bundles = list(informations(share))
    sent = {name for _, names in bundles for name in names} | {
        name for paper in papers for name in _prescribed(paper)
    }
    yield from _person_lines(
        Share(share.site, share.key, share.known, share.patient, without(share, frozenset(sent)))
    )
    for bundle in [*(bundle for bundle, _ in bundles), *papers]:
        yield Line(share.site.slug, "clins", _json(bundle))


def _prescribed(paper: Tree) -> Iterator[str]:
    """Yield the ids of prescriptions in a document, also in one attached to it: the service takes them out of it."""
    for entry in paper["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "MedicationRequest":
            yield resource["id"]
        elif resource["resourceType"] == "Bundle":
            yield from _prescribed(resource)


def _person_lines(share: Share) -> Iterator[Line]:
    for resource in (share.patient, *share.records):
        yield Line(share.site.slug, "fhir", _json(resource))


def _json(resource: Tree) -> bytes:
    return orjson.dumps(resource, option=orjson.OPT_APPEND_NEWLINE)


Counts = Counter[tuple[int, str, Form, str]]  # lines by (order of loading, site, form, path)


def _write_parts(folder: Path, parts: list[Path | None], cores: int) -> tuple[int, Counts]:
    counts: Counts = Counter()
    for site in SITES:
        if own := shared(site):
            (folder / site.slug).mkdir(parents=True, exist_ok=True)
            (folder / site.slug / "shared.ndjson").write_bytes(b"".join(_json(one) for one in own))
            counts[0, site.slug, "fhir", f"region/{site.slug}/shared.ndjson"] = len(own)
    people = 0
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        for found, lines in pool.map(_write_part, [folder] * len(parts), range(len(parts)), parts):
            people += found
            counts += lines
    return people, counts


def _write_part(folder: Path, number: int, charts: Path | None) -> tuple[int, Counts]:
    """Write the files of one chart file, or of the told persons where there is none."""
    counts: Counts = Counter()
    people = 0
    with ExitStack() as stack:
        opened: dict[str, BinaryIO] = {}
        for chart in _charts(charts):
            people += 1
            for line in lines_of(chart):
                name = f"{line.site}/{'clins' if line.form == 'clins' else 'records'}-{number}.ndjson"
                if name not in opened:
                    opened[name] = stack.enter_context((folder / name).open("wb"))
                opened[name].write(line.body)
                counts[2 if line.form == "clins" else 1, line.site, line.form, f"region/{name}"] += 1
    return people, counts


def _charts(path: Path | None) -> Iterable[Chart]:
    return read_charts(path) if path else story_charts()
