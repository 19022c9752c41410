"""The files of a job: a folder under `home/exports` that only this server's user can read, and what is written there.

What counts of a file is what the job's row says of it (`File.bytes`): whoever takes a job up again cuts the rest away.
"""

import os
import re
import shutil
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.errors import Failure
from kakehashi.engines.transfer.wanted import File, Section
from kakehashi.store.guard import LEAST_FREE, free_bytes

MOST_BYTES = 256 << 20  # of one file, about: the next page begins another
_LINE_ENDS = b"\r\n"
_HOUR = 3600.0  # seconds
_FOLDER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.\d+", re.ASCII)
Line = tuple[Section, str, bytes]  # section, type, JSON


class Lost(Failure):
    """Files of a job are not as its row says: it cannot go on, and must be asked for again."""

    default_ja = "サーバー側で途中のファイルが失われました。もう一度依頼してください。"
    default_en = "Files of this job were lost on our side. Please ask for it again."


class Full(Failure):
    """The disk has no room for another page."""

    default_ja = "サーバーのディスクの空きが足りません。運用担当者に連絡してください。"
    default_en = "The server's disk is nearly full. Please tell the operator."


def root(home: Path) -> Path:
    """Return the folder of all jobs, made the first time."""
    folder = home / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def folder_of(home: Path, job: str, attempt: int) -> Path:
    """Return where the files of a job lie that was taken up so many times."""
    return home / "exports" / f"{job}.{attempt}"


def begun(home: Path, job: str) -> Path:
    """Make the folder of a job that nobody has taken up yet."""
    folder = root(home) / f"{job}.0"
    folder.mkdir(mode=0o700)
    return folder


def adopted(home: Path, job: str, attempt: int) -> Path:
    """Return the folder of a job that was just taken up; whoever had it before finds it gone."""
    folder = root(home) / f"{job}.{attempt}"
    for former in folder.parent.glob(f"{job}.*"):
        if former != folder:
            former.rename(folder)
            return folder
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def cut_back(folder: Path, files: Sequence[File]) -> None:
    """Make files what the job's row says of them. Raises Lost."""
    for file in files:
        path = folder / file.name
        if not path.exists() or path.stat().st_size < file.bytes:
            raise Lost(rule="bulk.lost")
        os.truncate(path, file.bytes)
    known = {file.name for file in files}
    for path in folder.glob("*.ndjson"):
        if path.name not in known and not path.name.startswith("input."):
            path.unlink()


def add(folder: Path, files: list[File], lines: Iterable[Line]) -> None:
    """Append lines to the newest file of their section and type, and have them on the disk. Blocks; raises Full, Lost.

    `files` is brought up to date. One line is held at a time, however many there are.
    """
    if free_bytes(folder.parent) < LEAST_FREE:
        raise Full(rule="bulk.disk")
    try:
        with ExitStack() as stack:
            opened: dict[tuple[Section, str], tuple[File, BinaryIO]] = {}
            for section, resource_type, text in lines:
                key = (section, resource_type)
                if key not in opened:
                    file = _newest(files, section, resource_type)
                    opened[key] = file, stack.enter_context(_open(folder / file.name))
                file, out = opened[key]
                line = text.translate(None, _LINE_ENDS)  # within strings they are written as escapes
                file.bytes += out.write(line) + out.write(b"\n")
                file.count += 1
            for _, out in opened.values():
                out.flush()
                os.fsync(out.fileno())
    except FileNotFoundError:  # the folder is another's now, or was thrown away
        raise Lost(rule="bulk.lost") from None


def remove(home: Path, jobs: Iterable[str]) -> None:
    """Remove all files of jobs. Blocks."""
    for job in jobs:
        for folder in (home / "exports").glob(f"{job}.*"):
            shutil.rmtree(folder, ignore_errors=True)


def write(path: Path, body: bytes) -> None:
    """Append to a file that only this server's user can read. Blocks."""
    with _open(path) as out:
        out.write(body)


def left_behind(home: Path) -> set[str]:
    """Return the ids of the jobs whose folder nobody has touched for an hour. Blocks."""
    before = time.time() - _HOUR  # the clock of the disk, not of the house
    folders = (home / "exports").glob("*.*")
    return {
        one.name.partition(".")[0]
        for one in folders
        if _FOLDER.fullmatch(one.name) and one.stat().st_mtime < before
    }


def _newest(files: list[File], section: Section, resource_type: str) -> File:
    mine = [one for one in files if (one.section, one.type) == (section, resource_type)]
    if mine and mine[-1].bytes < MOST_BYTES:
        return mine[-1]
    name = resource_type if section == "output" else section
    file = File(f"{name}.{len(mine) + 1}.ndjson", resource_type, section)
    files.append(file)
    return file


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
