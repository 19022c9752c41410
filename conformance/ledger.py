"""What stands in docs/conformance.md: for each suite its cases and the exceptions, each with its reason.

An exception names cases by patterns (`*`): a pattern that meets no failing case is an error too, so that no reason
outlives its cause.
"""

import tomllib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "conformance.md"
MOST_TOLD = 200  # cases that a failing test names
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


class Outcome(NamedTuple):
    """What came of a suite: how many cases there were, and how many of them are exceptions."""

    cases: int
    exceptions: int


@cache
def suites() -> dict[str, dict[str, str]]:
    """Return title, package and version of each suite by its name."""
    return tomllib.loads((HERE / "suites.toml").read_text("utf-8"))


@cache
def exceptions() -> dict[str, dict[str, str]]:
    """Return for each suite the reason of each pattern of cases that are exceptions."""
    told = tomllib.loads((HERE / "exceptions.toml").read_text("utf-8"))
    return {
        suite: {case: one["reason"] for one in groups for case in one["cases"]}
        for suite, groups in told.items()
    }


def judged(suite: str, results: Iterable[tuple[str, str]]) -> Outcome:
    """Judge the cases of a suite, each with what is wrong (empty: nothing).

    Raises AssertionError naming what no exception foresees, and exceptions that nothing meets.
    """
    known, met = exceptions().get(suite, {}), set[str]()
    seen, failed, wrong = 0, 0, []
    for case, fault in results:
        seen += 1
        if not fault:
            continue
        failed += 1
        patterns = [one for one in known if fnmatchcase(case, one)]
        met.update(patterns)
        if not patterns:
            wrong.append(f"{case}: {fault}")
    assert not wrong, f"{len(wrong)} of {seen} fail:\n" + "\n".join(wrong[:MOST_TOLD])
    assert met == set(known), f"no exceptions any more: {sorted(set(known) - met)}"
    return Outcome(seen, failed)


def fault_of(check: Callable[[], None]) -> str:
    """Carry a check out; return what is wrong, or nothing."""
    try:
        check()
    except Exception as fault:
        return f"{type(fault).__name__}: {str(fault)[:300]}"
    return ""


def table(outcomes: dict[str, Outcome]) -> str:
    """Return the page's table of results with the list of exceptions."""
    lines = ["| suite | package | cases | pass | exceptions |", "| --- | --- | ---: | ---: | ---: |"]
    for name, said in suites().items():
        cases, failed = outcomes[name]
        lines.append(
            f"| {said['title']} | {said['package']} | {cases:,} | {cases - failed:,} | {failed or '–'} |"
        )
    lines += ["", "### Exceptions", ""]
    told = tomllib.loads((HERE / "exceptions.toml").read_text("utf-8"))
    for suite, groups in told.items():
        lines.append(f"**{suites()[suite]['title']}**")
        lines += [
            "",
            *(f"* {one['reason']} ({', '.join(f'`{c}`' for c in one['cases'])})" for one in groups),
            "",
        ]
    return "\n".join(lines).rstrip()


def on_page() -> str:
    """Return the table as it stands on the page."""
    return PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip()


def write(text: str) -> None:
    """Put a new table on the page."""
    page = PAGE.read_text("utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")
