"""$import as a hospital's system uses it: lines of NDJSON, sent along or fetched, each for itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from api_words import MIDORI, SAKURA, Caller, Json, Region, ids, lab, patient, rules
from bulk_words import ASYNC, path_of, work

from kakehashi.core.actors import Role
from kakehashi.engines.transfer import importing, working
from kakehashi.engines.transfer.fetching import Inputs
from kakehashi.faces.app import build
from kakehashi.trust.keys import Authority

HOST = "ehr.example"
SENT = {"content_type": "application/fhir+ndjson", **ASYNC}


@pytest.fixture(autouse=True)
async def nothing_waits(region: Region) -> None:
    await work(region)


def ndjson(*resources: object) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else orjson.dumps(one) for one in resources)


async def outcome(caller: Caller, path: str) -> tuple[Json, list[Json]]:
    """The manifest of an import that is done, and its report."""
    answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    lines = [
        orjson.loads(line)
        for one in told["error"]
        for line in (await caller.get(one["url"])).content.splitlines()
    ]
    return told, lines


async def test_good_lines_are_stored_and_bad_ones_reported(region: Region, sakura: Caller, taro: str) -> None:
    body = ndjson(
        {**lab(taro, code="good"), "id": "import-good"},
        b"",
        lab(taro, code="nameless"),
        {**lab(taro), "status": "nonsense"},
        b'{"resourceType":',
        lab("Patient/somebody-else"),
    )
    path = path_of(await sakura.post("/fhir/$import", body, **SENT))
    assert (await sakura.get(path)).status_code == 202
    await work(region)
    told, report = await outcome(sakura, path)
    assert told["output"] == [{"type": "Observation", "count": 2}]
    assert told["error"][0]["count"] == 3
    places = [str(one["issue"][0].get("expression") or one["issue"][0]["location"]) for one in report]
    assert [place.partition("#")[2].partition(" ")[0].rstrip("']") for place in places] == ["4", "5", "6"]
    assert ids((await sakura.get("/fhir/Observation?code=good")).json()) == ["import-good"]
    assert len(ids((await sakura.get("/fhir/Observation?code=nameless")).json())) == 1


async def test_what_a_server_stored_before_it_died_is_not_stored_twice(
    region: Region, sakura: Caller, taro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after storing a batch and before noting it; the lines have no ids of their own."""
    monkeypatch.setattr(importing, "LINES", 2)
    body = ndjson(*(lab(taro, code="twice") for _ in range(5)))
    path = path_of(await sakura.post("/fhir/$import", body, **SENT))

    class Died(BaseException):
        pass

    async def move(self: object, place: object) -> None:
        raise Died

    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(working._Work, "_move", move)
        await work(region)
    assert len(ids((await sakura.get("/fhir/Observation?code=twice")).json())) == 2
    region.clock.tick(working.STALLED.total_seconds() + 1)
    await work(region)
    told, _ = await outcome(sakura, path)
    assert told["output"] == [{"type": "Observation", "count": 5}]
    assert len(ids((await sakura.get("/fhir/Observation?code=twice")).json())) == 5


async def test_only_systems_import_and_only_what_their_scopes_say(
    region: Region, sakura: Caller, taro: str
) -> None:
    doctor = await region.caller(SAKURA, Role.DOCTOR)
    assert (await doctor.post("/fhir/$import", ndjson(lab(taro)), **SENT)).status_code == 403
    reader = await region.caller(SAKURA, scope="system/Observation.rs")
    path = path_of(await reader.post("/fhir/$import", ndjson(lab(taro, code="readonly")), **SENT))
    await work(region)
    told, report = await outcome(reader, path)
    assert told["output"] == []
    assert report[0]["issue"][0]["code"] == "forbidden"
    assert ids((await sakura.get("/fhir/Observation?code=readonly")).json()) == []


async def test_another_institutions_record_is_not_replaced(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    mine = await sakura.made(lab(taro))
    path = path_of(await midori.post("/fhir/$import", ndjson({**lab(taro), "id": mine}), **SENT))
    await work(region)
    told, _ = await outcome(midori, path)
    assert (told["output"], told["error"][0]["count"]) == ([], 1)
    assert (await sakura.get(f"/fhir/Observation/{mine}")).json()["meta"]["versionId"] == "1"
    assert (await sakura.get(path)).status_code == 404


async def test_an_import_wants_lines_and_to_be_waited_for(region: Region, sakura: Caller, taro: str) -> None:
    at_once = await sakura.post("/fhir/$import", ndjson(lab(taro)), content_type="application/fhir+ndjson")
    empty = await sakura.post("/fhir/$import", b"\n", **SENT)
    nothing = await sakura.post("/fhir/$import", {"resourceType": "Parameters"}, **ASYNC)
    assert [rules(one) for one in (at_once, empty, nothing)] == [
        ["bulk.prefer"], ["operation.parameter"], ["operation.parameter"],
    ]  # fmt: skip
    assert await work(region) == 0


async def test_a_line_that_is_too_long_is_refused_and_the_next_one_taken(tmp_path: Path) -> None:
    file = tmp_path / "input.1.ndjson"
    file.write_bytes(b'{"a":1}\n' + b"x" * 5_000 + b'\n{"b":2}')
    batch = importing.batch_of(file, importing.Place(), 1_000)
    assert batch.too_long == [2]
    assert batch.lines == [(1, b'{"a":1}'), (3, b'{"b":2}')]
    assert batch.last


@dataclass
class Ehr:
    """A small HTTPS server of a hospital that serves files of NDJSON."""

    context: ssl.SSLContext
    files: dict[str, bytes] = field(default_factory=dict)
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}/{path}"

    def inputs(self, region: Region, to: str = "127.0.0.1") -> Inputs:
        async def resolve(host: str, port: int) -> list[str]:
            return [to] if host == HOST else []

        return Inputs(region.settings, resolve=resolve, context=self.context)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode().removeprefix("/")
        self.asked.append(path)
        body = self.files.get(path)
        head = "HTTP/1.1 200 OK" if body is not None else "HTTP/1.1 302 Found\r\nlocation: https://10.0.0.1/"
        length = f"content-length: {len(body or b'')}"
        writer.write(f"{head}\r\n{length}\r\nconnection: close\r\n\r\n".encode() + (body or b""))
        writer.close()


@pytest.fixture
async def ehr(tmp_path: Path) -> AsyncIterator[Ehr]:
    authority = Authority.make("見本認証局", at=datetime.now(UTC))
    authority.server([HOST], at=datetime.now(UTC)).write(tmp_path, "server")
    inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inside.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    one = Ehr(ssl.create_default_context(cadata=authority.issued.certificate.decode()))
    server = await asyncio.start_server(one.answer, "127.0.0.1", 0, ssl=inside)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    server.close()
    await server.wait_closed()


@pytest.fixture
async def allowing(region: Region) -> AsyncIterator[Region]:
    """The same region, whose operator lets inputs be fetched from the hospital, which is in a network of their own."""
    own = replace(region.settings, import_sources=f"other.example {HOST}", key_networks="127.0.0.0/8")
    app = httpx.ASGITransport(app=build(region.db, own, region.clock))
    async with httpx.AsyncClient(transport=app, base_url=own.public_url) as client:
        yield replace(region, settings=own, client=client)


def manifest(*inputs: tuple[str, str]) -> Json:
    said = [
        {"name": "input", "part": [{"name": "type", "valueCode": kind}, {"name": "url", "valueUrl": url}]}
        for kind, url in inputs
    ]
    form = {"name": "inputFormat", "valueCode": "application/fhir+ndjson"}
    return {"resourceType": "Parameters", "parameter": [form, *said]}


async def test_inputs_are_fetched_from_where_the_operator_allows(
    allowing: Region, ehr: Ehr, taro: str
) -> None:
    system = await allowing.caller(MIDORI)
    ehr.files = {
        "patients": ndjson({**patient("F1", family="取得"), "id": "fetched-1"}),
        "labs": ndjson({**lab("Patient/fetched-1"), "id": "fetched-2"}, patient("F2")),
    }
    wanted = manifest(("Patient", ehr.url("patients")), ("Observation", ehr.url("labs")))
    path = path_of(await system.post("/fhir/$import", wanted, **ASYNC))
    await work(allowing, ehr.inputs(allowing))
    told, report = await outcome(system, path)
    assert told["output"] == [{"type": "Observation", "count": 1}, {"type": "Patient", "count": 1}]
    assert ehr.url("labs") + "#2" in str(report)
    assert ehr.asked == ["patients", "labs"]


async def test_nothing_is_fetched_from_elsewhere(region: Region, allowing: Region, ehr: Ehr) -> None:
    system = await allowing.caller(MIDORI)
    for url in (
        "https://evil.example/x", f"http://{HOST}/x", f"https://user@{HOST}/x", f"https://{HOST}.evil.example/",
        "https://127.0.0.1/", "file:///etc/passwd", "https://", "::",
    ):  # fmt: skip
        answer = await system.post("/fhir/$import", manifest(("Patient", url)), **ASYNC)
        assert (answer.status_code, rules(answer)) == (403, ["bulk.import-source"]), url
    nobody = await region.caller(MIDORI)
    answer = await nobody.post("/fhir/$import", manifest(("Patient", ehr.url("patients"))), **ASYNC)
    assert rules(answer) == ["bulk.import-source"]  # an operator who allowed nothing
    assert ehr.asked == []


async def test_a_name_that_leads_into_our_network_and_a_redirect_are_not_followed(
    allowing: Region, ehr: Ehr
) -> None:
    system = await allowing.caller(MIDORI)
    for to, rule in (("10.0.0.1", "bulk.fetch.network"), ("127.0.0.1", "bulk.fetch.status")):
        path = path_of(await system.post("/fhir/$import", manifest(("Patient", ehr.url("moved"))), **ASYNC))
        await work(allowing, ehr.inputs(allowing, to))
        answer = await system.get(path)
        assert (answer.status_code, rules(answer)) == (500, [rule])
