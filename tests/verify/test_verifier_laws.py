"""The verifier on files alone: on any log and any hand, the first wrong entry, and never a false alarm."""

import json
import tempfile
from base64 import b64encode
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.trust import merkle
from kakehashi.trust.checkpoints import Signer
from kakehashi_verify.verify import Verdict, verify

SIGNER = Signer("example.org/log", bytes(range(32)))
LOGS = st.integers(1, 300).map(lambda count: [b"entry %d" % number for number in range(count)])


def written(folder: Path, entries: list[bytes], signed: list[bytes], sizes: set[int]) -> str:
    """Write an export whose entries are these, of a log that was signed as that, at these sizes."""
    leaves = [merkle.leaf_hash(one) for one in signed]
    notes = []
    for size in sorted(sizes):
        tiles = merkle.grow(0, leaves[:size], lambda key: b"")
        notes.append({"at": "", "note": SIGNER.sign(size, merkle.combine(merkle.cover(0, size), tiles))[1]})
    (folder / "tiles").mkdir()
    (folder / "tiles" / "0").write_bytes(b"".join(leaves))
    lines = "".join(json.dumps(b64encode(one).decode()) + "\n" for one in entries)
    (folder / "entries.ndjson").write_text(lines, "utf-8")
    (folder / "checkpoints.ndjson").write_text("".join(json.dumps(one) + "\n" for one in notes), "utf-8")
    return SIGNER.verifier.vkey


def verdict(entries: list[bytes], signed: list[bytes], sizes: set[int]) -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        return verify(Path(folder), written(Path(folder), entries, signed, sizes))


@settings(deadline=None)
@given(st.data(), LOGS)
def test_a_whole_log_is_whole_whenever_it_was_signed(data: st.DataObject, log: list[bytes]) -> None:
    sizes = data.draw(st.sets(st.integers(1, len(log)), min_size=1, max_size=5))
    assert verdict(log, log, sizes) == Verdict("whole", max(sizes))


@settings(deadline=None)
@given(st.data(), LOGS)
def test_the_first_wrong_entry_is_named_whatever_was_done(data: st.DataObject, log: list[bytes]) -> None:
    sizes = data.draw(st.sets(st.integers(1, len(log)), max_size=4)) | {len(log)}
    places = data.draw(st.sets(st.integers(0, len(log) - 1), min_size=1, max_size=4))
    forged = [b"forged" if number in places else entry for number, entry in enumerate(log)]
    assert verdict(forged, log, sizes) == Verdict("changed", min(places))
    first = min(places)
    removed = log[:first] + log[first + 1 :]
    assert verdict(removed, log, sizes) == Verdict("truncated" if first == len(removed) else "removed", first)
    assert verdict([*log[:first], b"new", *log[first:]], log, sizes) == Verdict("added", first)
    if (last := max(places)) > first:
        swapped = [*log]
        swapped[first], swapped[last] = log[last], log[first]
        assert verdict(swapped, log, sizes) == Verdict("reordered", first)


@settings(deadline=None)
@given(st.data(), LOGS)
def test_a_checkpoint_held_elsewhere_tells_an_older_state_from_another_history(
    data: st.DataObject, log: list[bytes]
) -> None:
    kept = data.draw(st.integers(1, len(log)))
    changed = data.draw(st.integers(0, len(log) - 1))
    other = [*log]
    other[changed] = b"forged"
    with (
        tempfile.TemporaryDirectory() as older,
        tempfile.TemporaryDirectory() as fork,
        tempfile.TemporaryDirectory() as held,
    ):
        written(Path(held), log, log, {len(log)})
        (Path(held) / "tiles" / "0").rename(Path(held) / "leaves")
        notes = Path(held) / "checkpoints.ndjson"
        found = verify(Path(older), written(Path(older), log[:kept], log[:kept], {kept}), notes)
        assert found == (Verdict("whole", kept) if kept == len(log) else Verdict("rolled-back", kept))
        assert verify(Path(fork), written(Path(fork), other, other, {len(log)}), notes) == Verdict(
            "forked", changed
        )
