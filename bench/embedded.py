"""The embedded set-up in a folder of its own: prepared, loaded by the real command, served by the real server."""

import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.drive import Meter
from bench.links import Linked
from bench.machine import family_seconds, used
from bench.wire import Target, Wire, request
from kakehashi.core.actors import Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.kinds import PERSONAL_KINDS
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli.demo import institution_of
from kakehashi.fhir.types import NUMBER
from kakehashi.samples.region import BY_SLUG, SITES
from kakehashi.store import desk, embedded, institutions
from kakehashi.store.database import Database
from kakehashi.store.whereabouts import whereabouts
from kakehashi.store.window_sql import open_on, system_window
from kakehashi.trust import consents
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.keys import Vault
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi.trust.oauth import demo as demo_tokens
from kakehashi.trust.oauth.tokens import LONGEST_LIFE, Tokens
from kakehashi.trust.signin import sessions, setup, steps
from kakehashi.trust.signin.accounts import NewAccount
from kakehashi.trust.signin.policy import Policy

_COMMAND = [sys.executable, "-c", "from kakehashi.faces.cli.main import main; main()"]
_START = 60  # seconds that a server may take
_TOLD = re.compile(r": (\d+) 件登録")
_REFUSALS = re.compile(r"reasons: (\S.*)")
VISITOR = "sakura"  # where the doctor of the viewer's page works


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one `kakehashi load` did.

    steady: resources a second between the first and the last word of progress; refusals: by file, where the reasons of
    what was refused stand.
    """

    stored: int
    seconds: float
    steady: float
    server: float  # processor seconds of the command
    postgresql: float
    refusals: Mapping[Path, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in session, and the addresses of some persons' viewer pages in it."""

    cookie: str
    paths: list[str]


class Place:
    """One embedded installation. Its PostgreSQL runs as long as `opened` lasts."""

    def __init__(self, home: Path, server: embedded.Server) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.server = server
        self.serving_pid = 0  # while it serves
        self.settings = Settings(home=home, port=port, demo=True, workers=len(os.sched_getaffinity(0)))

    @classmethod
    @contextmanager
    def opened(cls, home: Path) -> Iterator["Place"]:
        """Start the embedded PostgreSQL under `home`, and stop it in the end."""
        for folder in (home, home / "postgresql"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)  # as root PostgreSQL runs as another user; so its data stays below `home`
        server = embedded.start(home / "postgresql")
        try:
            yield cls(home, server)
        finally:
            server.close()

    @property
    def base(self) -> str:
        """The FHIR base URL."""
        return f"{self.settings.public_url}/fhir"

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """Yield the open installation."""
        async with await Database.open(self.server.app_url, owner=self.server.url) as db:
            yield House(db, self.settings, system_clock)

    async def prepare(self) -> None:
        """Register the institutions of the sample region."""
        async with self.house() as house, house.db.transaction() as db:
            for site in SITES:
                await institutions.put(db, institution_of(site))

    async def tokens(self, sites: tuple[str, ...]) -> dict[str, str]:
        """Return a system's token for each site."""
        async with self.house() as house:
            minter = Tokens(house.db, Vault.at(self.settings.home), self.settings.public_url)
            return {
                slug: await demo_tokens.mint(
                    minter, self.settings, institution=institution_of(BY_SLUG[slug]), role=Role.SYSTEM,
                    lives=LONGEST_LIFE, at=house.clock(),
                )
                for slug in sites
            }  # fmt: skip

    def load(self, site: str, *files: Path) -> Loaded:
        """Run `kakehashi load` on some files of an institution."""
        command = [
            *_COMMAND,
            "load",
            *map(str, files),
            "--institution",
            BY_SLUG[site].code,
            "--agreed-orally",
        ]
        before, started = family_seconds(self.server.pid), time.perf_counter()
        process = subprocess.Popen(command, env=self._environment(), stdout=subprocess.PIPE, text=True)
        told, reasons, spent = list[tuple[float, int]](), list[Path](), 0.0
        assert process.stdout is not None
        for line in process.stdout:
            spent = max(spent, family_seconds(process.pid))
            if found := _TOLD.search(line):
                told.append((time.perf_counter(), int(found[1])))
            elif found := _REFUSALS.search(line):
                reasons.append(Path(found[1]))
        if process.wait():
            raise RuntimeError(f"kakehashi load ended with {process.returncode}")
        seconds = time.perf_counter() - started
        stored = max(count for _, count in told)
        refusals = {path: one for path in files for one in reasons if one.name.startswith(f"{path.stem}-")}
        used_there = family_seconds(self.server.pid) - before
        return Loaded(stored, seconds, _steady(told), spent, used_there, refusals)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Meter]:
        """Run `kakehashi serve`; yield what meters it."""
        process = self._served()
        self.serving_pid = process.pid
        try:
            await self._ready(process)
            yield lambda: used(process.pid, self.server.pid)
        finally:
            process.terminate()
            process.wait()

    def _served(self) -> "subprocess.Popen[bytes]":
        log = (self.settings.home / "serve.log").open("ab")
        with log:
            return subprocess.Popen([*_COMMAND, "serve"], env=self._environment(), stdout=log, stderr=log)

    async def _ready(self, process: "subprocess.Popen[bytes]") -> None:
        target = Target.of(self.base)
        ask = request(target, "GET", "/metadata", {"accept": "application/fhir+json"})
        for _ in range(_START * 10):
            if process.poll() is not None:
                raise RuntimeError(f"kakehashi serve ended with {process.returncode}")
            try:
                wire = await Wire.open(target)
                answer = await wire.send(ask)
                wire.close()
            except OSError:
                await asyncio.sleep(0.1)
            else:
                if answer.status == 200:
                    return
                raise RuntimeError(f"/metadata answered {answer.status}")
        raise RuntimeError("the server did not start")

    async def bytes_a_resource(self) -> dict[str, float]:
        """Return bytes a resource: of the rows, of their indexes, and of feed and log beside them."""
        connection = await asyncpg.connect(self.server.url)
        try:
            await connection.execute("VACUUM resource")  # entries that wait go into the token index
            rows = await connection.fetchval("SELECT count(*) FROM resource")
            sizes = {
                "rows": "pg_table_size('resource')",
                "indexes": "pg_indexes_size('resource')",
                "feed": "pg_total_relation_size('feed')",
                "log": "pg_total_relation_size('log')",
            }
            [found] = await connection.fetch(f"SELECT {', '.join(sizes.values())}")
        finally:
            await connection.close()
        return dict(zip(sizes, (size / rows for size in found), strict=True))

    async def linked(self) -> Linked:
        """Return which person each Patient was put under, and how many persons and doubts there are."""
        connection = await asyncpg.connect(self.server.url)
        try:
            rows = await connection.fetch(
                "SELECT id, root FROM resource JOIN person USING (person) WHERE type = $1", NUMBER["Patient"]
            )
            counts = {
                "persons": "SELECT count(DISTINCT root) FROM person",
                "doubts": "SELECT count(*) FROM person_suspension WHERE state = 'open'",
                "candidates": "SELECT count(*) FROM person_candidate WHERE state = 'open'",
            }
            found = {name: await connection.fetchval(query) for name, query in counts.items()}
        finally:
            await connection.close()
        return Linked({row["id"]: row["root"] for row in rows}, **found)

    async def settle(self) -> None:
        """Let what the load left to others end, so that it is not measured as the requests' own cost: the log's tree,
        and what PostgreSQL tidies up.
        """
        home = self.settings.home
        async with self.house() as house:
            await Sequencer(house.db, Signer.at(home), Held.at(home)).run(at=house.clock())
        connection = await asyncpg.connect(self.server.url)
        try:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()

    async def version(self) -> str:
        """Return PostgreSQL's version."""
        connection = await asyncpg.connect(self.server.url)
        try:
            return "PostgreSQL " + str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    async def visit(self, patients: list[str]) -> Visit:
        """Sign a doctor in, give the consent of these patients, and open their pages at the desk."""
        site, login, password = (
            institution_of(BY_SLUG[VISITOR]),
            f"bench-{secrets.token_hex(4)}",
            secrets.token_hex(12),
        )
        async with self.house() as house:
            at, policy = house.clock(), Policy.of(self.settings)
            new = NewAccount(login, "測定用 (sample)", site, Role.DOCTOR, licence=secrets.token_hex(4))
            await setup.demo_account(house.db, new, password, settings=self.settings, at=at)
            ticket = await steps.with_password(
                house.db, login, password, address="bench", at=at, policy=policy
            )
            ticket = await sessions.choose(
                house.db, ticket.token, site.key, Role.DOCTOR, Purpose.TREATMENT, at=at, policy=policy
            )
            session = await sessions.open_session(house.db, ticket.token, at=at, policy=policy)
            assert session.actor
            paths = []
            for person in await self._persons(house, patients):
                async with house.db.transaction() as db:
                    await consents.give(
                        db, person, site.key, PERSONAL_KINDS, by=session.actor, at=at, evidence="oral"
                    )
                    paths.append("/viewer/" + await desk.put(db, session.id, person, at=at))
        return Visit(ticket.token, paths)

    async def _persons(self, house: House, patients: list[str]) -> list[int]:
        async with house.db.transaction() as db:
            await open_on(db, system_window("the bench looks for persons"))
            found = await whereabouts(db, [("Patient", one) for one in patients])
        return sorted({place.person for place in found.values()})

    def _environment(self) -> dict[str, str]:
        mine = {
            "home": self.settings.home, "port": self.settings.port, "workers": self.settings.workers, "demo": "true"
        }  # fmt: skip
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KAKEHASHI_")}
        return kept | {f"KAKEHASHI_{name.upper()}": str(value) for name, value in mine.items()}


def _steady(told: list[tuple[float, int]]) -> float:
    """Return resources a second between the first and the last progress told, without start and end of the command."""
    moving = [one for one, after in zip(told, [*told[1:], (0.0, 0)], strict=True) if one[1] != after[1]]
    if len(moving) < 3:
        return 0.0
    (start, first), (end, last) = moving[0], moving[-1]
    return (last - first) / (end - start)
