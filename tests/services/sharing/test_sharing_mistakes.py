"""What vendors get wrong, sent by every way in: refused with rule, place and mend, and nothing stays behind."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import asyncpg
import orjson
import pytest
import structlog
from builders import HOSPITAL, conditions, put, referral
from mistakes import MISTAKES, huge

from databases import as_owner, copy_of

sys.path.append(str(Path(__file__).parents[2] / "faces" / "api"))
from api_words import SAKURA, Caller, Region

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.engines.house import House
from kakehashi.faces.cli.exchange import folder_of
from kakehashi.faces.cli.files import Form, find
from kakehashi.faces.cli.load import load
from kakehashi.store import institutions
from kakehashi.store.database import Database

VENDOR = Actor("vendor", Role.SYSTEM, SAKURA, Purpose.TREATMENT, scopes=("system/*.cruds",))
TABLES = ("resource", "resource_version", "feed", "person", "person_identifier", "person_link")
_SERIAL = count(1)


class Told(NamedTuple):
    """One reason, as the sender reads it."""

    rule: str
    place: str
    ja: str
    en: str


Way = Callable[[bytes], Awaitable[list[Told]]]  # the reasons of a refusal; none when accepted


class Vendor:
    """A vendor's program at 桜台総合病院 that can send by every way in."""

    def __init__(self, region: Region, caller: Caller, home: Path) -> None:
        self.home, self.caller = home, caller
        self.house = House(region.db, region.settings, region.clock)
        (home / "exchange").mkdir()
        self.folder = folder_of(self.house, home / "exchange", VENDOR)
        self.ways: dict[str, Way] = {
            "push": lambda body: self.push("/sharing/bundles", body),
            "create": lambda body: self.push("/fhir/Bundle", body),
            "base": lambda body: self.push("/fhir", body),
            "load": self.load,
            "folder": self.exchange,
        }

    async def push(self, door: str, body: bytes) -> list[Told]:
        answer = await self.caller.post(door, body)
        if answer.status_code < 400:
            return []
        return [
            Told(
                issue["details"]["coding"][0]["code"],
                "".join(issue.get("expression", ())),
                issue["details"]["text"],
                issue["diagnostics"],
            )
            for issue in answer.json()["issue"]
        ]

    async def load(self, body: bytes) -> list[Told]:
        path = self.home / f"{next(_SERIAL)}.json"
        path.write_bytes(body)
        done = [
            await load(self.house, found, by=VENDOR, say=lambda _: None, again=True) for found in find([path])
        ]
        return [
            _told(problem)
            for one in done
            if one.refused
            for line in one.refusals.read_bytes().splitlines()
            for problem in orjson.loads(line)["problems"]
        ]

    async def exchange(self, body: bytes) -> list[Told]:
        name = f"C1req_{HOSPITAL}_20261121090000_{next(_SERIAL)}"
        (self.folder.root / "req" / f"{name}.json").write_bytes(body)
        await self.folder.sweep()
        result = orjson.loads((self.folder.root / "res" / f"{name.replace('req', 'res')}.json").read_bytes())
        return [_told(problem) for problem in result["problems"]] if result["result"] == "refused" else []


def _told(problem: dict[str, str]) -> Told:
    return Told(problem["rule"], problem["place"], problem["ja"], problem["en"])


@pytest.fixture(scope="module")
async def region(
    cluster: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Region]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    async with copy_of(cluster, template, "mistakes") as url, await Database.open(url) as db:
        started = await Region.start(db, tmp_path_factory.mktemp("home"))
        async with started.client:
            yield started


@pytest.fixture(scope="module")
async def vendor(region: Region, tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return Vendor(region, await region.caller(), tmp_path_factory.mktemp("vendor"))


async def rows(region: Region) -> dict[str, int]:
    """How many rows stand in each table that a submission touches; asked as the superuser, who needs no window."""
    admin = await asyncpg.connect(as_owner(region.db.url))
    try:
        return {table: await admin.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    finally:
        await admin.close()


def open_files() -> set[str]:
    """The regular files that this process holds open."""
    return {str(one.resolve()) for one in Path("/proc/self/fd").iterdir() if one.is_file()}


def left_behind(vendor: Vendor, temporary: Path) -> list[Path]:
    """Files that nobody asked for: temporary ones, half-written results, requests that nobody finished."""
    root = vendor.folder.root
    return [*temporary.iterdir(), *root.rglob("*.part"), *(root / "work").iterdir()]


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_mistake_is_told_alike_by_every_way_and_leaves_nothing(
    region: Region, vendor: Vendor, mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, wanted = MISTAKES[mistake]
    body, before = make(), await rows(region)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files = open_files()
    for name, way in vendor.ways.items():
        told = await way(body)
        assert wanted <= {one.rule for one in told}, (name, told)
        assert all(one.ja and one.en and one.ja != one.en for one in told), name
        assert all(one.place or one.rule.startswith("json.") for one in told), (name, told)
    assert await rows(region) == before
    assert open_files() <= files
    assert left_behind(vendor, tmp_path) == []


async def test_a_body_of_200_megabytes_is_refused_unread_by_every_way(region: Region, vendor: Vendor) -> None:
    body, before = huge(200), await rows(region)
    told = {name: [one.rule for one in await way(body)] for name, way in vendor.ways.items()}
    sizes = ["http.body"], ["http.body"], ["http.body"], ["load.size"], ["C1.bundle.size"]
    assert told == dict(zip(vendor.ways, sizes, strict=True))
    assert await rows(region) == before
    for path in vendor.home.rglob("*.json"):
        if path.stat().st_size > 100 << 20:
            path.unlink()


@pytest.mark.parametrize("kind", ["conditions", "referral"])
async def test_a_resend_under_a_new_identifier_is_told_the_former_by_every_way(
    region: Region, vendor: Vendor, kind: str
) -> None:
    async with region.db.transaction() as tx:
        await institutions.put(tx, Institution(9, "1319876543", "青葉診療所", InstitutionType.CLINIC))
    tree = {"conditions": conditions, "referral": referral}[kind]()
    former = f"{HOSPITAL}^2026^{kind}-first"
    put(tree, "identifier.value", former)
    assert await vendor.push("/sharing/bundles", orjson.dumps(tree)) == []
    put(tree, "identifier.value", f"{HOSPITAL}^2026^{kind}-second")
    before = await rows(region)
    for name, way in vendor.ways.items():
        told = await way(orjson.dumps(tree))
        assert {one.rule for one in told} == {"C1.submission.new-identifier"}, (name, told)
        assert all(former in one.ja and former in one.en for one in told)
    assert await rows(region) == before
    put(tree, "identifier.value", former)
    assert [await way(orjson.dumps(tree)) for way in vendor.ways.values()] == [[]] * len(vendor.ways)


async def test_a_folder_of_files_names_the_broken_ones_and_passes_by_what_is_not_fhir(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_bytes("病名".encode("cp932"))
    (tmp_path / "package.json").write_bytes(b'{"name": "something else"}')
    (tmp_path / "notes.txt").write_bytes(b"nothing")
    large = tmp_path / "large.json"
    with large.open("wb") as out:
        os.truncate(out.fileno(), 60 << 20)
    assert [(one.path.name, one.form) for one in find([tmp_path])] == [
        ("broken.json", Form.RESOURCE),
        ("large.json", Form.TOO_LARGE),
    ]
