"""Checkpoints as C2SP signed notes: one key, one log, and nothing that only looks like it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.trust.checkpoints import BadCheckpoint, Signer, read_vkey

SIGNER = Signer("example.org/log", bytes(range(32)))
ROOT = bytes(reversed(range(32)))


def test_a_note_has_the_form_that_c2sp_describes() -> None:
    _, note = SIGNER.sign(7, ROOT)
    lines = note.split("\n")
    assert lines[:4] == ["example.org/log", "7", "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=", ""]
    assert lines[4].startswith("— example.org/log ")
    assert note.endswith("\n")


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_what_is_read(size: int, root: bytes) -> None:
    checkpoint, note = SIGNER.sign(size, root)
    assert read_vkey(SIGNER.verifier.vkey).open(note) == checkpoint


@given(st.data())
def test_a_note_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    _, note = SIGNER.sign(7, ROOT)
    place = data.draw(st.integers(0, len(note) - 2))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != note[place]))
    with pytest.raises(BadCheckpoint):
        SIGNER.verifier.open(note[:place] + other + note[place + 1 :])


def test_another_key_of_the_same_name_and_another_name_of_the_same_key_are_refused() -> None:
    _, note = SIGNER.sign(7, ROOT)
    for other in (Signer("example.org/log", bytes(32)), Signer("example.org/other", bytes(range(32)))):
        with pytest.raises(BadCheckpoint):
            other.verifier.open(note)


def test_a_witness_may_add_its_line() -> None:
    checkpoint, note = SIGNER.sign(7, ROOT)
    witness = Signer("witness.example", bytes(32)).sign(7, ROOT)[1].splitlines()[-1]
    assert SIGNER.verifier.open(note + witness + "\n") == checkpoint


@pytest.mark.parametrize("text", ["", "no key", "a+b", "name+00000000+AQ==", "name+zz+!!"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        read_vkey(text)


def test_a_home_keeps_its_key_and_publishes_it(tmp_path: Path) -> None:
    first, again = Signer.at(tmp_path), Signer.at(tmp_path)
    assert first.verifier == again.verifier == read_vkey((tmp_path / "keys" / "log.pub").read_text("utf-8"))
    assert (tmp_path / "keys" / "log.key").stat().st_mode & 0o077 == 0
