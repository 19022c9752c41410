"""What `load` can take: which files, of what form, cut into lines. Says what it recognises; guesses nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kakehashi.core.errors import BadRequest, Failure
from kakehashi.fhir.parse import Resource, entries, parse
from kakehashi.services.sharing.rules.whole import whole_of

_HEAD = 1_000_000  # bytes read to recognise a file


class Form(StrEnum):
    """What a file holds."""

    RESOURCES = "resources"  # NDJSON, a FHIR resource a line
    RESOURCE = "resource"  # one FHIR resource
    SHARING = "sharing"  # one Bundle for 電子カルテ情報共有サービス
    SHARINGS = "sharings"  # NDJSON of such Bundles
    BUNDLE = "bundle"  # transaction, batch or collection: its entries are loaded one by one


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
    with path.open("rb") as file:
        first = file.readline(_HEAD)
    many = path.suffix == ".ndjson"
    try:
        resource = parse(first if many else path.read_bytes())
    except Failure:
        return Form.RESOURCES if many else None
    if resource.type != "Bundle":
        return Form.RESOURCES if many else Form.RESOURCE
    if _is_sharing(resource):
        return Form.SHARINGS if many else Form.SHARING
    return Form.BUNDLE


def lines(found: Found) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a file, each with the number of its line or entry (from 1); memory stays flat."""
    if found.form in (Form.RESOURCES, Form.SHARINGS):
        with found.path.open("rb") as file:
            yield from ((number, line.strip()) for number, line in enumerate(file, 1) if not line.isspace())
    elif found.form is Form.BUNDLE:
        inside = entries(parse(found.path.read_bytes()))
        yield from ((number, entry.body) for number, entry in enumerate(inside, 1) if entry.body)
    else:
        yield 1, found.path.read_bytes()


def _is_sharing(bundle: Resource) -> bool:
    whole = whole_of(bundle.tree, len(bundle.body))
    return whole.family in ("collection", "document") and (
        whole.kind is not None or bundle.tree.get("identifier") is not None
    )
