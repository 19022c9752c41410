"""The log of requests: lines wait for each other for a moment, none is lost at a clean stop, none names a person."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest
import structlog

from kakehashi.faces import access
from kakehashi.faces.access import AccessLog

AT = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    yield
    structlog.configure(**before)


def _note(log: AccessLog, times: int = 1, method: str = "GET") -> None:
    for number in range(times):
        log.note("request", method, "/fhir/{type}/{id}", 200, 0.00125, f"r-{number}", AT)


async def test_a_line_is_one_json_object_like_the_others_of_the_log() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append)
    _note(log)
    log.flush()
    assert [orjson.loads(one) for one in written] == [{
        "method": "GET", "route": "/fhir/{type}/{id}", "status": 200, "ms": 1.2, "request": "r-0", "event": "request",
        "level": "info", "timestamp": "2026-04-01T09:00:00Z",
    }]  # fmt: skip


async def test_lines_wait_for_each_other_and_go_out_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "HELD", 0.0)
    written: asyncio.Queue[bytes] = asyncio.Queue()
    _note(AccessLog(written.put_nowait), times=3)
    assert written.empty()
    lines = (await written.get()).splitlines()
    assert [orjson.loads(line)["request"] for line in lines] == ["r-0", "r-1", "r-2"]


async def test_many_lines_do_not_wait_and_a_stop_leaves_none_behind() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append)
    _note(log, times=access.MOST + 3)
    log.flush()
    assert [len(one.splitlines()) for one in written] == [access.MOST, 3]
    log.flush()
    assert len(written) == 2


async def test_a_method_that_nobody_knows_is_not_repeated() -> None:
    written: list[bytes] = []
    log = AccessLog(written.append)
    _note(log, method='GET","person":"見本')
    log.flush()
    assert orjson.loads(written[0])["method"] == "-"


async def test_below_its_level_nothing_is_kept() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    written: list[bytes] = []
    log = AccessLog(written.append)
    _note(log)
    log.flush()
    assert written == []
