"""One run of clinosim in a process of its own, `python -m kakehashi.samples.simulate`: writes one file of charts.

clinosim (MIT; the optional dependency `demo`) simulates a population and its hospital. Two of its steps are left
out: the narrative pass (a sixth of the time, for texts that clins/ writes itself) and, after it, the command
line's gate on the JP-CLINS terminology package. That package is not free to pass on, so the gate would stop every
newcomer; its `--allow-legacy` says "go on with fallback codes", calling the API does the same, and repair.py
takes the fallback codes out again.
"""

import argparse
import logging
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import orjson

from kakehashi.samples.charts import Chart, write_charts
from kakehashi.samples.repair import KEPT, repaired
from kakehashi.samples.trees import Tree

BUILDERS_SKIPPED = frozenset(
    """_bb_practitioners _bb_care_teams _bb_service_requests _bb_endpoints _bb_compositions _bb_coverage
    _bb_document_references _bb_document_references_checkup _bb_imaging_report_compositions
    _bb_clinical_impressions _bb_device _bb_device_use""".split()
)
SUBJECTS = ("subject", "patient", "beneficiary")


def run(seed: int, population: int, end: date, out: Path) -> Counter[str]:
    """Simulate a year that ends on `end`; write the charts of everyone with records to `out`.

    Returns what was repaired or dropped, and "people". The same arguments lead to the same bytes.
    """
    _skip_what_is_left_out()
    tally: Counter[str] = Counter()
    with exported(seed, population, end) as folder:
        tally["people"] = write_charts(out, _charts(folder, seed, tally))
    return tally


@contextmanager
def exported(seed: int, population: int, end: date) -> Iterator[Path]:
    """Simulate a year that ends on `end`; yield the folder of clinosim's export, a file a resource type, untouched.

    The folder goes in the end.
    """
    from clinosim.api import SimulatorConfig, convert_cif_to_fhir, run_beta
    from clinosim.modules.output.cif_writer import write_cif

    quieter = logging.root.manager.disable
    logging.disable(logging.WARNING)  # thousands of "no narrative" lines
    config = SimulatorConfig(
        catchment_population=population,
        time_range=((end - timedelta(days=365)).isoformat(), end.isoformat()),
        random_seed=seed,
        country="JP",
        snapshot_date=end.isoformat(),
        jp_insurance_numbers=False,  # region.py has its own, invented insurers
    )
    folder = Path(tempfile.mkdtemp(prefix="clinosim-"))
    try:
        write_cif(run_beta(config), str(folder / "cif"))
        convert_cif_to_fhir(str(folder / "cif"), str(folder / "fhir"), "JP")
        yield folder / "fhir"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        logging.disable(quieter)


def _skip_what_is_left_out() -> None:
    """Keep clinosim from building what repair.py would leave out, half of its export's time.

    The list of builders is not part of its public API; where it is not found, all is built, more slowly.
    """
    from clinosim.modules.output import fhir_r4

    builders = getattr(fhir_r4, "_BUNDLE_BUILDERS", [])
    builders[:] = [builder for builder in builders if builder.__name__ not in BUILDERS_SKIPPED]


def _charts(folder: Path, seed: int, tally: Counter[str]) -> Iterator[Chart]:
    by_patient: dict[str, list[Tree]] = {}
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.open("rb") if path.stem in KEPT else ():
            resource = orjson.loads(line)
            by_patient.setdefault(_patient_of(resource), []).append(resource)
    for patient in sorted(by_patient):
        resources = list(repaired(by_patient.pop(patient), tally))
        if patient and any(one["resourceType"] == "Encounter" for one in resources):
            yield Chart(f"{seed}-{patient.removeprefix('pt-')}", resources)


def _patient_of(resource: Tree) -> str:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    for member in SUBJECTS:
        if member in resource:
            return str(resource[member].get("reference", "")).removeprefix("Patient/")
    return ""


def main() -> None:
    """Read the command line, run, and write the tally to standard output as JSON."""
    parser = argparse.ArgumentParser(prog="python -m kakehashi.samples.simulate")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--population", type=int, required=True)
    parser.add_argument("--end", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    tally = run(given.seed, given.population, given.end, given.out)
    sys.stdout.write("\n" + orjson.dumps(dict(tally)).decode() + "\n")


if __name__ == "__main__":
    main()
