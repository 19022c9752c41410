"""The embedded server: started, shared, found, stopped, and started again after whatever happened."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from kakehashi.store import embedded, embedded_place
from kakehashi.store.embedded_start import starting

QUICK = {"fsync": "off"}


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder that the server's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="kakehashi-embedded-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


async def answer(url: str, statement: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_is_shared_while_used_stopped_by_the_last_and_keeps_its_data(home: Path) -> None:
    assert embedded.find(home) is None
    first, second = embedded.start(home, QUICK), embedded.start(home, QUICK)
    assert first.pid == second.pid
    assert embedded.find(home) == first.url
    await answer(first.url, "CREATE TABLE kept AS SELECT 7 AS n")
    first.close()
    assert await answer(second.url) == 1
    second.close()
    second.close()
    assert (embedded.find(home), second.pid) == (None, None)
    third = embedded.start(home, QUICK)
    assert await answer(third.url, "SELECT n FROM kept") == 7
    third.close()


async def test_it_is_safe_by_its_settings_and_closed_to_others(home: Path) -> None:
    server = embedded.start(home)
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await answer(server.url, f"SHOW {name}") == "on", name
    assert await answer(server.url, "SHOW listen_addresses") == ""
    assert server.folder.stat().st_mode & 0o777 == 0o700
    server.close()


async def test_it_starts_over_the_lock_of_a_dead_server_whose_number_another_process_has_now(
    home: Path,
) -> None:
    server = embedded.start(home, QUICK)
    lock = server.folder / "postmaster.pid"
    held = lock.read_text()
    server.close()
    lock.write_text(held.replace(held.split("\n")[0], str(os.getpid()), 1))
    again = embedded.start(home, QUICK)
    assert await answer(again.url) == 1
    again.close()


async def test_a_path_too_long_for_a_socket_works(home: Path) -> None:
    long = home / ("long-" * 25)
    long.mkdir()
    long.chmod(0o711)
    server = embedded.start(long, QUICK)
    assert len(server.url) < len(str(server.folder))
    assert await answer(server.url) == 1
    server.close()
    shutil.rmtree(embedded_place.socket_folder(server.folder, server.folder.stat().st_uid))


async def test_a_home_of_mode_700_works_and_stays_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, the data then lie where the server's user can reach them, and the home has a link to them."""
    monkeypatch.setattr(embedded_place, "_ROOTS_OWN", home / "elsewhere")
    private = home / "private"
    private.mkdir(mode=0o700)
    server = embedded.start(private, QUICK)
    assert await answer(server.url) == 1
    assert private.stat().st_mode & 0o777 == 0o700
    assert (private / "postgres").resolve() == server.folder
    assert embedded.find(private) == server.url
    server.close()


def test_a_home_in_the_place_of_one_that_was_removed_begins_anew(tmp_path: Path) -> None:
    """The keys and passwords that the old data went with are gone; for root the data lies elsewhere."""
    first = embedded_place.prepare(tmp_path / "home", embedded.BINARIES)
    (first.data / "left").touch()
    shutil.rmtree(tmp_path / "home")
    second = embedded_place.prepare(tmp_path / "home", embedded.BINARIES)
    try:
        assert embedded_place.prepare(tmp_path / "home", embedded.BINARIES).data == second.data
        assert not (second.data / "left").exists()
    finally:
        for place in (first, second):
            shutil.rmtree(place.data, ignore_errors=True)


def test_a_socket_folder_made_by_somebody_else_is_not_used(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder of somebody else's")
    folder = tmp_path / "socket"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(PermissionError):
        embedded_place.owned(folder, None)


def test_it_starts_beside_other_work_and_is_left_with_it(home: Path) -> None:
    with starting(home) as started:
        server = started()
        assert started() is server
        assert embedded.find(home) == server.url
    assert embedded.find(home) is None


def test_a_start_that_nobody_waited_for_leaves_nothing_behind(home: Path) -> None:
    with pytest.raises(LookupError), starting(home):
        raise LookupError
    assert (home / "postgres" / "PG_VERSION").exists()
    assert embedded.find(home) is None


def test_a_start_that_fails_says_so_to_who_waits_for_it(home: Path) -> None:
    (home / "postgres").write_text("not a folder", "utf-8")
    with starting(home) as started, pytest.raises(OSError, match="postgres"):
        started()
