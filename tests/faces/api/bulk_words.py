"""Words for tests of bulk jobs: ask, let a server work, look, fetch."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from api_words import Caller, Json, Region

from kakehashi.engines.house import House
from kakehashi.engines.transfer import working
from kakehashi.engines.transfer.fetching import Inputs
from kakehashi.faces.api import bulk_jobs

ASYNC = {"prefer": "respond-async"}


def house(region: Region) -> House:
    return House(region.db, region.settings, region.clock)


async def work(region: Region, inputs: Inputs | None = None) -> int:
    """Let a server work until nothing waits; return how many jobs it did."""
    done = 0
    while await working.work(house(region), bulk_jobs.speech(), at=region.clock.now, inputs=inputs):
        done += 1
    return done


def path_of(answer: httpx.Response) -> str:
    """Where an accepted job is looked at, relative to the server."""
    assert answer.status_code == 202, answer.text
    return answer.headers["content-location"].removeprefix("https://kakehashi.example")


@dataclass
class Export:
    """What an export brought: its manifest, and the lines of each file."""

    manifest: Json
    lines: dict[str, list[bytes]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Json]:
        """The resources of a type."""
        files = [one for one in self.manifest["output"] if one["type"] == kind]
        return [orjson.loads(line) for one in files for line in self.lines[one["url"]]]

    def ids(self, kind: str) -> set[str]:
        return {str(one["id"]) for one in self.of(kind)}

    @property
    def types(self) -> set[str]:
        return {one["type"] for one in self.manifest["output"]}

    @property
    def deleted(self) -> set[str]:
        """What the export says is deleted, as `Type/id`."""
        bundles = [orjson.loads(line) for one in self.manifest["deleted"] for line in self.lines[one["url"]]]
        return {entry["request"]["url"] for one in bundles for entry in one["entry"]}


async def ask(caller: Caller, level: str = "", body: Any = None, **parameters: str | list[str]) -> str:
    """Ask for an export and return where it is looked at. `level`: "", "Patient/" or "Group/…/"."""
    query = urlencode({f"_{name}": value for name, value in parameters.items()}, doseq=True)
    method = "GET" if body is None else "POST"
    return path_of(await caller.ask(method, f"/fhir/{level}$export?{query}", body, **ASYNC))


async def taken(caller: Caller, path: str) -> Export:
    """Return what a job that is done brought."""
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    found = Export(answer.json())
    for section in ("output", "deleted", "error"):
        for file in found.manifest[section]:
            got = await caller.get(file["url"])
            assert got.status_code == 200
            assert got.headers["content-type"] == "application/fhir+ndjson"
            lines = got.content.split(b"\n")
            assert lines.pop() == b""
            assert len(lines) == file["count"]
            found.lines[file["url"]] = lines
    return found


async def export(
    region: Region, caller: Caller, level: str = "", body: Any = None, **parameters: str | list[str]
) -> Export:
    """Ask for an export, let a server do it, and return what it brought."""
    path = await ask(caller, level, body, **parameters)
    await work(region)
    return await taken(caller, path)


def patients(*references: str) -> Json:
    """Parameters that name patients."""
    said = [{"name": "patient", "valueReference": {"reference": one}} for one in references]
    return {"resourceType": "Parameters", "parameter": said}
