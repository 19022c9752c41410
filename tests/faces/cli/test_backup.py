"""A copy of a whole installation, taken while it works, put back into a new home: nothing lost, the log goes on."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, Unavailable
from kakehashi.core.logentry import Note
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.faces.cli import audit, backup, place
from kakehashi.store import feed, institutions, log_append, reach
from kakehashi.trust.keys import Vault

HOSPITAL = Institution(1, "4910199999", "控え試験病院 (sample)", InstitutionType.HOSPITAL)
SYSTEM = Actor("system", Role.SYSTEM, HOSPITAL, Purpose.TREATMENT, scopes=("system/*.cruds",))


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that the database's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-backup-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def settings(room: Path) -> Settings:
    (room / "home" / "postgresql").mkdir(parents=True)
    (room / "home").chmod(0o711)
    (room / "home" / "postgresql").chmod(0o711)
    return Settings(home=room / "home")


def quiet(_: str) -> None:
    return None


async def write(house: House, name: str) -> None:
    line = (
        b'{"resourceType":"Patient","id":"%s","name":[{"text":"\xe8\xa6\x8b\xe6\x9c\xac"}]}' % name.encode()
    )
    assert (await bulk.take(house, [(1, line)], by=SYSTEM, at=house.clock())).stored == {"Patient": 1}


async def state(house: House) -> tuple[int, list[tuple[int, int]]]:
    """How many entries the log has, and the order of the feed."""
    async with house.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = int(await tx.fetchval("SELECT count(*) FROM log"))
        return entries, [(one.position.xid, one.position.seq) for one in await feed.after(tx, feed.START)]


async def test_what_was_there_is_there_again_and_the_log_goes_on_under_proof(
    settings: Settings, room: Path
) -> None:
    async with place.opened(settings) as house:
        async with house.db.transaction() as tx:
            await institutions.put(tx, HOSPITAL)
        sealed = Vault.at(settings.home).seal(b"secret", "test")
        await write(house, "before")
        writing = asyncio.create_task(_go_on_writing(house))  # it works meanwhile
        assert (await backup.back_up(settings, room / "copy", quiet)).kind == "whole"
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await write(house, "after")
        entries, _ = await state(house)
    new = replace(settings, home=room / "new")
    new.home.mkdir(mode=0o711)
    assert (await backup.restore(new, room / "copy", quiet)).kind == "whole"
    assert Vault.at(new.home).open(sealed, "test") == b"secret"
    async with place.opened(new) as house:
        restored, order = await state(house)
        assert 0 < restored < entries + 1
        await write(house, "since")
        _, longer = await state(house)
        assert longer[: len(order)] == order and longer[len(order) :] == sorted(longer[len(order) :])
        assert longer[len(order)] > order[-1]  # transaction numbers go on: nothing new sorts before the old
        assert (await audit.verify(house, None)).kind == "whole"


async def _go_on_writing(house: House) -> None:
    number = 0
    while True:
        number += 1
        await write(house, f"meanwhile-{number}")
        await asyncio.sleep(0.01)


async def test_a_restore_to_an_earlier_point_is_found_out_by_checkpoints_held_elsewhere(
    settings: Settings, room: Path
) -> None:
    """Whoever puts an old copy back to hide what came since is found out: the log is shorter than what was signed."""
    async with place.opened(settings) as house:
        await _look(house)
        await backup.back_up(settings, room / "copy", quiet)
        for _ in range(5):
            await _look(house)
        await audit.verify(house, None)
    new = replace(settings, home=room / "new")
    new.home.mkdir(mode=0o711)
    assert (await backup.restore(new, room / "copy", quiet)).kind == "whole"
    shutil.copytree(settings.home / "checkpoints", new.home / "checkpoints", dirs_exist_ok=True)
    async with place.opened(new) as house:
        assert (await audit.verify(house, None)).kind == "rolled-back"


async def _look(house: House) -> None:
    await log_append.noted(house.db, Note(SYSTEM, "read", "Observation", "own"), at=house.clock())


async def test_a_damaged_copy_a_full_home_and_a_strange_folder_are_refused(
    settings: Settings, room: Path
) -> None:
    await backup.back_up(settings, room / "copy", quiet)
    new = replace(settings, home=room / "new")
    with pytest.raises(Conflict):
        await backup.restore(settings, room / "copy", quiet)
    with pytest.raises(BadRequest):
        await backup.restore(new, room, quiet)
    with pytest.raises(BadRequest):
        await backup.back_up(settings, room / "copy", quiet)
    damaged = room / "copy" / "database" / "base" / "1" / "PG_VERSION"
    damaged.write_text("17\n", "ascii")
    with pytest.raises(Unavailable):
        await backup.restore(new, room / "copy", quiet)
    assert not (new.home / "postgresql" / "postgres").exists()


async def test_an_external_database_is_left_to_its_own_tools(settings: Settings, room: Path) -> None:
    elsewhere = replace(settings, database_url="postgresql://db.example/kakehashi")
    for act in (backup.back_up, backup.restore):
        with pytest.raises(BadRequest, match="pg_basebackup"):
            await act(elsewhere, room / "copy", quiet)
