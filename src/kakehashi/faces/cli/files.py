"""What `load` can take: which files, of what form, cut into lines. Says what it recognises; guesses nothing.

A file that is no good JSON or XML (Shift_JIS, broken, a key twice, too large) is a file of one record that will be
refused with its reason; one that is JSON or XML of something else than FHIR (CDA, say) is none of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.errors import BadRequest, Malformed
from kakehashi.fhir.parse import entries, parse
from kakehashi.fhir.xml import json_of
from kakehashi.services.sharing.rules.whole import is_submission

_HEAD = 1_000_000  # bytes read to recognise a file
MOST_BYTES = 50 << 20  # of one JSON or XML text, as over HTTP; larger ones come as NDJSON
_SUFFIXES = (".json", ".ndjson", ".xml")


class Form(StrEnum):
    """What a file holds."""

    RESOURCES = "resources"  # NDJSON, a FHIR resource a line
    RESOURCE = "resource"  # one FHIR resource
    SHARING = "sharing"  # one Bundle for 電子カルテ情報共有サービス
    SHARINGS = "sharings"  # NDJSON of such Bundles
    BUNDLE = "bundle"  # transaction, batch or collection: its entries are loaded one by one
    BROKEN_XML = "broken XML"  # meant as FHIR's, but refused with its reason
    TOO_LARGE = "too large"  # one JSON or XML text beyond MOST_BYTES: refused unread


@dataclass(frozen=True, slots=True)
class Found:
    """A file that can be loaded."""

    path: Path
    form: Form


def find(paths: list[Path]) -> Iterator[Found]:
    """Yield the loadable files among paths and below folders, by name. Raises BadRequest for a path that is not."""
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES and one.is_file())
            yield from (Found(one, form) for one in inside if (form := form_of(one)))
        elif not path.exists():
            raise BadRequest(f"{path} がありません。", f"There is no {path}.", rule="load.path")
        elif form := form_of(path):
            yield Found(path, form)
        else:
            raise BadRequest(
                f"{path} は FHIR の JSON でも NDJSON でも XML でもありません。",
                f"{path} is neither FHIR JSON nor NDJSON nor FHIR XML.",
                rule="load.form",
            )


def form_of(path: Path) -> Form | None:
    """Return what a file holds, None for something else."""
    if path.suffix == ".ndjson":
        with path.open("rb") as file:
            return _form_of_lines(file.readline(_HEAD))
    if path.stat().st_size > MOST_BYTES:
        return Form.TOO_LARGE
    try:
        resource = parse(_json(path))
    except Malformed as reason:
        return _form_of_refused(reason.problems[0].rule)
    if is_submission(resource):
        return Form.SHARING
    return Form.BUNDLE if resource.type == "Bundle" else Form.RESOURCE


def _form_of_refused(rule: str) -> Form | None:
    if rule.startswith("xml.") or rule == "fhir.release":
        return None if rule == "xml.namespace" else Form.BROKEN_XML
    return Form.RESOURCE if rule.startswith("json.") else None


def _json(path: Path) -> bytes:
    """Return the JSON of a file with one text. Raises Malformed for XML that is not FHIR's."""
    body = path.read_bytes()
    return json_of(body) if path.suffix == ".xml" else body


def _form_of_lines(first: bytes) -> Form:
    try:
        return Form.SHARINGS if is_submission(parse(first)) else Form.RESOURCES
    except Malformed:
        return Form.RESOURCES


def lines(found: Found) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a file, each with the number of its line or entry (from 1); memory stays flat.

    A line of more than MOST_BYTES is cut right behind them: it is too large, whatever it says.
    """
    if found.form in (Form.RESOURCES, Form.SHARINGS):
        with found.path.open("rb") as file:
            yield from (
                (number, line.strip()) for number, line in enumerate(_lines(file), 1) if not line.isspace()
            )
    elif found.form is Form.BUNDLE:
        inside = entries(parse(_json(found.path)))
        yield from ((number, entry.body) for number, entry in enumerate(inside, 1) if entry.body)
    elif found.form is Form.TOO_LARGE:
        yield 1, b""
    elif found.form is Form.BROKEN_XML:
        yield 1, found.path.read_bytes()
    else:
        yield 1, _json(found.path)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    for line in iter(partial(file.readline, MOST_BYTES + 1), b""):
        yield line
        if len(line) > MOST_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(_HEAD)
