"""What the suites share: a server, and the ledger of their results.

A test marked `suite(name)` is one case of that suite; one that is many tells so by `tally(suite, outcome)`. When all
suites of suites.toml have run, their table must be the one in docs/conformance.md (`--write-results` writes it there).
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

import ledger
from ledger import Outcome
from standing import Standing, standing

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30  # bytes
Tally = Callable[[str, int | Outcome], None]
_OUTCOMES: dict[str, Outcome] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-results", action="store_true", help="write the table of docs/conformance.md anew"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "suite(name): a case of a suite of suites.toml")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if mark := item.get_closest_marker("suite"):
        assert mark.args[0] in ledger.suites(), f"suites.toml does not know {mark.args[0]}"
        item.user_properties.append(("tally", [mark.args[0], 1, 0]))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """An empty folder, in memory where there is room."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    with tempfile.TemporaryDirectory(prefix="kakehashi-conf-", dir=_MEMORY if roomy else None) as folder:
        Path(folder).chmod(0o711)  # as root, the database runs as another user
        yield Path(folder)


@pytest.fixture(scope="session")
async def server(home: Path) -> AsyncIterator[Standing]:
    """A real server."""
    async with standing(home) as one:
        yield one


@pytest.fixture
async def token(server: Standing) -> str:
    """A bearer token of the hospital's system."""
    return await server.token()


@pytest.fixture
def plain(server: Standing, token: str) -> Iterator[httpx.Client]:
    """A client of ours, for what a suite needs beside itself."""
    with httpx.Client(
        base_url=server.base + "/",
        timeout=60,
        headers={"authorization": f"Bearer {token}", "content-type": "application/fhir+json"},
    ) as client:
        yield client


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """How a test tells how many cases of a suite it was."""

    def tell(suite: str, outcome: int | Outcome) -> None:
        assert suite in ledger.suites(), f"suites.toml does not know {suite}"
        cases, failed = outcome if isinstance(outcome, tuple) else (outcome, 0)
        record_property("tally", [suite, cases, failed])

    return tell


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the tallies, also those of workers."""
    if report.when != "call" or not report.passed:
        return
    for name, value in report.user_properties:
        if name == "tally":
            suite, cases, failed = value
            before = _OUTCOMES.get(suite, Outcome(0, 0))
            _OUTCOMES[suite] = Outcome(before.cases + cases, before.exceptions + failed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table, and hold the page against it."""
    for name, outcome in _OUTCOMES.items():
        terminalreporter.write_line(f"{name}: {outcome.cases} cases, {outcome.exceptions} exceptions")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail where the page says something else than what came of a whole run."""
    if os.environ.get("PYTEST_XDIST_WORKER") or exitstatus or set(_OUTCOMES) != set(ledger.suites()):
        return
    text = ledger.table(_OUTCOMES)
    if session.config.getoption("--write-results"):
        ledger.write(text)
    elif text != ledger.on_page():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print("docs/conformance.md says something else; `--write-results` writes it anew:\n" + text)  # noqa: T201
