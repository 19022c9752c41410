"""Figures set side by side: servers beside one another, and sizes, to see whether a request's cost grows."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.drive import Figure

Row = tuple[str, int]  # what was measured, at how many connections
_WIDE = 48


def beside(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a table of rates a second, a column a server, and how many times each other's is the first one's."""
    yield from _side_by_side(
        figures, lambda one: one.rate, "beside one another, a second; ×: as a multiple of the first"
    )
    yield from _side_by_side(
        figures, lambda one: one.p99, "p99 in milliseconds; ×: as a multiple of the first"
    )
    yield from _side_by_side(figures, lambda one: one.answer, "bytes of an answer")


def costs(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a table of processor time a resource or request, server and PostgreSQL together."""
    yield from _side_by_side(
        figures, _sum, "processor µs a resource or request; ×: as a multiple of the first"
    )


def disk(bytes_: Mapping[str, float]) -> Iterator[str]:
    """Yield how many bytes of database a resource takes at each server."""
    if len(bytes_) < 2:
        return
    first = next(iter(bytes_.values()))
    yield "bytes of database a resource; ×: as a multiple of the first"
    yield from (f"  {base:<{_WIDE}}{one:>12,.0f}{_multiple(one, first):>8}" for base, one in bytes_.items())


def _side_by_side(figures: Sequence[Figure], told: Callable[[Figure], float], title: str) -> Iterator[str]:
    bases = list(dict.fromkeys(one.base for one in figures))
    found = {(_row(one), one.base): told(one) for one in figures if told(one)}
    if len(bases) < 2 or not found:
        return
    yield title
    columns = [(base, max(len(base), 10) + 2) for base in bases]
    heads = [f"{base:>{wide}}" + f"{'×':>8}" * bool(at) for at, (base, wide) in enumerate(columns)]
    yield _label("what", "conn.") + "".join(heads)
    for row in dict.fromkeys(row for row, _ in found):
        cells, first = [], found.get((row, bases[0]))
        for at, (base, wide) in enumerate(columns):
            one = found.get((row, base))
            cells.append(f"{'-' if one is None else f'{one:,.0f}':>{wide}}")
            if at:
                cells.append(f"{_multiple(one, first):>8}")
        yield _label(*row) + "".join(cells)


def growth(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield a table of processor time a unit, a column a size, and how many times the first size's the last one's is.

    Only what was metered at more than one size is in it.
    """
    costs: dict[Row, dict[str, Figure]] = {}
    for one in figures:
        if one.server or one.postgresql:
            costs.setdefault(_row(one), {})[str(one.size)] = one
    sizes = list(dict.fromkeys(str(one.size) for one in figures))
    rows = {row: by_size for row, by_size in costs.items() if len(by_size) > 1}
    if not rows:
        return
    yield "does the cost grow? processor µs a resource or request: server + PostgreSQL; ×: the last to the first"
    yield _label("what", "conn.") + "".join(f"{size:>16}" for size in sizes) + f"{'×':>8}"
    for row, by_size in rows.items():
        there = [by_size[size] for size in sizes if size in by_size]
        cells = "".join(f"{_parts(by_size.get(size)):>16}" for size in sizes)
        yield _label(*row) + cells + f"{_multiple(_sum(there[-1]), _sum(there[0])):>8}"


def _row(figure: Figure) -> Row:
    return f"{figure.what} ({figure.unit})", figure.connections


def _label(what: str, connections: object) -> str:
    return f"  {what:<{_WIDE}}{connections or '-':>6}"


def _sum(figure: Figure) -> float:
    return figure.server + figure.postgresql


def _parts(figure: Figure | None) -> str:
    return f"{figure.server:,.0f} + {figure.postgresql:,.0f}" if figure else "-"


def _multiple(one: float | None, first: float | None) -> str:
    return f"{one / first:.2f}" if one is not None and first else "-"
