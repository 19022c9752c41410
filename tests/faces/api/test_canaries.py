"""Canaries (S9): strings that nobody else has, sent in by every way, are found nowhere but in their record.

Looked through: all that the server writes to standard output and error at the level "debug", Python's own logging, the
log of the database server, errors answered to others, /metrics, `doctor`, what `load` says, and every column of
every table. The persons and secrets are invented.
"""

import base64
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import orjson
import pyotp
import pytest
import structlog
from api_words import MIDORI, NOON, SAKURA, Caller, Json, Region, lab, patient

from databases import as_owner

sys.path.append(str(Path(__file__).parents[2] / "trust" / "oauth"))
sys.path.append(str(Path(__file__).parents[2] / "services" / "sharing"))
from builders import conditions, put
from oauth_systems import new_system

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.engines.house import House
from kakehashi.faces.cli import files, load
from kakehashi.faces.cli.doctor import examine
from kakehashi.faces.cli.exchange import folder_of
from kakehashi.faces.logs import STANDARD
from kakehashi.trust.oauth import assertions, clients
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.accounts import NewAccount

FAMILY, GIVEN, KANA = "金糸雀塚", "迦那里夫", "カナリヤヅカ"
MEMBER, TOWN, NOTE = "88776655", "金糸雀町九丁目", "自由記載の金糸雀所見"
LOGIN, PASSWORD, WRONG = "canary.login", "Canary-in-the-mine-77", "Canary-guessed-wrong-78"
REASON = "金糸雀の救急の理由を書きました"
IN_RECORD = (FAMILY, GIVEN, KANA, MEMBER, TOWN, NOTE)
NEVER_KEPT = (PASSWORD, WRONG)  # and tokens, assertions, secrets as they are made
# What holds the record, whom it is about, and who may sign in: these tables keep what they are for.
KEEPERS = {
    "resource": IN_RECORD, "resource_version": IN_RECORD,
    "person_description": IN_RECORD, "person_link": IN_RECORD, "person_identifier": IN_RECORD,
    "account": (LOGIN,), "emergency_opening": (REASON,),
}  # fmt: skip
OPERATOR = Actor("setup", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)
SYSTEM = Actor("loader", Role.SYSTEM, SAKURA, Purpose.TREATMENT, scopes=("system/*.cruds",))


@dataclass
class Told:
    """What came out where, to be searched for canaries; and the secrets that were made on the way."""

    out: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    def add(self, where: str, text: str | bytes) -> None:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        self.out[where] = self.out.get(where, "") + said

    def found(self) -> dict[str, list[str]]:
        """The canaries by the place they got out."""
        birds = (*IN_RECORD, LOGIN, REASON, *NEVER_KEPT, *self.secrets)
        return {
            where: hits
            for where, text in self.out.items()
            if (hits := [bird for bird in birds if holds(text, bird)])
        }


def holds(text: str, bird: str) -> bool:
    """Whether a text has a canary in it, as it is or as JSON, an address, Base64 or Python would write it."""
    raw = bird.encode()
    forms = {
        bird, quote(bird), quote(bird).lower(), json.dumps(bird)[1:-1], raw.hex(), base64.b64encode(raw).decode()[:-4],
        repr(raw)[2:-1], bird[:24] if len(bird) > 60 else bird,
    }  # fmt: skip
    return any(one in text for one in forms)


def test_a_canary_is_found_however_it_is_written() -> None:
    for text in (FAMILY, quote(FAMILY), json.dumps(FAMILY), repr(FAMILY.encode()), FAMILY.encode().hex()):
        assert holds(f"x{text}x", FAMILY), text
    assert not holds("金糸雀", FAMILY)


@pytest.fixture
def logging_all() -> Iterator[None]:
    """The server's log as `serve` sets it up, at the lowest level, without keeping it for other tests."""
    before, root = structlog.get_config(), logging.getLogger()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
        logger_factory=lambda *_: STANDARD,
        cache_logger_on_first_use=False,
    )
    level, handler = root.level, logging.StreamHandler(sys.__stderr__)
    handler.addFilter(
        lambda said: not said.name.startswith("http")
    )  # the tests' own client tells where it goes
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield
    root.removeHandler(handler)
    root.setLevel(level)
    structlog.configure(**before)


def canary(number: str = "CANARY-1") -> Json:
    who = patient(number, member=f"06139999:金:{MEMBER}:05", family=FAMILY, given=GIVEN, birth="1971-07-17")
    syllabic = {
        "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
        "valueCode": "SYL",
    }
    who["name"].append({"text": KANA, "family": KANA, "extension": [syllabic]})
    return {**who, "address": [{"text": TOWN, "line": [TOWN]}]}


async def through_the_api(sakura: Caller, told: Told) -> str:
    """Good, malformed and refused, with the canaries in body, address and headers; return the Patient's id."""
    who = await sakura.made(canary())
    result = lab(f"Patient/{who}", note=[{"text": NOTE}])
    await sakura.made(result)
    broken = [
        b'{"resourceType":"Patient","name":[{"text":"' + FAMILY.encode(), json.dumps(canary()).encode("utf-16"),
        {**canary(), "gender": FAMILY}, {**canary(), "birthDate": FAMILY}, {**canary(), FAMILY: 1},
        {**canary(), "identifier": [{"system": FAMILY, "value": MEMBER}]}, {"resourceType": FAMILY},
        {**result, "status": NOTE}, {**result, "subject": {"reference": f"Patient/{FAMILY}"}},
        {**canary(), "id": FAMILY}, {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "POST", "url": "Patient"}, "resource": {**canary(), "gender": KANA}}]},
    ]  # fmt: skip
    for body in broken:
        for path in ("/fhir/Patient", "/fhir", "/fhir/Patient/$validate", "/sharing/bundles"):
            assert (await sakura.post(path, body)).status_code < 500
    for search in (
        f"Patient?name={FAMILY}", f"Patient?address={TOWN}", f"Patient?identifier={MEMBER}", f"Patient?{FAMILY}={KANA}",
        f"Patient?birthdate={FAMILY}", f"Patient/{FAMILY}", f"{FAMILY}/1", f"Patient?_cursor={FAMILY}", f"${FAMILY}",
        f"Observation?subject:Patient.name={FAMILY}", f"Patient?_sort={FAMILY}", f"Patient/{who}?_format={FAMILY}",
    ):  # fmt: skip
        assert (await sakura.get(f"/fhir/{search}")).status_code < 500
    form = {"content_type": "application/x-www-form-urlencoded"}
    await sakura.post("/fhir/Patient/_search", f"name={FAMILY}&address={TOWN}", **form)
    await sakura.post("/fhir/Patient", canary("CANARY-2"), if_none_exist=f"name={quote(FAMILY)}&x={MEMBER}")
    await sakura.post("/fhir/Patient", canary("CANARY-2"), prefer=f"return={MEMBER}", if_match=MEMBER)
    return who


async def faults(
    region: Region, sakura: Caller, who: str, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 of every kind: what broke had the canaries in its hands, and in its words."""
    words = f"{FAMILY} {KANA} {MEMBER} {NOTE} {sakura.token}"
    targets = (
        "engines.records.look.read_one",
        "engines.records.search.search_once",
        "engines.records.submit.writing",
    )
    for kind in (
        RuntimeError,
        ValueError,
        KeyError,
        UnicodeError,
        asyncpg.DataError,
        asyncpg.UniqueViolationError,
    ):

        def broken(*_: object, kind: Callable[[str], Exception] = kind, **__: object) -> None:
            raise kind(words)

        with monkeypatch.context() as patch:
            for target in targets:
                patch.setattr(f"kakehashi.{target}", broken)
            for answer in (
                await sakura.get(f"/fhir/Patient/{who}"), await sakura.get(f"/fhir/Patient?name={FAMILY}"),
                await sakura.post("/fhir/Patient", canary("CANARY-3")),
            ):  # fmt: skip
                assert answer.status_code >= 500
                told.add("answer of a fault", answer.text)
    # What breaks inside the database has the values in DETAIL.
    owner = await asyncpg.connect(as_owner(region.db.url))
    await owner.execute("CREATE TEMP TABLE cage (bird text UNIQUE CHECK (bird <> 'free'), mark int NOT NULL)")
    await owner.execute("INSERT INTO cage VALUES ($1, 1)", FAMILY)
    for values in ((FAMILY, 1), ("free", 1), (MEMBER, None)):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await owner.execute("INSERT INTO cage VALUES ($1, $2)", *values)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await owner.execute(f"SELECT 1 / 0, '{NOTE}'")
    await owner.close()


async def asked_by_others(region: Region, midori: Caller, who: str, told: Told) -> None:
    """What strangers, and those without the right, are told."""
    clerk = await region.caller(SAKURA, Role.CLERK)
    for caller in (midori, clerk, Caller(region.client, "nonsense"), await region.caller(role=Role.AUDITOR)):
        for path in (
            f"Patient/{who}",
            f"Patient/{who}/$everything",
            f"Patient?_id={who}",
            f"Patient/{who}/_history",
        ):
            answer = await caller.get(f"/fhir/{path}")
            if answer.status_code >= 400 or caller is midori:
                told.add("answer to another", answer.text)
        for answer in (
            await caller.put(f"/fhir/Patient/{who}", {**patient("X"), "id": who}),
            await caller.delete(f"/fhir/Patient/{who}"),
        ):
            if answer.status_code >= 400:
                told.add("answer to another", answer.text)


async def through_oauth(region: Region, told: Told) -> None:
    system = new_system("canary-emr")
    await clients.register(
        region.db, system.id, "電子カルテ", SAKURA, scope=["system/*.rs"], jwks=system.jwks(), by=OPERATOR, at=NOON
    )  # fmt: skip
    good = system.assertion(region.clock.now, aud=region.tokens.endpoint)
    bad = system.assertion(region.clock.now, aud="https://elsewhere.example")
    told.secrets += [good, bad]
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": assertions.TYPE,
    }
    token = (await region.client.post("/oauth/token", data={**form, "client_assertion": good})).json()[
        "access_token"
    ]
    told.secrets.append(token)
    basic = {"authorization": "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()}
    for more in (
        {"client_assertion": good},
        {"client_assertion": bad},
        {"client_secret": PASSWORD, "scope": FAMILY},
    ):
        answer = await region.client.post("/oauth/token", data={**form, **more}, headers=basic)
        assert 400 <= answer.status_code < 500
        told.add("answer of the token endpoint", answer.text)
    for door in ("introspect", "revoke"):
        answer = await region.client.post(
            f"/oauth/{door}", data={**form, "client_assertion": bad, "token": token}
        )
        told.add("answer of the token endpoint", answer.text)
    told.add("answer to a bad token", (await region.client.get("/fhir/Patient", headers=basic)).text)


async def through_pages(region: Region, told: Told) -> None:
    """Sign-in, wrong and right, a second factor, reception and emergency, addresses that are not there."""
    doctor = NewAccount(LOGIN, "見本 医師", SAKURA, Role.DOCTOR, licence="000001")
    await setup.demo_account(
        region.db, doctor, PASSWORD, settings=region.settings, emergency_right=True, at=region.clock.now
    )

    async def send(path: str, page: str, **fields: str) -> Any:
        shown = (await region.client.get(page)).text
        if offered := re.search(r"<code>([A-Z2-7]+)</code>", shown):
            told.secrets.append(offered[1])
            fields["code"] = fields["code"] or pyotp.TOTP(offered[1]).at(region.clock.now)
        token = re.search(r'name="csrf" value="([^"]*)"', shown)
        return await region.client.post(path, data={"csrf": token[1] if token else "", **fields})

    wrong = await send("/signin", "/signin", login=LOGIN, password=WRONG)
    told.add(
        "page of a refused sign-in", wrong.text.replace(LOGIN, "")
    )  # the form keeps the name that was typed
    await send("/signin", "/signin", login=FAMILY, password=MEMBER)
    assert (await send("/signin", "/signin", login=LOGIN, password=PASSWORD)).status_code == 303
    made = len(told.secrets)
    assert (await send("/signin/enrol", "/signin/enrol", code=FAMILY)).status_code == 401
    assert (await send("/signin/enrol", "/signin/enrol", code="", next="/")).status_code == 303
    assert len(told.secrets) > made, "the secrets of second factors were really shown"
    told.secrets += [value for value in region.client.cookies.values() if len(value) > 20]
    await send(
        "/reception", "/reception", way="items", name=f"{FAMILY} {GIVEN}", birth="1971-07-17", sex="male"
    )
    await send("/reception", "/reception", way="items", name=FAMILY, birth=KANA, sex=TOWN)
    found = await send("/emergency", "/emergency", way="card", insurer="06139999", number=MEMBER, branch="05")
    if there := found.headers.get("location"):
        await send(urlsplit(there).path, there, code="unconscious", reason=REASON)
        await send(urlsplit(there).path, there, code=FAMILY, reason="短")
    for path in (f"/viewer/{FAMILY}", f"/{FAMILY}?{KANA}={TOWN}", f"/reception/{MEMBER}", f"/me?{FAMILY}"):
        assert (await region.client.get(path)).status_code < 500
    for one in list(region.client.cookies.jar):
        region.client.cookies.delete(one.name)


async def through_files(house: House, folder: Path, told: Told) -> None:
    """`load` of good and broken lines, the exchange folder; what they say to the terminal and to others."""
    good, bad = (
        {**canary("CANARY-4"), "id": "canary-4"},
        {**canary("CANARY-5"), "id": "canary-5", "gender": FAMILY},
    )
    path = folder / "canary.ndjson"
    path.write_bytes(
        b"\n".join([orjson.dumps(good), orjson.dumps(bad), FAMILY.encode(), b'{"resourceType":'])
    )
    said: list[str] = []
    await load.load(house, files.Found(path, files.Form.RESOURCES), by=SYSTEM, say=said.append)
    told.add("what load says", "\n".join(said))
    root = folder / "exchange"
    root.mkdir()
    exchange = folder_of(house, root, SYSTEM)
    sent = [put(conditions(), "identifier.value", FAMILY), {"resourceType": "Bundle", FAMILY: NOTE}]
    for number, tree in enumerate(sent):
        name = f"C1req_{SAKURA.code}_20261121090000_{number:03d}.json"
        (root / "req" / name).write_bytes(orjson.dumps(tree) if tree else FAMILY.encode())
    await exchange.sweep()


async def tables(region: Region, told: Told) -> None:
    """Every row of every table as text, less what the table is for."""
    owner = await asyncpg.connect(as_owner(region.db.url))
    names = await owner.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    for name in (row["name"] for row in names):
        rows = await owner.fetch(f'SELECT t.*::text AS said FROM "{name}" AS t')
        text = "\n".join(row["said"] for row in rows)
        for kept in KEEPERS.get(name, ()):
            for form in (kept, kept.encode().hex()):
                text = text.replace(form, "")
        told.add(f"table {name}", text)
        raw = re.findall(r"\\\\x([0-9a-f]{8,})", text)
        told.add(f"table {name}", "\n".join(bytes.fromhex(one).decode("utf-8", "replace") for one in raw))
    await owner.close()


def database_log(url: str) -> str:
    """The log of the embedded server; "" where the tests use another."""
    place = parse_qs(urlsplit(url).query).get("host", [""])[0]
    file = Path(place) / "server.log"
    return file.read_text("utf-8", "replace") if place and file.exists() else ""


async def test_canaries_are_nowhere_but_in_the_record(
    region: Region, sakura: Caller, midori: Caller, logging_all: None, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:  # fmt: skip
    told = Told(secrets=[sakura.token, midori.token])
    house = House(region.db, region.settings, region.clock)
    who = await through_the_api(sakura, told)
    await faults(region, sakura, who, told, monkeypatch)
    assert holds((await sakura.get(f"/fhir/Patient/{who}")).text, FAMILY), "who may see it does"
    await asked_by_others(region, midori, who, told)
    await through_oauth(region, told)
    await through_pages(region, told)
    await through_files(house, tmp_path, told)
    figures = await region.client.get("/metrics", headers={"authorization": "Bearer " + "m" * 32})
    assert figures.status_code == 200 and "kakehashi_requests" in figures.text
    told.add("metrics", figures.text)
    told.add(
        "doctor", "\n".join(f"{one.ja} {one.en} {one.todo_ja} {one.todo_en}" for one in await examine(house))
    )
    region.client._transport.app.access.flush()  # type: ignore[attr-defined]
    captured = capfd.readouterr()
    assert '"event":"request"' in captured.out and '"event":"fault"' in captured.out, (
        "the log was really written"
    )
    told.add("standard output", captured.out)
    told.add("standard error", captured.err)
    told.add("database log", database_log(region.db.url))
    await tables(region, told)
    assert "ERROR" in told.out["database log"] or not told.out["database log"]
    assert told.found() == {}
    assert MIDORI.name not in told.out["metrics"]
