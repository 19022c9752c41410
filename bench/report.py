"""What was measured, as a table on the screen and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from bench.drive import Figure

_HEAD = ("size", "what", "conn.", "a second", "p50 ms", "p99 ms", "server µs", "PostgreSQL µs", "client µs")


@dataclass(slots=True)
class Report:
    """Everything that one run of the bench found out. `bytes_`: bytes a resource, by size of the store."""

    machine: Mapping[str, str]
    figures: list[Figure] = field(default_factory=list)
    bytes_: dict[int, Mapping[str, float]] = field(default_factory=dict)

    def add(self, figure: Figure) -> None:
        """Keep a figure and show it at once."""
        self.figures.append(figure)
        print(_line(_cells(figure)), flush=True)

    def add_bytes(self, size: int, found: Mapping[str, float]) -> None:
        """Keep the bytes a resource takes and show them."""
        self.bytes_[size] = found
        over = found["rows"] + found["indexes"] - found["original zstd -3"]
        said = ", ".join(f"{name} {value:.0f}" for name, value in found.items())
        print(
            f"{size:>9,}  bytes a resource: {said}; rows and indexes are {over:+.0f} over the original",
            flush=True,
        )

    def save(self, path: Path) -> None:
        """Write all of it as JSON."""
        whole = {
            "machine": dict(self.machine),
            "figures": [one.row() for one in self.figures],
            "bytes": {str(size): dict(found) for size, found in self.bytes_.items()},
        }
        path.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))

    def compare(self) -> None:
        """Show each further server's rates as multiples of the first one's."""
        bases = list(dict.fromkeys(one.base for one in self.figures))
        if len(bases) < 2:
            return
        rates = {(one.base, one.what, one.connections): one.rate for one in self.figures}
        print("\nbeside one another (a second, and as a multiple of the first):")
        for what, connections in dict.fromkeys((one.what, one.connections) for one in self.figures):
            first = rates.get((bases[0], what, connections))
            said = [_beside(base, rates.get((base, what, connections)), first) for base in bases]
            print(f"  {what}, {connections} connections: " + " · ".join(said))


def head(machine: Mapping[str, str]) -> None:
    """Show the machine and the head of the table."""
    for name, said in machine.items():
        print(f"{name:<10} {said}")
    print("\nµs: processor microseconds for each resource (transactions, load) or request")
    print(_line(_HEAD), flush=True)


def _beside(base: str, rate: float | None, first: float | None) -> str:
    if rate is None:
        return f"{base}: not measured"
    return f"{base}: {rate:,.0f}" + (f" (×{rate / first:.2f})" if first else "")


def _cells(one: Figure) -> Sequence[str]:
    size = f"{one.size:,}" if one.size else "-"
    return (
        size, f"{one.what} ({one.unit})", str(one.connections), f"{one.rate:,.0f}", _ms(one.p50), _ms(one.p99),
        f"{one.server:,.0f}", f"{one.postgresql:,.0f}", f"{one.client:,.0f}",
    )  # fmt: skip


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.2f}" if milliseconds else "-"


def _line(cells: Iterable[str]) -> str:
    size, what, *numbers = cells
    return f"{size:>9}  {what:<44}" + "".join(f"{one:>14}" for one in numbers)
