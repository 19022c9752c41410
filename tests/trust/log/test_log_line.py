"""Lines of their own log that a person takes away: proven without us, and telling nothing that the page does not."""

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from hypothesis import given, settings
from hypothesis import strategies as st
from log_words import MINUTE, NOW, sequencer, settled
from trust_words import HANAKO, HOSPITAL, myself, region, staff

from kakehashi.core.kinds import Flag, Kind
from kakehashi.core.logentry import Note, Seen, entries
from kakehashi.fhir.index import Index
from kakehashi.store import log_append
from kakehashi.store.database import Database
from kakehashi.store.rows import Draft
from kakehashi.store.write import writing
from kakehashi.trust import merkle
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.log import Entry, log_of_person
from kakehashi.trust.log_leaf import leaf_data, told
from kakehashi.trust.log_line import file_of
from kakehashi_verify import verify
from kakehashi_verify.line import proven

SIGNER = Signer("example.org/log", bytes(range(32)))
NOTE = Note(staff(), "view", "record", "shared+own+consent:c1", "request-1", "emergency")


async def looked(db: Database, *items: str) -> None:
    await log_append.noted(db, NOTE, at=NOW, seen=[Seen(HANAKO, f"{item}/_history/1") for item in items])


async def taken_away(db: Database, home: Path) -> tuple[list[Entry], bytes, str]:
    """The person's page, the file of it, and the log's key."""
    await settled(db)
    keeper = sequencer(db, home)
    await keeper.run(at=NOW + MINUTE)
    async with db.transaction() as tx:
        page = await log_of_person(tx, HANAKO, by=myself(), at=NOW + MINUTE)
    return page, file_of(page), keeper.signer.verifier.vkey


async def test_each_line_of_the_file_proves_what_the_page_says_of_who_and_why(
    db: Database, tmp_path: Path
) -> None:
    await region(db)
    for number in range(5):
        await looked(db, f"Observation/{number}", "Patient/1")
    page, file, key = await taken_away(db, tmp_path)
    said = [proven(json.loads(line), key) for line in file.splitlines()]
    assert len(said) == len(page) == 5
    for one, entry in zip(said, page, strict=True):
        assert (one["at"][:19], one["institution"], one["role"]) == (
            "2026-11-21T09:00:00",
            HOSPITAL.key,
            entry.role,
        )
        assert (one["purpose"], one["action"], one["reason"]) == (entry.purpose, entry.action, entry.reason)


async def test_the_file_names_no_member_of_staff_and_nothing_that_was_touched(
    db: Database, tmp_path: Path
) -> None:
    await region(db)
    await looked(db, "Observation/1")
    _, file, _ = await taken_away(db, tmp_path)
    for kept_back in (staff().subject, "request-1", "Observation", "count"):
        assert kept_back.encode() not in file


async def test_a_line_with_an_uninformed_disease_proves_like_any_other(db: Database, tmp_path: Path) -> None:
    """Not a byte more, not a member else: that something is kept back would tell."""
    await region(db)
    draft = Draft(
        "Condition", "tumour", HANAKO, Kind.CONDITION, HOSPITAL.key, NOW, b'{"resourceType":"Condition"}', Index(),
        flags=int(Flag.UNINFORMED),
    )  # fmt: skip
    async with writing(db, Note(staff(), "create", "Condition", "own"), at=NOW) as work:
        await work.put(draft)
    await looked(db, "Observation/1", "Condition/tumour")
    await looked(db, "Observation/1")
    page, file, key = await taken_away(db, tmp_path)
    assert [entry.count for entry in page] == [1, 1]
    plain, hiding = (json.loads(line) for line in file.splitlines())
    assert proven(hiding, key) == proven(plain, key)
    for line in (plain, hiding):
        line.pop("path")  # as long as the entry's place in the tree makes it
    assert [(name, len(str(value))) for name, value in plain.items()] == [
        (name, len(str(value))) for name, value in hiding.items()
    ]


def line_of(log: list[bytes], place: int) -> dict[str, Any]:
    """The file's line for one entry of a log that was signed whole."""
    leaves = [merkle.leaf_hash(leaf_data(one)) for one in log]
    tiles = merkle.grow(0, leaves, lambda key: b"")
    path = [merkle.combine(nodes, tiles) for nodes in merkle.inclusion_nodes(place, len(log))]
    _, note = SIGNER.sign(len(log), merkle.combine(merkle.cover(0, len(log)), tiles))
    held = told(log[place])
    assert held
    return {
        "leaf": place, "size": len(log), "path": [b64encode(one).decode() for one in path], "note": note,
        "digest": b64encode(held.digest).decode(), "salt": b64encode(held.salt).decode(), "text": held.text.decode(),
    }  # fmt: skip


words = st.text(max_size=30)


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """An entry whose words try to look like the seams between its parts."""
    seams = st.sampled_from(['","what":"', ',"at":', '{"leaf":2,"act":"', '\\","what":', "\u2028", '"'])
    said = draw(st.lists(words | seams, min_size=5, max_size=5))
    note = Note(staff(), said[0], said[1], said[2], said[3], said[4])
    seen = [Seen(HANAKO, item) for item in draw(st.lists(words | seams, max_size=3))]
    return entries(note, seen, act=str(draw(st.uuids())), at=NOW)[0][1]


LOGS = st.lists(written(), min_size=1, max_size=40)


@settings(deadline=None)
@given(st.data(), LOGS)
def test_every_entry_proves_its_own_circumstances(data: st.DataObject, log: list[bytes]) -> None:
    place = data.draw(st.integers(0, len(log) - 1))
    whole = json.loads(log[place])
    said = proven(line_of(log, place), SIGNER.verifier.vkey)
    assert said == {
        name: whole[name]
        for name in ("at", "role", "institution", "purpose", "for", "action", "because", "reason")
    }


@settings(deadline=None)
@given(st.data(), LOGS)
def test_no_line_proves_anything_else(data: st.DataObject, log: list[bytes]) -> None:
    line = line_of(log, data.draw(st.integers(0, len(log) - 1)))
    name = data.draw(st.sampled_from(sorted(line)))
    value = line[name]
    if name == "path":
        if not value:
            line[name] = [line["digest"]]
        else:
            line[name] = data.draw(st.sampled_from([value[1:], [*value, line["digest"]], value[:-1]]))
    elif isinstance(value, int):
        line[name] = value + data.draw(st.sampled_from([-1, 1, 2**40]))
    elif name == "text":
        line[name] = data.draw(st.sampled_from([value + " ", value.replace("{", "{ ", 1), "{}"]))
    elif name == "note":
        line[name] = value.replace(f"\n{line['size']}\n", f"\n{line['size'] + 1}\n", 1)
    else:
        held = bytearray(b64decode(value))
        held[data.draw(st.integers(0, len(held) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        line[name] = b64encode(held).decode()
    with pytest.raises(InvalidSignature):
        proven(line, SIGNER.verifier.vkey)


@pytest.mark.parametrize("line", [{}, [], {"note": 5}, {"note": "a\n1\nb\n\nc"}])
def test_what_cannot_be_read_proves_nothing(line: Any) -> None:
    with pytest.raises((ValueError, InvalidSignature)):
        proven(line, SIGNER.verifier.vkey)


@settings(deadline=None)
@given(st.binary(max_size=60) | written().map(lambda one: one[:90]) | written())
def test_both_ends_make_the_same_leaf_of_whatever_lies_in_the_log(entry: bytes) -> None:
    assert leaf_data(entry) == verify.leaf_data(entry)


def test_the_command_says_what_is_proven_and_what_is_not(tmp_path: Path) -> None:
    log = [entries(NOTE, [Seen(HANAKO, "Patient/1")], act=f"{n:036d}", at=NOW)[0][1] for n in range(7)]
    good = line_of(log, 3)
    bad = good | {"text": good["text"].replace("emergency", "treatment")}
    for lines, answer, words_of in (
        ([good], 0, ["PROVEN"]),
        ([good, bad], 1, ["PROVEN", "NOT IN THE SIGNED LOG"]),
    ):
        file = tmp_path / "lines.ndjson"
        file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "kakehashi_verify.line", file, "--key", SIGNER.verifier.vkey],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == answer
        assert all(word in line for word, line in zip(words_of, done.stdout.splitlines(), strict=True))
