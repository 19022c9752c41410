"""`kakehashi load` killed half-way goes on where it stopped: every line is in, none twice, the refused are named."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import orjson
from whole_server import HOSPITAL, WholeServer, kill_family, patient, value

from kakehashi.faces.cli import hands, progress
from kakehashi.faces.cli.files import Form, Found
from kakehashi.faces.cli.shares import batches

_PERSONS, _EACH = 300, 40
_COMMAND = (sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()", "load")


def write(path: Path) -> int:
    """Write people with their values, large enough to be dealt out over processes; return the number of good lines."""
    long = "見本 (sample) " * 10
    with path.open("wb") as file:
        for person in range(_PERSONS):
            name = f"loaded-{person}"
            some = [patient(name), *(value(f"{name}-{n}", name, f"{n} {long}") for n in range(_EACH))]
            file.write(b"".join(orjson.dumps(one) + b"\n" for one in some))
        file.write(orjson.dumps(value("stray", "nobody-knows", "36.5")) + b"\n")
    assert path.stat().st_size > hands.WORTH_DEALING
    return _PERSONS * (_EACH + 1)


_TERMS = f"{HOSPITAL.code} False"


def started(server: WholeServer, path: Path) -> "subprocess.Popen[str]":
    kept = {name: one for name, one in os.environ.items() if not name.startswith("KAKEHASHI_")}
    env = kept | {"KAKEHASHI_HOME": str(server.settings.home)}
    return subprocess.Popen(
        [*_COMMAND, str(path), "--institution", HOSPITAL.code], env=env, stdout=subprocess.PIPE, text=True
    )


async def test_a_load_killed_half_way_goes_on_where_it_stopped(server: WholeServer, tmp_path: Path) -> None:
    path = tmp_path / "people.ndjson"
    good = write(path)
    first = started(server, path)
    half = await asyncio.to_thread(wait_for_some, path, server)
    kill_family(first.pid)
    first.wait()
    said = await asyncio.to_thread(lambda: started(server, path).communicate()[0])
    assert f"{good:,} stored, 1 refused" in said
    assert half > 0
    home = server.settings.home
    done = progress.Progress.of(path, home, terms=_TERMS)
    [stray] = [orjson.loads(line) for line in done.refusals.read_bytes().splitlines()]
    assert stray["line"] == good + 1
    async with server.client() as client:
        for person in (0, _PERSONS // 2, _PERSONS - 1):
            found = await client.get(
                "/Observation", params={"patient": f"Patient/loaded-{person}", "_count": "100"}
            )
            assert len(found.json()["entry"]) == _EACH


def wait_for_some(path: Path, server: WholeServer) -> int:
    """Wait until the load has noted its first batches; return how many resources."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if stored := progress.Progress.of(path, server.settings.home, terms=_TERMS).stored:
            return stored
        time.sleep(0.02)
    raise TimeoutError("the load does not get on")


def test_every_line_is_in_one_share_and_a_person_is_never_divided(tmp_path: Path) -> None:
    path, found = tmp_path / "people.ndjson", 0
    good = write(path)
    of_person: dict[str, set[int]] = {}
    shares = [progress.Share(tmp_path / "note", tmp_path / "refused", number, 5) for number in range(5)]
    for share, batch in batches(Found(path, Form.RESOURCES), shares, 100):
        assert 0 < len(batch) <= 100
        for _, line in batch:
            found += 1
            tree = orjson.loads(line)
            about = tree.get("subject", {}).get("reference") or f"Patient/{tree['id']}"
            of_person.setdefault(about, set()).add(share.number)
    assert found == good + 1
    assert all(len(shares) == 1 for shares in of_person.values())
    assert set.union(*of_person.values()) == set(range(5))
