"""The key of the log changes: old checkpoints verify as before, by whichever of the keys, and nobody else slips in."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from log_words import DOCTOR

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.store import reach
from kakehashi.store.database import Database
from kakehashi.trust import checkpoints_change, log_note
from kakehashi.trust.checkpoints import BadCheckpoint, Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_export import export
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi.trust.signin.setup import OPERATOR
from kakehashi_verify.verify import Verdict, verify

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
KEEPER = Actor("keeper", Role.OPERATOR, OPERATOR, Purpose.OPERATIONS, factors=2)


@dataclass
class Log:
    """A log that grows, in a home folder with its keys."""

    db: Database
    home: Path
    sequencer: Sequencer  # of a server that started with the first key and knows of no change

    async def grow(self, entries: int, at: datetime) -> None:
        async with self.db.transaction() as tx:
            for _ in range(entries):
                await log_note.record(tx, "test", "Test/1", person=0, by=KEEPER, at=at)
        await self.sequencer.run(at=at)
        await self.sequencer.sign(at=at, now=True)

    async def verdict(self, key: str) -> Verdict:
        await export(self.db, self.home / "export")
        return verify(self.home / "export", key, Held.at(self.home).notes)


@pytest.fixture
async def log(db: Database, tmp_path: Path) -> Log:
    made = Log(db, tmp_path, Sequencer(db, Signer.at(tmp_path), Held.at(tmp_path)))
    await made.grow(5, NOW)
    return made


async def change(log: Log, hours: int) -> str:
    made = await checkpoints_change.change(log.db, log.home, by=KEEPER, at=NOW + timedelta(hours=hours))
    return made.vkey


async def test_after_two_changes_every_key_verifies_the_whole_log(log: Log) -> None:
    first = Signer.at(log.home).verifier.vkey
    second = await change(log, 1)
    await log.grow(3, NOW + timedelta(hours=2))
    third = await change(log, 3)
    await log.grow(3, NOW + timedelta(hours=4))
    published = (log.home / "keys" / "log.pub").read_text("utf-8")
    assert len({first, second, third}) == 3 and published.split()[0] == third
    for key in (first, second, third, published):
        assert (await log.verdict(key)).kind == "whole"
    stranger = Signer("elsewhere", bytes(32)).verifier.vkey
    assert (await log.verdict(stranger)).kind == "unsigned"


async def test_a_changed_entry_is_named_across_a_change_of_keys(log: Log) -> None:
    first = Signer.at(log.home).verifier.vkey
    await change(log, 1)
    await log.grow(3, NOW + timedelta(hours=2))
    await export(log.db, log.home / "export")
    entries = log.home / "export" / "entries.ndjson"
    lines = entries.read_bytes().splitlines(keepends=True)
    entries.write_bytes(b"".join([*lines[:2], b'"Zm9yZ2Vk"\n', *lines[3:]]))
    found = verify(log.home / "export", first, Held.at(log.home).notes)
    assert (found.kind, found.index) == ("changed", 2)


async def test_the_former_key_signs_nothing_more(log: Log) -> None:
    """Who has stolen it can neither sign later checkpoints nor hand over a second time."""
    thief = Signer(Signer.at(log.home).verifier.name, (log.home / "keys" / "log.key").read_bytes())
    current = await change(log, 1)
    await log.grow(3, NOW + timedelta(hours=2))
    accomplice = Signer(thief.verifier.name, bytes(32))
    for note in (thief.sign(500, bytes(32))[1], thief.hand_over(500, bytes(32), accomplice)[1]):
        with pytest.raises(BadCheckpoint):
            Signer.at(log.home).verifier.open(note)
        await export(log.db, log.home / "export")
        with (log.home / "export" / "checkpoints.ndjson").open("ab") as file:
            file.write(orjson.dumps({"at": "2026-11-21T00:00:00Z", "note": note}) + b"\n")
        assert verify(log.home / "export", current).kind == "unsigned"


async def test_a_hand_over_that_only_one_of_the_keys_signed_hands_over_nothing(log: Log) -> None:
    signer = Signer.at(log.home)
    thief = Signer(signer.verifier.name, bytes(32))
    _, note = signer.hand_over(3, bytes(32), thief)
    alone = note.rpartition("— ")[0]  # without the new key's line
    await export(log.db, log.home / "export")
    file = log.home / "export" / "checkpoints.ndjson"
    forged = thief.sign(4, bytes(32))[1]
    with file.open("ab") as out:
        for one in (alone, forged):
            out.write(orjson.dumps({"at": "2026-11-21T00:00:00Z", "note": one}) + b"\n")
    assert verify(log.home / "export", signer.verifier.vkey).kind == "unsigned"


async def test_only_who_keeps_the_keys_changes_them(log: Log) -> None:
    before = checkpoints_change.keys(log.home)
    for by in (DOCTOR, replace(KEEPER, role=Role.AUDITOR, purpose=Purpose.AUDIT)):
        with pytest.raises(Refused):
            await checkpoints_change.change(log.db, log.home, by=by, at=NOW)
    assert checkpoints_change.keys(log.home) == before


async def test_the_change_is_in_the_log_and_shown_with_the_last_size_of_the_former_key(log: Log) -> None:
    await change(log, 1)
    current, former = checkpoints_change.keys(log.home)
    assert current.upto is None and former.upto is not None and former.upto >= 5
    async with log.db.transaction() as db:
        await reach.open_on(db, reach.WHOLE_LOG)
        said = await db.fetchval(
            "SELECT count(*) FROM log WHERE convert_from(entry, 'UTF8')::jsonb ->> 'action' = 'log-key.changed'"
        )
    assert said == 1
