"""clinosim's export as clinosim wrote it: what of it is taken as it stands, and which rules refuse the rest.

    python -m bench.as_written --population 300

The records of the other sizes were mended (kakehashi.samples.repair) and dealt out over institutions; here one hospital
sends everything untouched, Patients before what is about them. What is refused is known by kind and rule; ends with 1
when anything else is. Nothing is timed.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from bench.embedded import Place
from bench.folders import passing
from bench.verdicts import Key, Verdicts
from kakehashi.samples.people import END, POPULATION, SEED
from kakehashi.samples.simulate import exported

SENDER = "chuo"
FIRST = ("Organization", "Location", "Practitioner", "PractitionerRole", "Device", "Patient")
KNOWN: dict[Key, str] = {
    (
        "MedicationAdministration",
        "fhir.unknown-element",
    ): "a request's dosage (timing, doseAndRate), which an administration has not",
    ("MedicationAdministration", "mad-1"): "so its dosage has neither dose nor rate",
    ("DiagnosticReport", "fhir.reference-target"): "its media is an ImagingStudy, where R4 wants a Media",
    ("DiagnosticReport", "fhir.empty"): 'a code of empty texts: "code": "", "display": "", "text": ""',
    ("Observation", "fhir.empty"): "a tumour marker's LOINC coding with an empty code",
}


def write(folder: Path, population: int, *, seed: int = SEED, end: date = END) -> Path:
    """Return a file of all that clinosim writes of a population, one resource a line; made once."""
    path = folder / f"as-written-{population}" / "records.ndjson"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with exported(seed, population, end) as export, part.open("wb") as out:
            for one in _ordered(export.glob("*.ndjson")):
                out.write(one.read_bytes())
        part.replace(path)
    return path


def _ordered(paths: Iterable[Path]) -> list[Path]:
    """What nobody is the subject of, the Patients, then what is about them."""
    return sorted(paths, key=lambda one: (one.stem not in FIRST, one.stem))


def lines(verdicts: Verdicts) -> Iterator[str]:
    """Yield the report, with what is known of each refusal."""
    yield from verdicts.lines()
    for key in verdicts.broken:
        kind, rule = key
        yield f"  {'known' if key in KNOWN else 'NOT KNOWN'}: {kind}, {rule}: {KNOWN.get(key, '')}"


def strange(verdicts: Verdicts) -> set[Key]:
    """Return by what was refused that nobody knew of."""
    return set(verdicts.broken) - set(KNOWN)


def taken(folder: Path, path: Path) -> Verdicts:
    """Load the file into an installation of its own below `folder`; return what came of it."""
    with Place.opened(folder / "home") as place:
        asyncio.run(place.prepare())
        verdicts = Verdicts()
        verdicts.add(path, place.load(SENDER, path).refusals.get(path))
        return verdicts


def main() -> None:
    """Read the command line, make, load, show."""
    parser = argparse.ArgumentParser(prog="python -m bench.as_written")
    parser.add_argument("--population", type=int, default=POPULATION)
    parser.add_argument("--data", type=Path, default=Path(".cache/bench"))
    given = parser.parse_args()
    path = write(given.data, given.population)
    with passing() as folder:
        found = taken(folder, path)
    print(*lines(found), sep=os.linesep)
    sys.exit(1 if strange(found) else 0)


if __name__ == "__main__":
    main()
