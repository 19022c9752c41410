"""Copy the embedded server's data while it works, and put a copy back: PostgreSQL's own base backup.

A base backup keeps transaction numbers, so the order of log and feed, and the log's proof, go on where they were; a
dump would lose that (docs/adr/0007). Every file of the copy is held against the checksum that the server gave for it.
"""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import msgspec

from kakehashi.core.errors import Conflict, Unavailable
from kakehashi.store import embedded, embedded_place
from kakehashi.store.embedded import BINARIES, Server


def back_up(server: Server, target: Path) -> None:
    """Copy the running server's data into the new folder `target`, and check the copy. Raises Unavailable."""
    socket = str(server.place.socket)
    _run("pg_basebackup", "-h", socket, "-U", "postgres", "-D", str(target), "-X", "stream", "-c", "fast",
         "--manifest-checksums=SHA256", "--no-password")  # fmt: skip
    check(target)


def check(copy: Path) -> None:
    """Hold a copy against its own list of files and checksums, and read its WAL through. Raises Unavailable.

    The wheel's pg_verifybackup crashes, so the list is read here. Source: PostgreSQL 18, "Backup Manifest Format".
    """
    try:
        raw = (copy / "backup_manifest").read_bytes()
        said = msgspec.json.decode(raw, type=_Manifest)
        lines = raw[: raw.rindex(b'"Manifest-Checksum"')]
        whole = hashlib.sha256(lines).hexdigest() == said.checksum and all(
            _is_whole(copy, one) for one in said.files
        )
    except (OSError, ValueError):
        whole = False
    if not whole:
        raise Unavailable(
            f"{copy} は壊れているか、欠けています。別の控えを使ってください。",
            f"{copy} is damaged or incomplete. Use another copy.",
            rule="backup.damaged",
        )
    for wal in said.wal:
        _run("pg_waldump", "--quiet", "--path", str(copy / "pg_wal"), "--timeline", str(wal.timeline), "--start",
             wal.start, "--end", wal.end)  # fmt: skip


class _File(msgspec.Struct, frozen=True, rename={"size": "Size", "path": "Path", "encoded": "Encoded-Path",
                                                 "checksum": "Checksum"}):  # fmt: skip
    size: int
    checksum: str
    path: str = ""
    encoded: str = ""  # hexadecimal, for a name that is not UTF-8


class _Wal(
    msgspec.Struct, frozen=True, rename={"timeline": "Timeline", "start": "Start-LSN", "end": "End-LSN"}
):
    timeline: int
    start: str
    end: str


class _Manifest(msgspec.Struct, frozen=True, rename={"files": "Files", "wal": "WAL-Ranges",
                                                     "checksum": "Manifest-Checksum"}):  # fmt: skip
    files: list[_File]
    wal: list[_Wal]
    checksum: str


def _is_whole(copy: Path, one: _File) -> bool:
    file = copy / (one.path or os.fsdecode(bytes.fromhex(one.encoded)))
    if file.stat().st_size != one.size:
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == one.checksum


def put_back(copy: Path, home: Path) -> None:
    """Put a copy in place as the data of the server under `home`. Raises Conflict where there are data already,
    Unavailable when the copy is damaged; then nothing was put there."""
    check(copy)
    if embedded.find(home) is not None or _holds_something(home):
        raise Conflict(
            f"{home} には既にデータがあります。空のフォルダに戻してください。",
            f"{home} holds data already. Restore into an empty folder.",
            rule="backup.home",
        )
    place = embedded_place.prepare(home, BINARIES)
    shutil.copytree(copy, place.data, symlinks=True, dirs_exist_ok=True)
    for one in (place.data, *place.data.rglob("*")):
        if not one.is_symlink():
            one.chmod(0o700 if one.is_dir() else 0o600)
        if place.uid is not None and place.gid is not None:
            os.chown(one, place.uid, place.gid, follow_symlinks=False)
    os.sync()


def _holds_something(home: Path) -> bool:
    data = home / "postgres"
    return data.exists() and any(data.iterdir())


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. Its words go to standard error: they tell of files, never of rows."""
    done = subprocess.run(  # noqa: S603 - our own binaries
        [BINARIES / "bin" / program, *arguments],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise Unavailable(
            f"バックアップに失敗しました ({program})。上の表示を見てください。",
            f"The backup failed ({program}). See what it said above.",
            rule="backup.failed",
        )
