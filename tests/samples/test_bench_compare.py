"""Figures side by side: a server's rate as a multiple of another's, a size's cost as a multiple of the smallest's."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
from bench.compare import beside, growth
from bench.drive import Figure
from bench.sizes import UNSIZED, Size

SMALL, LARGE, CROWD = Size(50_000), Size(500_000), Size(3_000, "people")


def rate(base: str, what: str, a_second: float) -> Figure:
    return Figure(base, UNSIZED, what, "requests", 8, a_second)


def cost(size: Size, what: str, server: float, postgresql: float) -> Figure:
    return Figure("embedded", size, what, "requests", 8, 1.0, server=server, postgresql=postgresql)


def cells(lines: list[str], what: str) -> list[str]:
    [line] = [line for line in lines if line.strip().startswith(what)]
    return line.rpartition(")")[2].split()


def test_each_further_server_has_its_rate_and_its_multiple_of_the_first():
    figures = [
        rate("embedded", "read", 3_000), rate("embedded", "search", 900),
        rate("http://there/fhir", "read", 1_500), rate("http://there/fhir", "search", 1_800),
        rate("http://far/fhir", "read", 6_000),
    ]  # fmt: skip
    lines = list(beside(figures))
    assert cells(lines, "read") == ["8", "3,000", "1,500", "0.50", "6,000", "2.00"]
    assert cells(lines, "search") == ["8", "900", "1,800", "2.00", "-", "-"]
    assert len({len(line) for line in lines[1:]}) == 1  # one table


def test_one_server_stands_beside_nobody():
    assert list(beside([rate("embedded", "read", 3_000)])) == []


def test_the_cost_of_the_last_size_is_told_as_a_multiple_of_the_first():
    figures = [cost(SMALL, "read", 300, 100), cost(LARGE, "read", 300, 300), cost(CROWD, "read", 250, 150)]
    lines = list(growth(figures))
    assert [word for word in lines[1].split() if word[0].isdigit()] == ["50,000", "500,000", "3,000"]
    assert cells(lines, "read") == ["8", "300", "+", "100", "300", "+", "300", "250", "+", "150", "1.00"]
    assert len({len(line) for line in lines[1:]}) == 1


def test_what_was_not_metered_or_at_one_size_only_says_nothing_about_growth():
    figures = [
        cost(SMALL, "read", 300, 100), cost(LARGE, "read", 300, 300),
        cost(SMALL, "load", 0, 0), cost(LARGE, "load", 0, 0), cost(SMALL, "page", 9, 9),
    ]  # fmt: skip
    told = "\n".join(growth(figures))
    assert "read" in told and "load" not in told and "page" not in told
    assert list(growth([cost(SMALL, "read", 300, 100)])) == []
