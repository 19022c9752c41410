"""A file dealt out over processes: a person is never divided, however their lines are written, and none is lost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.faces.cli import files
from kakehashi.faces.cli.files import Form, Found
from kakehashi.faces.cli.progress import Share
from kakehashi.faces.cli.shares import BATCH_BYTES, batches
from kakehashi.people.identifiers import MEMBER_SYSTEM

OF = 7
names = st.from_regex(r"[A-Za-z0-9\-.]{1,12}", fullmatch=True)
bases = st.sampled_from(["", "https://fhir.example.jp/r4/", "http://x/"])
spelled = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


def shares(tmp_path: Path, of: int = OF) -> list[Share]:
    return [Share(tmp_path / "note", tmp_path / "refused", number, of) for number in range(of)]


def dealt(folder: Path, lines: list[bytes], form: Form = Form.RESOURCES, of: int = OF) -> dict[int, int]:
    """Deal lines out; return the share of each line's number."""
    path = folder / "lines.ndjson"
    path.write_bytes(b"\n".join(lines))
    found: dict[int, int] = {}
    for share, batch in batches(Found(path, form), shares(folder, of), 3):
        found |= dict.fromkeys((number for number, _ in batch), share.number)
    return found


def written(tree: Any, separators: tuple[str, str], *, ascii_only: bool) -> bytes:
    return json.dumps(tree, separators=separators, ensure_ascii=ascii_only).encode()


@settings(deadline=None, max_examples=60)
@given(names, bases, spelled, st.booleans(), st.text(max_size=20), st.booleans())
def test_a_patient_and_what_is_about_them_go_to_one_share(
    tmp_path_factory: Any,
    name: str,
    base: str,
    separators: tuple[str, str],
    ascii_only: bool,
    text: str,
    late: bool,
) -> None:
    patient = {"name": [{"text": text}], "resourceType": "Patient", "id": name}
    about = {"subject": {"reference": f"{base}Patient/{name}", "type": "Patient"}}
    observation = {"resourceType": "Observation", "code": {"text": text}}
    observation = {**observation, **about} if late else {**about, **observation}
    other = {"resourceType": "Patient", "id": "somebody-else"}
    lines = [
        written(one, separators, ascii_only=ascii_only) for one in (patient, other, observation, patient)
    ]
    found = dealt(tmp_path_factory.mktemp("deal"), lines)
    assert len(found) == len(lines)
    assert found[1] == found[3] == found[4]


def test_words_about_a_patient_in_a_text_are_no_reference(tmp_path: Path) -> None:
    said = {
        "resourceType": "Observation",
        "note": [{"text": "see Patient/x"}],
        "subject": {"reference": "Patient/p"},
    }
    found = dealt(
        tmp_path, [orjson.dumps({"resourceType": "Patient", "id": "p"}), orjson.dumps(said)], of=1000
    )
    assert found[1] == found[2]


@settings(deadline=None, max_examples=40)
@given(st.lists(names, min_size=1, max_size=8), spelled, st.booleans())
def test_the_bundles_of_one_member_go_to_one_share(
    tmp_path_factory: Any, members: list[str], separators: tuple[str, str], nested: bool
) -> None:
    kind = {"type": {"coding": [{"code": "MB"}]}} if nested else {}
    lines = [
        written(
            {
                "resourceType": "Bundle",
                "entry": [
                    {
                        "resource": {
                            "resourceType": "Patient",
                            "identifier": [
                                {"system": "urn:oid:1.2.392", "value": f"local-{number}"},
                                {**kind, "system": MEMBER_SYSTEM, "value": f"{member}：枝"},
                            ],
                        }
                    }
                ],
            },
            separators,
            ascii_only=bool(number % 2),
        )
        for number, member in enumerate(members * 2)
    ]
    found = dealt(tmp_path_factory.mktemp("deal"), lines, Form.SHARINGS)
    assert len(found) == len(lines)
    for number in range(1, len(members) + 1):
        assert found[number] == found[number + len(members)]


def test_what_is_in_already_is_not_dealt_again(tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b"".join(b'{"resourceType":"Patient","id":"p%d"}\n' % n for n in range(50)))
    half = shares(tmp_path, 1)
    half[0].line = 20
    assert [n for _, batch in batches(Found(path, Form.RESOURCES), half, 7) for n, _ in batch] == [
        *range(21, 51)
    ]


def test_a_batch_of_large_records_ends_before_the_memory_does(tmp_path: Path) -> None:
    path = tmp_path / "lines.ndjson"
    large = b'{"resourceType":"Basic","x":"' + b"a" * (BATCH_BYTES // 3) + b'"}'
    path.write_bytes(b"\n".join([large] * 10))
    sizes = [len(batch) for _, batch in batches(Found(path, Form.RESOURCES), shares(tmp_path, 1), 500)]
    assert sizes == [3, 3, 3, 1]


def test_a_line_without_end_is_cut_and_the_next_one_is_whole(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    path = tmp_path / "lines.ndjson"
    path.write_bytes(b'{"a":1}\n' + b"x" * 5000 + b"\n" + b"y" * 1000 + b"\n" + b'{"b":2}')
    found = dict(files.lines(Found(path, Form.RESOURCES)))
    assert {number: len(line) for number, line in found.items()} == {1: 7, 2: 1001, 3: 1000, 4: 7}
    assert found[4] == b'{"b":2}'


def test_help_reads_none_of_the_servers_modules() -> None:
    """What a small command does not need it does not wait for."""
    asked = (
        "import sys; import kakehashi.faces.cli.main;"
        "heavy = ('asyncpg', 'cryptography', 'kakehashi.fhir', 'kakehashi.samples');"
        "print([one for one in heavy if one in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
