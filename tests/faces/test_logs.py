"""The server's log never fails what it tells of: a line that cannot be written is counted, and told of later."""

import os
from pathlib import Path

import pytest

from kakehashi.faces.logs import Lines


def test_lines_that_a_full_disk_does_not_take_are_counted_and_told_of_when_there_is_room(
    tmp_path: Path,
) -> None:
    full, room = os.open("/dev/full", os.O_WRONLY), os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    lines = Lines(full)
    for _ in range(3):
        lines.info(b'{"event":"request"}')
    assert lines.lost == 3
    lines.descriptor = room
    lines.info(b'{"event":"after"}')
    lines.info(b'{"event":"on"}')
    said = (tmp_path / "log").read_bytes().splitlines()
    assert said == [
        b'{"lost":3,"level":"error","event":"log lines lost"}',
        b'{"event":"after"}',
        b'{"event":"on"}',
    ]
    assert lines.lost == 3
    os.close(full)
    os.close(room)


@pytest.mark.parametrize("gone", ["closed", "nobody reads"])
def test_a_reader_that_has_gone_is_no_fault_either(gone: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    if gone == "closed":
        os.close(writing)
    lines = Lines(writing)
    lines.error(b"{}")
    assert lines.lost == 1
    if gone != "closed":
        os.close(writing)
