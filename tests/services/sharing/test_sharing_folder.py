"""Files in, verdicts out: names, results, and that a crash at any point loses nothing and does nothing twice."""

import asyncio
import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import BUILDERS, HOSPITAL, put
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.errors import Invalid, Problem, Unavailable
from kakehashi.fhir.parse import parse
from kakehashi.services.sharing.files import (
    COLUMNS,
    RequestName,
    Verdict,
    read_name,
    result_csv,
    result_json,
    result_name,
)
from kakehashi.services.sharing.folder import ExchangeFolder
from kakehashi.services.sharing.rules import check, refusals

AT = datetime(2026, 11, 21, tzinfo=UTC)
NAME = f"C1req_{HOSPITAL}_20261121090000_0001.json"


class Desk:
    """Stands where the engine will: checks for real, and keeps by idempotency key what it was given."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.away = False

    async def submit(self, body: bytes, key: str) -> Verdict:
        if self.away:
            raise Unavailable
        problems = check(parse(body))
        if refused := refusals(problems):
            raise Invalid(problems=refused)
        self.kept[key] = body
        return Verdict(True, tuple(problems), "register", ("Bundle/1",))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def folder(tmp_path: Path, desk: Desk) -> ExchangeFolder:
    return ExchangeFolder(tmp_path, HOSPITAL, desk.submit, lambda: AT)


def send(folder: ExchangeFolder, name: str = NAME, body: bytes | None = None) -> None:
    (folder.root / "req" / name).write_bytes(
        json.dumps(BUILDERS["labs"]()).encode() if body is None else body
    )


def result(folder: ExchangeFolder, name: str = NAME) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder.root / "res" / result_name(name, "json")).read_bytes())
    return found


def test_a_good_file_is_accepted_and_put_away(folder: ExchangeFolder, desk: Desk):
    send(folder)
    assert asyncio.run(folder.sweep()) == 1
    assert result(folder)["result"] == "accepted"
    assert (folder.root / "done" / NAME).exists() and len(desk.kept) == 1
    assert not list((folder.root / "req").iterdir()) and not list((folder.root / "work").iterdir())


def test_a_bad_file_is_refused_with_its_rules_in_json_and_csv(folder: ExchangeFolder, desk: Desk):
    tree = BUILDERS["labs"]()
    put(tree, "entry.1.resource.code.coding.0")
    send(folder, body=json.dumps(tree).encode())
    asyncio.run(folder.sweep())
    said = result(folder)
    assert said["result"] == "refused" and not desk.kept
    assert [problem["rule"] for problem in said["problems"]] == ["C1.lab.local"]  # type: ignore[attr-defined]
    with (folder.root / "res" / result_name(NAME, "csv")).open(encoding="utf-8-sig", newline="") as lines:
        heading, line = csv.reader(lines)
    assert tuple(heading) == COLUMNS
    assert line[1:5] == ["拒否", "1", "error", "C1.lab.local"]
    assert (folder.root / "refused" / NAME).exists()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("検査".encode("shift_jis"), "Shift_JIS"),
        (b"{", "broken"),
        (b'{"resourceType":"Bundle","type":"a","type":"b"}', "a key twice"),
        (b"[" * 100_000, "too deep"),
        (b"", "empty"),
    ],
)
def test_bytes_that_are_no_json_are_refused_with_a_reason(folder: ExchangeFolder, body: bytes, why: str):
    send(folder, body=body)
    asyncio.run(folder.sweep())
    said = result(folder)
    assert said["result"] == "refused" and said["problems"], why


def test_a_file_over_ten_megabytes_is_refused_unread(folder: ExchangeFolder):
    with (folder.root / "req" / NAME).open("wb") as out:
        out.truncate(200 * 1024 * 1024)
    asyncio.run(folder.sweep())
    assert [problem["rule"] for problem in result(folder)["problems"]] == ["C1.bundle.size"]  # type: ignore[attr-defined]


def test_a_file_in_anothers_name_is_refused(folder: ExchangeFolder):
    name = "C1req_1319876543_20261121090000_0001.json"
    send(folder, name)
    asyncio.run(folder.sweep())
    assert [p["rule"] for p in result(folder, name)["problems"]] == ["C1.file.sender"]  # type: ignore[attr-defined]


def test_what_is_not_yet_complete_is_left_alone(folder: ExchangeFolder):
    send(folder, f"{NAME}.tmp")
    (folder.root / "req" / "C1req_folder.json").mkdir()
    (folder.root / "req" / "C1req_link.json").symlink_to("/etc/hostname")
    assert asyncio.run(folder.sweep()) == 0
    assert len(list((folder.root / "req").iterdir())) == 3


def test_a_store_that_is_away_leaves_the_file_for_the_next_sweep(folder: ExchangeFolder, desk: Desk):
    send(folder)
    desk.away = True
    with pytest.raises(Unavailable):
        asyncio.run(folder.sweep())
    assert not list((folder.root / "res").iterdir())
    desk.away = False
    assert asyncio.run(folder.sweep()) == 1
    assert result(folder)["result"] == "accepted" and len(desk.kept) == 1


def test_a_crash_after_submitting_has_one_effect(
    folder: ExchangeFolder, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    send(folder)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ExchangeFolder, "_answer", crash)
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(folder.sweep())
    assert list((folder.root / "work").iterdir())
    asyncio.run(folder.sweep())
    assert result(folder)["result"] == "accepted" and len(desk.kept) == 1


def test_a_crash_after_the_result_only_moves(folder: ExchangeFolder, desk: Desk):
    """The result was written; the request still lies in `work`."""
    (folder.root / "work" / NAME).write_bytes(b"{}")
    (folder.root / "res" / result_name(NAME, "json")).write_bytes(result_json(NAME, Verdict(True), at=AT))
    asyncio.run(folder.sweep())
    assert (folder.root / "done" / NAME).exists() and not desk.kept


def test_two_sweepers_do_not_meet(folder: ExchangeFolder, desk: Desk):
    send(folder)
    other = ExchangeFolder(folder.root, HOSPITAL, desk.submit, lambda: AT)
    with folder._only_one() as alone:
        assert alone and asyncio.run(other.sweep()) == 0
    assert asyncio.run(other.sweep()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "C1req.json",
        f"C1req_{HOSPITAL}_2026_1.json",
        f"C1req_{HOSPITAL}_20261121090000_../x.json",
        NAME + ".tmp",
    ],
)
def test_a_name_of_another_form_is_told_so_and_not_repeated(name: str):
    said = read_name(name)
    assert isinstance(said, Problem) and said.rule == "C1.file.name" and name not in said.ja + said.en


@given(st.from_regex(r"[A-Za-z0-9\-]{1,36}", fullmatch=True))
def test_a_name_of_the_form_is_read_and_answered_beside_it(serial: str):
    name = f"C1req_{HOSPITAL}_20261121090000_{serial}.json"
    said = read_name(name)
    assert isinstance(said, RequestName) and said.serial == serial
    assert result_name(name, "json") == name.replace("req", "res", 1)


def test_a_result_without_problems_has_one_line():
    assert result_csv(NAME, Verdict(True)).decode("utf-8-sig").splitlines()[1].startswith(f"{NAME},受付")
