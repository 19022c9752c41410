"""What `load` can take: which files, of what form, cut into lines. Says what it recognises; guesses nothing.

A file that is no good JSON (Shift_JIS, broken, a key twice, too large) is a file of one record that will be refused
with its reason; one that is JSON of something else than FHIR is none of ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kakehashi.core.errors import BadRequest, Malformed
from kakehashi.fhir.parse import entries, parse
from kakehashi.services.sharing.rules.whole import is_submission

_HEAD = 1_000_000  # bytes read to recognise a file
MOST_BYTES = 50 << 20  # of one JSON text, as over HTTP; larger ones come as NDJSON


class Form(StrEnum):
    """What a file holds."""

    RESOURCES = "resources"  # NDJSON, a FHIR resource a line
    RESOURCE = "resource"  # one FHIR resource
    SHARING = "sharing"  # one Bundle for 電子カルテ情報共有サービス
    SHARINGS = "sharings"  # NDJSON of such Bundles
    BUNDLE = "bundle"  # transaction, batch or collection: its entries are loaded one by one
    TOO_LARGE = "too large"  # one JSON text beyond MOST_BYTES: refused unread


@dataclass(frozen=True, slots=True)
class Found:
    """A file that can be loaded."""

    path: Path
    form: Form


def find(paths: list[Path]) -> Iterator[Found]:
    """Yield the loadable files among paths and below folders, by name. Raises BadRequest for a path that is not."""
    for path in paths:
        if path.is_dir():
            inside = sorted(
                one for one in path.rglob("*") if one.suffix in (".json", ".ndjson") and one.is_file()
            )
            yield from (Found(one, form) for one in inside if (form := form_of(one)))
        elif not path.exists():
            raise BadRequest(f"{path} がありません。", f"There is no {path}.", rule="load.path")
        elif form := form_of(path):
            yield Found(path, form)
        else:
            raise BadRequest(
                f"{path} は FHIR の JSON でも NDJSON でもありません。",
                f"{path} is neither FHIR JSON nor NDJSON.",
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
        resource = parse(path.read_bytes())
    except Malformed as reason:
        return Form.RESOURCE if reason.problems[0].rule.startswith("json.") else None
    if is_submission(resource):
        return Form.SHARING
    return Form.BUNDLE if resource.type == "Bundle" else Form.RESOURCE


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
        inside = entries(parse(found.path.read_bytes()))
        yield from ((number, entry.body) for number, entry in enumerate(inside, 1) if entry.body)
    elif found.form is Form.TOO_LARGE:
        yield 1, b""
    else:
        yield 1, found.path.read_bytes()


def _lines(file: BinaryIO) -> Iterator[bytes]:
    for line in iter(partial(file.readline, MOST_BYTES + 1), b""):
        yield line
        if len(line) > MOST_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(_HEAD)
