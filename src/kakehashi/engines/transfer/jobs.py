"""Asking for a job, looking at it, taking what came of it, cancelling it: always by its owner; others find none."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound, Problem, Refused, TooMany
from kakehashi.core.ids import new_id
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.transfer import files
from kakehashi.engines.transfer.wanted import Export, File, Import, Place, actor_of, who
from kakehashi.store import log_append, transfers
from kakehashi.store.database import Connection
from kakehashi.store.transfers import Transfer
from kakehashi.trust import roles
from kakehashi.trust.oauth import scopes

MOST_OPEN = 5  # jobs of one client that are not done
_ACTIONS = {"export": "bulk.export", "import": "bulk.import"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands. `problem`: what it failed of."""

    job: Transfer
    files: tuple[File, ...]
    place: Place
    problem: Problem | None

    @property
    def request(self) -> str:
        """The address that asked for it."""
        return _Request.of(self.job.asked)


async def ask(house: House, asked: Asked, wanted: Export | Import, *, body: bytes = b"") -> str:
    """Keep a job and return its id; `body` is an import's first input. Raises TooMany, Unavailable; logged."""
    direction: transfers.Direction = "export" if isinstance(wanted, Export) else "import"
    actor, job = asked.actor, new_id()
    house.db.require_room()
    if body:
        await asyncio.to_thread(_keep, house.settings.home, job, body)
    async with house.db.transaction() as db:
        await transfers.reach_own(db, actor)
        if await transfers.count_open(db, actor) >= MOST_OPEN:
            await asyncio.to_thread(files.remove, house.settings.home, [job])
            raise _too_many()
        said = msgspec.json.encode(wanted).decode()
        await transfers.put(db, job, actor, direction, who=who(actor), asked=said, files="[]", at=asked.at)
        await _note(db, asked, _ACTIONS[direction], job)
    return job


async def standing(house: House, asked: Asked, job: str) -> Standing:
    """Return how a job of the asker stands. Raises NotFound."""
    async with house.db.transaction() as db:
        return _standing(await _own(db, asked.actor, job))


async def fetch(house: House, asked: Asked, job: str, name: str) -> tuple[Path, File]:
    """Return a file of a job that is done, and what is known of it. Raises NotFound, Refused; logged."""
    async with house.db.transaction() as db:
        found = _standing(await _own(db, asked.actor, job))
        file = next((one for one in found.files if one.name == name), None)
        if found.job.state != "done" or file is None:
            raise NotFound
        if file.section == "output":
            roles.require(asked.actor, "export", resource_type=file.type)
        _require_as_wide(asked.actor, actor_of(found.job.actor), file)
        await _note(db, asked, "bulk.fetched", job)
    path = files.folder_of(house.settings.home, job, found.job.attempt) / name
    if not await asyncio.to_thread(path.exists):
        raise files.Lost(rule="bulk.lost")
    return path, file


async def cancel(house: House, asked: Asked, job: str) -> None:
    """Stop a job, or throw away what came of it; its files go at once. Raises NotFound; logged."""
    async with house.db.transaction() as db:
        await _own(db, asked.actor, job)
        await transfers.cancel(db, job, at=asked.at)
        await _note(db, asked, "bulk.cancelled", job)
    await asyncio.to_thread(files.remove, house.settings.home, [job])


def known_of(job: Transfer) -> list[File]:
    """Return the files that the row tells of."""
    return msgspec.json.decode(job.files, type=list[File])


def place_of(job: Transfer) -> Place:
    """Return how far the row says that it is."""
    return msgspec.json.decode(job.place, type=Place) if job.place else Place()


def said(value: object) -> str:
    """Return a value of `wanted` as the row keeps it."""
    return msgspec.json.encode(value).decode()


class _Request(msgspec.Struct):
    request: str

    @staticmethod
    def of(text: str) -> str:
        return msgspec.json.decode(text, type=_Request).request


async def _own(db: Connection, actor: Actor, job: str) -> Transfer:
    await transfers.reach_own(db, actor)
    found = await transfers.by_id(db, job)
    if found is None or found.state == "cancelled":
        raise NotFound
    return found


def _standing(job: Transfer) -> Standing:
    problem = msgspec.json.decode(job.problem, type=Problem) if job.problem else None
    return Standing(job, tuple(known_of(job)), place_of(job), problem)


def _require_as_wide(by: Actor, asker: Actor, file: File) -> None:
    """Raise Refused where the job was asked for by a token of the client's that its present one does not reach."""
    mine, theirs = scopes.narrowed(by.scopes, "export"), scopes.narrowed(asker.scopes, "export")
    for kind in mine.by_type if file.section == "deleted" else (file.type,):
        own, held = mine.of(kind), theirs.of(kind)
        if own is not None and (held is None or not set(held) <= set(own)):
            raise Refused(rule="bulk.scope")


def _keep(home: Path, job: str, body: bytes) -> None:
    folder = files.begun(home, job)
    files.write(folder / "input.1.ndjson", body)


async def _note(db: Connection, asked: Asked, action: str, job: str) -> None:
    await log_append.append(
        db, Note(asked.actor, action, f"Transfer/{job}", request=asked.request), (), at=asked.at
    )


def _too_many() -> TooMany:
    return TooMany(
        f"終わっていない処理が {MOST_OPEN} 件あります。終わるのを待つか、DELETE で取り消してください。",
        f"{MOST_OPEN} of your jobs are not done. Wait for them, or cancel some with DELETE.",
        rule="bulk.open",
    )
