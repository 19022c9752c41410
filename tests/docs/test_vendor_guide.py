"""The vendor's guide, run from top to bottom against a real server, says what happens.

Blocks of `sh` are run in order in one shell. What the block of `text` after one says must come back in that order,
`…` standing for anything.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import paper
import pytest

from kakehashi.core.actors import Institution
from kakehashi.core.settings import Settings
from kakehashi.samples.region import SITES
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust.oauth import clients
from kakehashi.trust.signin import setup

PAGE = (paper.ROOT / "docs/vendor.md").read_text("utf-8")
BINARIES = Path(sys.executable).parent
END = "~~ end of block ~~"
pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="the guide's commands need curl")


def blocks() -> list[tuple[str, list[str]]]:
    """Return each runnable block with the lines that must come back; a block of text that follows none is no answer."""
    found: list[tuple[str, list[str]]] = []
    before = ""
    for fence in paper.fences(PAGE):
        if fence.language == "sh":
            found.append((fence.text, []))
        elif before == "sh":
            found[-1][1].extend(fence.text.splitlines())
        before = fence.language
    return found


@pytest.fixture
async def region(db: Database, tmp_path: Path) -> dict[str, str]:
    """The institutions of the sample region, a registered system, and the settings that reach them."""
    async with db.transaction() as tx:
        sites = [
            Institution(key, one.code, one.name, one.type) for key, one in enumerate(SITES, 1) if one.code
        ]
        for site in (setup.OPERATOR, *sites):
            await institutions.put(tx, site)
    sender = next(site for site in sites if site.code == "4910100116")
    keys = _run(
        [str(BINARIES / "python"), "examples/backend_service.py", "keys", str(tmp_path / "system.key")], {}
    )
    await clients.register(
        db, "sakura-karte", "見本の電子カルテ", sender, scope=["system/*.cruds"], jwks=keys,
        by=setup.demo_operator(Settings(demo=True)), at=datetime.now(UTC),
    )  # fmt: skip
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    return {
        "KAKEHASHI_HOME": str(tmp_path), "KAKEHASHI_DATABASE_URL": db.url, "KAKEHASHI_PORT": port,
        "KAKEHASHI_DEMO": "true",
    }  # fmt: skip


@pytest.fixture
def server(region: dict[str, str]) -> Iterator[dict[str, str]]:
    """A real server on that region."""
    process = subprocess.Popen(
        [BINARIES / "kakehashi", "serve"], env={**os.environ, **region}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{region['KAKEHASHI_PORT']}/health", process)
        yield region
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        try:
            with urlopen(url, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the server did not come up")


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=paper.ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _missing(said: str, wanted: list[str]) -> list[str]:
    """Return the wanted lines of which some piece (between `…`) does not come after the piece before it."""
    missing, place = [], 0
    for line in wanted:
        for piece in filter(None, line.split("…")):
            found = said.find(piece, place)
            if found < 0:
                missing.append(line)
                break
            place = found + len(piece)
    return missing


def test_every_command_of_the_guide_answers_as_printed(server: dict[str, str], tmp_path: Path):
    script = ["set -eu"]
    for command, _ in blocks():
        script += [command, f"echo; echo '{END}'"]
    text = "\n".join(script)
    text = text.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{server['KAKEHASHI_PORT']}")
    text = text.replace("$PWD/.venv/bin", str(BINARIES)).replace("system.key", str(tmp_path / "system.key"))
    said = _run(["bash", "-c", text], server).split(END)
    wrong = [
        f"{command}\nlacks {missing} in\n{answer[-1500:]}"
        for (command, wanted), answer in zip(blocks(), said, strict=False)
        if (missing := _missing(answer, wanted))
    ]
    assert not wrong, "\n\n".join(wrong)


def test_the_comparison_can_fail():
    assert _missing('{"total":0}\n201', ['…"total":0…', "201"]) == []
    assert _missing('{"total":1}\n201', ['…"total":0…', "422"]) == ['…"total":0…', "422"]
    assert _missing("201\n422", ["422", "201"]) == ["201"]
