"""The capacity plan, reckoned from scale/inputs.toml: what 125 million people ask of disks, cores and memory.

    python -m scale.plan        prints the tables that stand in docs/scale.md

Pure arithmetic; every line says how it was reckoned. A test holds the document to what this prints.
"""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

_INPUTS = Path(__file__).with_name("inputs.toml")
_SECONDS = 2 * 3600  # from 9 to 11
TERA, GIGA, MEGA = 1e12, 1e9, 1e6


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan."""

    what: str
    value: float
    unit: str
    how: str


class Inputs:
    """The figures of inputs.toml by name. KeyError names a missing one."""

    def __init__(self, path: Path = _INPUTS) -> None:
        self.table: dict[str, dict[str, dict[str, object]]] = tomllib.loads(path.read_text("utf-8"))
        self._values = {
            name: float(str(one["value"])) for part in self.table.values() for name, one in part.items()
        }

    def __getitem__(self, name: str) -> float:
        return self._values[name]


def plan(of: Inputs) -> dict[str, list[Line]]:
    """Return the plan, part by part."""
    kept, rows = _rows(of)
    peak, cores = _peak(of, rows)
    return {"What is kept": kept, "The Monday morning": peak, "Machines and cost": _machines(of, rows, cores)}


def _rows(of: Inputs) -> tuple[list[Line], float]:
    visits, medicines = of["people"] * of["visits"], of["dispensings"] * of["of_dispensing"]
    kinds = [
        Line("visits' records", visits * of["of_visit"], "rows/year", "visits × of_visit"),
        Line("laboratory results", visits * of["labs"] * of["of_lab"], "rows/year", "visits × labs × of_lab"),
        Line("medicines handed out", medicines, "rows/year", "dispensings × of_dispensing"),
        Line("check-ups", of["checkups"] * of["of_checkup"], "rows/year", "checkups × of_checkup"),
    ]  # fmt: skip
    rows = sum(one.value for one in kinds)
    looks = visits * (of["pages"] + of["reads"])
    stored = rows * (1 + of["versions"]) * of["years"]
    sizes = [
        Line("all kinds", rows, "rows/year", "the sum"),
        Line("rows kept, former versions too", stored, "rows", "all kinds × (1 + versions) × years"),
        Line("records and their indexes", stored * of["resource"] / TERA, "TB", "rows kept × resource"),
        Line("feed", stored * of["feed"] / TERA, "TB", "rows kept × feed"),
        Line("log", _log(of, stored, looks) / TERA, "TB", "rows kept × written + looks × look × years"),
        Line("who the people are", of["people"] * of["person"] / TERA, "TB", "people × person; on every node"),
        Line("WAL", _wal(of, rows), "TB/day", "all kinds × (1 + versions) × wal ÷ 365"),
    ]  # fmt: skip
    return kinds + sizes, rows


def _log(of: Inputs, stored: float, looks: float) -> float:
    return stored * of["written"] + looks * of["look"] * of["years"]


def _wal(of: Inputs, rows: float) -> float:
    """TB a day."""
    return rows * (1 + of["versions"]) * of["wal"] / TERA / 365


def _peak(of: Inputs, rows: float) -> tuple[list[Line], float]:
    """The worst minute of a Monday morning, and the cores that it needs."""
    share = of["monday"] * of["morning"] / of["open_days"] / _SECONDS * of["burst"]
    visits = of["people"] * of["visits"] * share
    writes, pages, reads = rows * share, visits * of["pages"], visits * of["reads"]
    asked = reads * of["shards"]
    work = [writes * of["write"], pages * of["page"], reads * of["read"], asked * of["fan_out"]]
    cores = sum(work) / 1000 / of["busy"]
    known = (sum(work[:3]) + reads * of["fan_out"]) / 1000 / of["busy"]
    entries = writes + writes / 20 + pages + reads
    lines = [
        Line("visits", visits, "/s", "people × visits ÷ open_days × monday × morning ÷ 2 h × burst"),
        Line("writes", writes, "resources/s", "all kinds at the same share"),
        Line("viewer's pages", pages, "/s", "visits × pages"),
        Line("reads by id and searches", reads, "/s", "visits × reads"),
        Line("entries of feed and log", entries, "/s", "writes, their log in twenties, pages, reads"),
        Line("tasks on shards, every look of all", asked, "/s", "reads × shards: the person of an id is not known"),
        Line("tasks on shards, each look of one", reads, "/s", "the same with the person known (change 5)"),
        Line("WAL", writes * of["wal"] / MEGA, "MB/s", "writes × wal"),
        Line("cores", cores, "cores", "(writes × write + pages × page + reads × read + tasks × fan_out) ÷ busy"),
        Line("cores, each look of one shard", known, "cores", "the same with the person known (change 5)"),
    ]  # fmt: skip
    return lines, known


def _machines(of: Inputs, rows: float, cores: float) -> list[Line]:
    stored = rows * (1 + of["versions"]) * of["years"]
    data = stored * of["resource"] / TERA
    persons = of["people"] * of["person"] / TERA
    by_disk = math.ceil(data / (of["disk"] * of["full"] - persons))
    workers = max(by_disk, math.ceil(cores / of["cores"]))
    looks = of["people"] * of["visits"] * (of["pages"] + of["reads"])
    ordered = (stored * of["feed"] + _log(of, stored, looks)) / TERA
    warm = rows / 365 * of["warm"] * of["resource"] / GIGA / workers
    archive = 2 * (data + ordered) + _wal(of, rows) * of["kept"]
    used = (workers * of["copies"] + 2) * of["cores"]
    disks = of["copies"] * (workers * of["disk"] + ordered / of["full"])
    yen = used * of["core"] + disks * of["terabyte"] + archive * of["archive"] + of["people_at_work"]
    return [
        Line("workers for the disks", by_disk, "nodes", "records ÷ (disk × full − who the people are)"),
        Line("workers", workers, "nodes", "the larger of that and cores ÷ cores a worker"),
        Line("with their standbys", workers * of["copies"], "nodes", "workers × copies"),
        Line("records a worker", data / workers, "TB", "records ÷ workers"),
        Line("rows of the last days a worker", warm, "GB", "rows of `warm` days; beside memory"),
        Line("feed and log, on the coordinator", ordered, "TB", "of all years; see change 7"),
        Line("archive", archive, "TB", "two full copies and kept × WAL a day"),
        Line("cost", yen / 1e8, "億円/year", "cores, disks, archive, people at work"),
        Line("cost a person", yen / of["people"], "yen/year", "÷ people"),
    ]  # fmt: skip


def printed(of: Inputs) -> str:
    """Return inputs and plan as Markdown."""
    parts = ["| input | value | where it is from |", "| --- | --- | --- |"]
    for part in of.table.values():
        parts += [
            f"| `{name}` | {_number(of[name])} {one['unit']} | {one['source']} |"
            for name, one in part.items()
        ]
    for title, lines in plan(of).items():
        parts += ["", f"**{title}**", "", "| | | how |", "| --- | --- | --- |"]
        parts += [f"| {one.what} | {_number(one.value)} {one.unit} | {one.how} |" for one in lines]
    return "\n".join(parts)


def _number(value: float) -> str:
    """Return three figures that count, with the unit in words from a million on.

    >>> _number(13_888_000_000), _number(12.34), _number(0.05)
    ('13.9 billion', '12.3', '0.05')
    """
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if value >= size:
            return f"{value / size:.3g}{word}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    print(printed(Inputs()))
