"""What was measured, as a table on the screen and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.compare import beside, costs, disk, growth
from bench.drive import Figure
from bench.links import Links
from bench.sizes import Size
from bench.verdicts import Verdicts

_HEAD = ("size", "what", "conn.", "a second", "p50 ms", "p99 ms", "server µs", "PostgreSQL µs", "client µs")


@dataclass(slots=True)
class Report:
    """Everything that one run of the bench found out, by size of the store. `bytes_`: bytes a resource.

    disk: bytes a resource of a server's whole database, by base.
    """

    machine: Mapping[str, str]
    figures: list[Figure] = field(default_factory=list)
    bytes_: dict[Size, Mapping[str, float]] = field(default_factory=dict)
    verdicts: dict[Size, Verdicts] = field(default_factory=dict)
    links: dict[Size, Links] = field(default_factory=dict)
    disk: dict[str, float] = field(default_factory=dict)

    def add(self, figure: Figure) -> None:
        """Keep a figure and show it at once."""
        self.figures.append(figure)
        print(_line(_cells(figure)), flush=True)

    def add_bytes(self, size: Size, found: Mapping[str, float]) -> None:
        """Keep the bytes a resource takes and show them."""
        self.bytes_[size] = found
        over = found["rows"] + found["indexes"] - found["original zstd -3"]
        said = ", ".join(f"{name} {value:.0f}" for name, value in found.items())
        print(
            f"{size!s:>13}  bytes a resource: {said}; rows and indexes are {over:+.0f} over the original",
            flush=True,
        )

    def add_disk(self, base: str, grown: int, resources: int) -> None:
        """Keep by how many bytes a server's database has grown, and show it."""
        self.disk[base] = grown / resources
        print(
            f"{'-':>13}  database, bytes a resource (everything that the server keeps): {grown / resources:,.0f}"
        )

    def add_verdicts(self, size: Size, verdicts: Verdicts, links: Links | None) -> None:
        """Keep what came of the lines that were loaded, and who became whom where that is known; show both."""
        self.verdicts[size] = verdicts
        if links:
            self.links[size] = links
        for line in (*verdicts.lines(), *(links.lines() if links else ())):
            print(f"{size!s:>13}{line}", flush=True)

    @property
    def sound(self) -> bool:
        """Whether everything that was loaded was taken, and no two humans became one."""
        return all(one.whole for one in self.verdicts.values()) and not any(
            one.mixed or one.lost for one in self.links.values()
        )

    def conclude(self) -> None:
        """Show the figures side by side: sizes, then servers."""
        for table in (growth(self.figures), beside(self.figures), costs(self.figures), disk(self.disk)):
            if lines := list(table):
                print("", *lines, sep="\n")

    def save(self, path: Path) -> None:
        """Write all of it as JSON."""
        whole = {
            "machine": dict(self.machine),
            "figures": [one.row() for one in self.figures],
            "bytes": {size.name: dict(found) for size, found in self.bytes_.items()},
            "verdicts": {size.name: found.row() for size, found in self.verdicts.items()},
            "disk": self.disk,
            "links": {size.name: found.row() for size, found in self.links.items()},
        }
        path.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))


def head(machine: Mapping[str, str]) -> None:
    """Show the machine and the head of the table."""
    for name, said in machine.items():
        print(f"{name:<10} {said}")
    print("\nµs: processor microseconds for each resource (transactions, load) or request")
    print(_line(_HEAD), flush=True)


def _cells(one: Figure) -> Sequence[str]:
    return (
        str(one.size), f"{one.what} ({one.unit})", str(one.connections), f"{one.rate:,.0f}", _ms(one.p50),
        _ms(one.p99), f"{one.server:,.0f}", f"{one.postgresql:,.0f}", f"{one.client:,.0f}",
    )  # fmt: skip


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.2f}" if milliseconds else "-"


def _line(cells: Iterable[str]) -> str:
    size, what, *numbers = cells
    return f"{size:>13}  {what:<48}" + "".join(f"{one:>14}" for one in numbers)
