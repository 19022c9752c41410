"""The operator's two questions: is this installation safe, and is its log whole?"""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest

from databases import as_owner
from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.logentry import Note
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli import audit, backup
from kakehashi.faces.cli.doctor import examine
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import clients_certificates, feed, institutions, log_append, quarantine
from kakehashi.store.clients_certificates import Certificate
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.log_sequencer import sequence

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


async def test_a_follower_of_the_feed_that_stands_still_is_named(house: House) -> None:
    assert not [one for one in await examine(house) if "follower" in one.en]
    async with feed.following(house.db, "lake"):
        pass
    assert _said(await examine(house), "follower of the feed lake: 0").good
    superuser = await asyncpg.connect(as_owner(house.db.url))
    await superuser.execute(
        "INSERT INTO feed (person, rid, at, version, type, change)"
        " SELECT 1, n, now(), 1, 1, 1 FROM generate_series(1, 10000) AS n"
    )
    await superuser.close()
    finding = _said(await examine(house), "follower of the feed lake")
    assert not finding.good and not finding.unsafe and "10,000" in finding.en


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


async def test_a_login_that_could_take_the_walls_down_is_named_with_the_way_to_a_bound_one(
    house: House,
) -> None:
    assert _said(await examine(house), "cannot become the owner").good
    one_url = replace(
        house.settings, database_url="postgresql://kakehashi:hush@db.example/k?sslmode=verify-full"
    )
    async with await Database.open(as_owner(house.db.url)) as db:
        finding = _said(await examine(House(db, one_url, house.clock)), "cannot become the owner")
    assert not finding.good and finding.unsafe
    for todo in (finding.todo_ja, finding.todo_en):
        assert (
            "ALTER ROLE kakehashi_app LOGIN PASSWORD '…';" in todo and "KAKEHASHI_OWNER_DATABASE_URL" in todo
        )
        assert "KAKEHASHI_DATABASE_URL=postgresql://kakehashi_app:…@db.example/k?sslmode=verify-full" in todo
        assert "hush" not in todo


async def test_an_untouched_log_is_whole(house: House) -> None:
    await _looks(house, 3)
    assert (await audit.verify(house, None)).exit_code == 0


async def test_a_log_that_a_superuser_edited_is_broken_at_the_first_edited_entry(house: House) -> None:
    await _looks(house, 5)
    await audit.verify(house, None)
    superuser = await asyncpg.connect(as_owner(house.db.url))
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


def _with(house: House, **change: object) -> House:
    return House(house.db, replace(house.settings, **change), house.clock)  # type: ignore[arg-type]


async def test_a_proxy_that_cannot_be_told_from_others_is_named(house: House) -> None:
    assert _said(await examine(house), "proxy in front").good
    public = _with(house, base_url="https://kakehashi.example")
    assert not _said(await examine(public), "proxy in front").good
    known = _with(public, proxy_secret="s" * 32, metrics_token="m" * 32)
    assert _said(await examine(known), "proxy in front").good
    assert _said(await examine(known), "/metrics").good


@pytest.mark.parametrize(("url", "good"), [
    ("postgresql://k@db.example/k", False), ("postgresql://k@db.example/k?sslmode=require", False),
    ("postgresql://k@db.example/k?sslmode=verify-full", True), ("postgresql://k@localhost/k", True),
    ("postgresql://k@/k?host=/run/postgresql", True),
])  # fmt: skip
async def test_a_database_elsewhere_without_tls_is_unsafe(house: House, url: str, good: bool) -> None:
    assert _said(await examine(_with(house, database_url=url)), "connection to the database").good is good


async def test_clocks_that_differ_are_unsafe(house: House) -> None:
    assert _said(await examine(house), "clock less").good
    late = House(house.db, house.settings, lambda: system_clock() - timedelta(seconds=30))
    assert not _said(await examine(late), "clock less").good


async def test_a_backup_is_asked_for_until_there_is_a_new_one(house: House) -> None:
    """Of the embedded database; an external one has its own."""
    elsewhere = _with(house, database_url="postgresql://k@db.example/k")
    assert not [one for one in await examine(elsewhere) if "newest backup" in one.en]
    assert not _said(await examine(house), "newest backup").good
    for age, good in ((timedelta(hours=1), True), (timedelta(days=3), False)):
        facts = backup.Facts(house.clock() - age, "0")
        (house.settings.home / "last-backup.json").write_bytes(msgspec.json.encode(facts))
        assert _said(await examine(house), "newest backup").good is good


async def test_a_log_that_nobody_signs_or_verifies_is_named(house: House) -> None:
    await _looks(house, 3)
    async with house.db.transaction() as tx:
        await sequence(tx)
    findings = await examine(house)
    assert not _said(findings, "checkpoint").good and not _said(findings, "log last verified").good
    await audit.verify(house, None)
    findings = await examine(house)
    assert _said(findings, "checkpoint").good and _said(findings, "log last verified").good
    later = House(house.db, house.settings, lambda: system_clock() + timedelta(days=8))
    assert not _said(await examine(later), "log last verified").good


async def test_a_verdict_that_was_bad_stays_unsafe(house: House) -> None:
    await test_a_log_that_a_superuser_edited_is_broken_at_the_first_edited_entry(house)
    finding = _said(await examine(house), "log last verified")
    assert not finding.good and finding.unsafe


async def test_a_database_that_died_of_late_is_named(house: House) -> None:
    (house.settings.home / "postgresql").mkdir()
    file = house.settings.home / "postgresql" / "revived.json"
    for state, unsafe in (("running", False), ("given up", True)):
        file.write_bytes(
            msgspec.json.encode({"at": "2026-11-21T03:00:00+00:00", "starts": 1, "state": state})
        )
        finding = _said(await examine(house), "database died")
        assert (finding.good, finding.unsafe) == (False, unsafe)


async def test_an_old_key_an_ending_certificate_and_a_quarantine_are_told(house: House) -> None:
    Vault.at(house.settings.home)
    old = (system_clock() - timedelta(days=800)).timestamp()
    os.utime(house.settings.home / "keys" / "seal.key", (old, old))
    async with house.db.transaction() as tx:
        await institutions.put(tx, HOSPITAL)
        soon = system_clock() + timedelta(days=9)
        kept = Certificate(b"\1" * 32, "CN=x", soon - timedelta(days=99), soon, system_clock())
        await clients_certificates.put(tx, HOSPITAL.key, kept)
        await quarantine.place(tx, HOSPITAL.key, at=system_clock(), by="t", reason="x")
    findings = await examine(house)
    assert "seal.key" in _said(findings, "keys' age").todo_en
    assert not _said(findings, "certificates that end").good
    assert not _said(findings, "in quarantine").good
