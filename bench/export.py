"""A bulk export from asking to the last byte of its files. Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html"""

import asyncio
import time
from urllib.parse import urlsplit

import orjson

from bench.drive import Failed, Figure, Ways
from bench.wire import Answer, Wire, header, request
from bench.work import asking

_WAIT = 0.2  # seconds between two looks at a job
_KICK = {"accept": "application/fhir+json", "prefer": "respond-async"}


async def export(ways: Ways, token: str, of_type: str) -> Figure:
    """Return resources a second of an export of one type. Raises Failed."""
    before, started = ways.meter(), time.perf_counter()
    path = f"/$export?_type={of_type}"
    asked = await _send(ways, path, {**asking(token), **_KICK})
    if asked.status != 202:
        raise Failed(f"{asked.status} for {path}: {asked.body[:600]!r}")
    job = header(asked.headers, b"content-location").decode()
    done = await _send(ways, job, asking(token))
    while done.status == 202:
        await asyncio.sleep(_WAIT)
        done = await _send(ways, job, asking(token))
    if done.status != 200:
        raise Failed(f"{done.status} for the export's job: {done.body[:600]!r}")
    files = [await _send(ways, one["url"], asking(token)) for one in orjson.loads(done.body)["output"]]
    lines = sum(_lines(one) for one in files)
    seconds, spent = time.perf_counter() - started, ways.meter().since(before)
    if not lines:
        raise Failed(f"an export of {of_type} with nothing in it")
    micro = (one / lines * 1e6 for one in (spent.server, spent.postgresql, spent.client))
    return Figure(
        ways.base, ways.size, f"$export of {of_type}", "resources", 1, lines / seconds, 0, 0, *micro
    )


def _lines(answer: Answer) -> int:
    """Count the resources of a file; HAPI wraps a file in a Binary for those who accept FHIR alone."""
    if answer.status != 200:
        raise Failed(f"{answer.status} for a file of the export")
    return sum(bool(line.strip()) for line in answer.body.split(b"\n"))


async def _send(ways: Ways, address: str, headers: dict[str, str]) -> Answer:
    """Ask for an address of the server: its whole URL, or what stands behind its base."""
    url = urlsplit(address)
    whole = f"{url.path}?{url.query}" if url.query else url.path
    wire = await Wire.open(ways.target)
    try:
        path = whole.removeprefix(ways.target.path)
        return await wire.send(request(ways.target, "GET", path, headers))
    finally:
        wire.close()
