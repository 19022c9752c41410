"""A request and a response folder: files come in, verdicts go out, and a crash at any point loses nothing.

Folders under one root: `req` (the sender writes), `work` (being handled), `res` (results), `done` and `refused` (the
requests as received). Every step is a rename within one file system. A file in `work` after a crash is submitted
again under the same idempotency key, so it has one effect; when its result is there already, only the move is left.
One sweeper at a time: the root is locked.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path

from kakehashi.core.clock import Clock
from kakehashi.core.errors import Failure, Problem, Unavailable
from kakehashi.services.sharing.files import (
    RequestName,
    Verdict,
    idempotency_key,
    is_request,
    read_name,
    result_csv,
    result_json,
    result_name,
)
from kakehashi.services.sharing.rules.bundle import require_size

Submit = Callable[[bytes, str], Awaitable[Verdict]]  # body, idempotency key; raises Failure to refuse

_FOLDERS = ("req", "work", "res", "done", "refused")


class ExchangeFolder:
    """The two folders of one institution. `submit` registers one body; `clock` is asked once a file."""

    def __init__(self, root: Path, institution: str, submit: Submit, clock: Clock) -> None:
        self.root = root
        self.institution = institution
        self._submit = submit
        self._clock = clock
        for name in _FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)

    async def sweep(self) -> int:
        """Handle what is left over and what has come, oldest name first; return how many got a result.

        Raises Unavailable when the store is away: the file at hand stays in `work` for the next sweep.
        """
        handled = 0
        with self._only_one() as alone:
            if alone:
                for path in [*self._left_over(), *self._claimed()]:
                    await self._handle(path)
                    handled += 1
        return handled

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[bool]:
        with (self.root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _left_over(self) -> list[Path]:
        return sorted((self.root / "work").iterdir())

    def _claimed(self) -> Iterator[Path]:
        """Take over each complete request, one by one, so that a stop leaves the rest with the sender."""
        for path in sorted((self.root / "req").iterdir()):
            if is_request(path.name) and path.is_file() and not path.is_symlink():
                yield path.rename(self.root / "work" / path.name)

    async def _handle(self, path: Path) -> None:
        result = self.root / "res" / result_name(path.name, "json")
        if result.exists():  # the crash came between result and move
            await asyncio.to_thread(self._put_away, path, accepted=b'"accepted"' in result.read_bytes()[:400])
            return
        verdict = await self._verdict(path)
        await asyncio.to_thread(self._answer, path, verdict, self._clock())
        await asyncio.to_thread(self._put_away, path, accepted=verdict.accepted)

    async def _verdict(self, path: Path) -> Verdict:
        named = read_name(path.name)
        if isinstance(named, Problem):
            return Verdict(False, (named,))
        try:
            self._require_own(named)
            body = await asyncio.to_thread(_read, path)
            return await self._submit(body, idempotency_key(path.name, body))
        except Unavailable:
            raise
        except Failure as failure:
            return Verdict(False, failure.problems)

    def _require_own(self, named: RequestName) -> None:
        if named.institution != self.institution:
            raise Failure(
                "ファイル名の医療機関番号が、このフォルダの医療機関のものではありません。",
                "The institution in the file name is not the one this folder belongs to.",
                rule="C1.file.sender",
            )

    def _answer(self, path: Path, verdict: Verdict, at: datetime) -> None:
        """Write the CSV first: a program that waits for the JSON then finds both."""
        _write(self.root / "res" / result_name(path.name, "csv"), result_csv(path.name, verdict))
        _write(self.root / "res" / result_name(path.name, "json"), result_json(path.name, verdict, at=at))

    def _put_away(self, path: Path, *, accepted: bool) -> None:
        path.rename(self.root / ("done" if accepted else "refused") / path.name)


def _read(path: Path) -> bytes:
    """Return the file, unless it is larger than a transmission may be; that is known without reading it."""
    require_size(path.stat().st_size)
    return path.read_bytes()


def _write(path: Path, body: bytes) -> None:
    """Write whole or not at all, and so that it outlives a power cut."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
