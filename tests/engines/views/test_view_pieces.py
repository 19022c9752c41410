"""Parts of files: wherever the ranges fall, every line is taken once; what goes wrong is told with its line."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import Malformed
from kakehashi.engines.views import pieces
from kakehashi.engines.views.formats import Format
from kakehashi.engines.views.pieces import Job, of_bodies, of_range, ranges
from kakehashi.fhir.views.columns import BadRow

JOB = Job(
    b'{"resource":"Patient","select":[{"column":[{"name":"id","path":"id"},{"name":"f","path":"name.family"}]}]}',
    Format.NDJSON,
)


def line(name: str, kind: str = "Patient") -> bytes:
    return orjson.dumps({"resourceType": kind, "id": name})


@settings(max_examples=40)
@given(
    names=st.lists(st.sampled_from(["a", "bb" * 20, "c" * 60]), max_size=30),
    size=st.integers(1, 200),
    end=st.booleans(),
)
def test_every_line_is_in_one_range(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], size: int, end: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / "Patient.ndjson"
    path.write_bytes(b"\n".join(map(line, names)) + (b"\n" if end else b""))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pieces, "RANGE", size)
        made = [of_range(JOB, path, start, end) for start, end in ranges(path)]
    assert [orjson.loads(one)["id"] for piece in made for one in piece.encoded.splitlines()] == names
    assert sum(piece.read for piece in made) == sum(piece.rows for piece in made) == len(names)


def test_resources_of_other_types_are_passed_over_and_not_counted() -> None:
    other = b'{"resourceType":"Observation","code":{"text":"\\"Patient\\""},"note":[{"text":"Patient"}]}'
    piece = of_bodies(JOB, [line("a"), other, line("b", "Observation")])
    assert (piece.read, piece.rows) == (1, 1)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (b'{"resourceType":"Patient","id":', Malformed),
        (b'["Patient"]', Malformed),
        (b'{"resourceType":"Patient","name":[{"family":"a"},{"family":"b"}]}', BadRow),
    ],
)
def test_a_bad_line_is_told_with_its_file_and_number(
    tmp_path: Path, bad: bytes, error: type[Exception]
) -> None:
    path = tmp_path / "Patient.ndjson"
    path.write_bytes(b"\n".join([line(f"p{i}") for i in range(70)] + [bad, line("z")]))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pieces, "RANGE", 400)
        with pytest.raises(error) as refused:
            for start, end in ranges(path):
                of_range(JOB, path, start, end)
    assert "Patient.ndjson:71" in str(refused.value)
