"""The operator's two questions: is this installation safe, and is its log whole?"""

from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.logentry import Note
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli import audit
from kakehashi.faces.cli.doctor import Finding, examine
from kakehashi.store import log_append
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault

HOSPITAL = Institution(1, "4910100010", "架橋中央病院（架空）", InstitutionType.HOSPITAL)
DOCTOR = Actor("doctor", Role.DOCTOR, HOSPITAL, Purpose.TREATMENT)


@pytest.fixture
def house(db: Database, tmp_path: Path) -> House:
    return House(db, Settings(home=tmp_path), system_clock)


def _said(findings: list[Finding], word: str) -> Finding:
    return next(one for one in findings if word in one.en)


async def test_a_plain_local_installation_has_nothing_unsafe_about_its_keys_and_walls(house: House) -> None:
    Vault.at(house.settings.home)
    findings = await examine(house)
    assert _said(findings, "key files").good
    assert _said(findings, "row-level security").good
    assert _said(findings, "not the sample region").good


async def test_a_key_that_others_can_read_is_named(house: House) -> None:
    Vault.at(house.settings.home)
    (house.settings.home / "keys" / "seal.key").chmod(0o644)
    finding = _said(await examine(house), "key files")
    assert not finding.good and "seal.key" in finding.todo_en


@pytest.mark.parametrize(
    ("change", "word"),
    [({"demo": True}, "not the sample region"), ({"host": "0.0.0.0"}, "public address")],
)
async def test_the_demo_and_an_address_without_tls_are_unsafe(
    house: House, change: dict[str, object], word: str
) -> None:
    unsafe = House(house.db, replace(house.settings, **change), house.clock)  # type: ignore[arg-type]
    finding = _said(await examine(unsafe), word)
    assert not finding.good and finding.unsafe


async def test_an_untouched_log_is_whole(house: House) -> None:
    await _looks(house, 3)
    assert (await audit.verify(house, None)).exit_code == 0


async def test_a_log_that_a_superuser_edited_is_broken_at_the_first_edited_entry(house: House) -> None:
    await _looks(house, 5)
    await audit.verify(house, None)
    superuser = await asyncpg.connect(house.db.url)
    await superuser.execute("UPDATE log SET entry = 'x' WHERE seq = (SELECT min(seq) + 2 FROM log)")
    await superuser.close()
    verdict = await audit.verify(house, None)
    assert (verdict.kind, verdict.index, verdict.exit_code) == ("changed", 2, 1)


async def _looks(house: House, count: int) -> None:
    for _ in range(count):
        note = Note(DOCTOR, "read", "Observation", "own")
        await log_append.noted(house.db, note, at=house.clock())


async def test_a_log_without_entries_yet_is_no_broken_log(house: House) -> None:
    assert (await audit.verify(house, None)).exit_code == 0
