"""`kakehashi backup` and `kakehashi restore`: a whole installation on the embedded database, into a folder and back.

A copy holds `database/` (a base backup), `home/` (keys, checkpoints, profiles, loads; everything in the home folder but
the database) and `backup.json`. It is taken while the server works. Keys lie beside what they open, as they do at home:
whoever keeps copies for long keeps `home/keys` elsewhere (docs/operator.md).
"""

import asyncio
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

import kakehashi
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli import audit, place
from kakehashi.faces.cli.export import require_empty
from kakehashi.store import embedded, embedded_backup
from kakehashi.trust import log_note
from kakehashi.trust.signin.setup import OPERATOR
from kakehashi_verify.verify import Verdict

DATABASE, HOME, FACTS = "database", "home", "backup.json"
_BY = Actor("backup", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS)
_LAST = "last-backup.json"
Say = Callable[[str], None]


class Facts(msgspec.Struct, frozen=True):
    """What is known of a copy: when it was made and by which version; kept in it, and in the home it was made of."""

    at: datetime
    version: str


async def back_up(settings: Settings, folder: Path, say: Say) -> Verdict:
    """Copy the installation into an empty folder; return the log's verdict at that moment.

    What may be added meanwhile is in the copy of the database only if it was there when that copy ended; checkpoints
    are copied first, so that they are never ahead of it. Raises BadRequest, Unavailable.
    """
    _require_embedded(settings)
    require_empty(folder)
    await asyncio.to_thread(folder.chmod, 0o700)
    async with place.opened(settings) as house:
        facts = Facts(house.clock(), kakehashi.__version__)
        await _note(house, "backup.made")
        verdict = await audit.verify(house, None)
        await asyncio.to_thread(_copy, settings.home, folder, say)
    for kept in (folder / FACTS, settings.home / _LAST):
        kept.write_bytes(msgspec.json.encode(facts))
    return verdict


def _copy(home: Path, folder: Path, say: Say) -> None:
    say(f"{home} → {folder / HOME}")
    shutil.copytree(home, folder / HOME, ignore=_but_the_database(home), symlinks=True)
    say(f"{home / 'postgresql'} → {folder / DATABASE}")
    server = embedded.start(home / "postgresql")
    try:
        embedded_backup.back_up(server, folder / DATABASE)
    finally:
        server.close()


async def restore(settings: Settings, folder: Path, say: Say) -> Verdict:
    """Put a copy into the empty home folder, start it, and return the verdict on its log.

    Raises BadRequest (no copy there), Conflict (the home folder holds something), Unavailable (the copy is damaged).
    """
    _require_embedded(settings)
    _read_facts(folder / FACTS, required=True)
    if settings.home.exists() and any(settings.home.iterdir()):
        raise Conflict(
            f"{settings.home} は空ではありません。設定 home を空のフォルダにしてください。",
            f"{settings.home} is not empty. Set home to an empty folder.",
            rule="backup.home",
        )
    say(f"{folder / DATABASE} → {settings.home / 'postgresql'}")
    settings.home.mkdir(parents=True, exist_ok=True)
    embedded_backup.put_back(folder / DATABASE, settings.home / "postgresql")
    say(f"{folder / HOME} → {settings.home}")
    shutil.copytree(folder / HOME, settings.home, symlinks=True, dirs_exist_ok=True)
    async with place.opened(settings) as house:
        await _note(house, "backup.restored")
        return await audit.verify(house, None)


def last(home: Path) -> Facts | None:
    """Return what is known of the newest copy made of this home folder, None when none was made."""
    return _read_facts(home / _LAST)


def _read_facts(file: Path, *, required: bool = False) -> Facts | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Facts)
    except (OSError, msgspec.MsgspecError):
        if required:
            raise BadRequest(
                f"{file.parent} は kakehashi backup で作ったフォルダではありません。",
                f"{file.parent} is no folder that kakehashi backup made.",
                rule="backup.folder",
            ) from None
        return None


def _require_embedded(settings: Settings) -> None:
    if settings.database_url:
        raise BadRequest(
            "外部のデータベースはその道具 (pg_basebackup, pgBackRest) で控え、home フォルダも写してください。"
            "手順は docs/operator.md にあります。",
            "Back up an external database by its own tools (pg_basebackup, pgBackRest), and copy the home folder too. "
            "See docs/operator.md.",
            rule="backup.external",
        )


def _but_the_database(home: Path) -> Callable[[str, list[str]], list[str]]:
    return lambda where, names: [one for one in names if one == "postgresql" and Path(where) == home]


async def _note(house: House, action: str) -> None:
    async with house.db.transaction() as tx:
        await log_note.record(tx, action, "Installation/0", person=0, by=_BY, at=house.clock())
