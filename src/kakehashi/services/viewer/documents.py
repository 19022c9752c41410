"""Documents (診療情報提供書, 退院時サマリー, 健診結果報告書, …) as documents: title, author, sections. Pure.

Narrative is shown only after cleaning by the face; here it stays as it was received.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.kinds import Kind
from kakehashi.services.viewer.sheet import Sheet, Tree, amount, each, first, words


@dataclass(frozen=True, slots=True)
class Section:
    """One section: its title, its narrative (XHTML as received), its entries as lines, its sub-sections."""

    title: str
    narrative: str
    lines: tuple[str, ...]
    sections: tuple["Section", ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document's head; its sections are read when it is opened. Not `dated`: `at` is when it came in."""

    ref: str
    kind: Kind
    title: str
    at: datetime
    dated: bool
    custodian: int
    author: str


def documents_of(sheets: Iterable[Sheet]) -> list[Document]:
    """Return the documents, newest first: document Bundles, and Compositions that stand alone."""
    found = [_head(sheet, _composition(sheet)) for sheet in sheets if sheet.type in ("Bundle", "Composition")]
    return sorted(found, key=lambda one: one.at, reverse=True)


def sections_of(sheet: Sheet) -> tuple[Section, ...]:
    """Return the sections of a document, with what their entries point at written out as lines."""
    entries: dict[str, Tree] = {}
    for entry in each(sheet.tree, "entry"):
        resource = first(entry, "resource")
        for name in (entry.get("fullUrl"), f"{resource.get('resourceType')}/{resource.get('id')}"):
            if name:
                entries[str(name)] = resource
    return tuple(_section(one, entries) for one in each(_composition(sheet), "section"))


def _composition(sheet: Sheet) -> Tree:
    if sheet.type == "Composition":
        return sheet.tree
    resources = (first(entry, "resource") for entry in each(sheet.tree, "entry"))
    return next((one for one in resources if one.get("resourceType") == "Composition"), {})


def _head(sheet: Sheet, composition: Tree) -> Document:
    people = {str(entry.get("fullUrl")): first(entry, "resource") for entry in each(sheet.tree, "entry")}
    names = []
    for author in each(composition, "author"):
        person = people.get(str(author.get("reference")), {})
        names.append(
            str(author.get("display") or first(person, "name").get("text") or person.get("name") or "")
        )
    title = str(composition.get("title") or words(first(composition, "type")))
    return Document(
        sheet.ref, sheet.kind, title, sheet.at, sheet.dated, sheet.custodian, "、".join(filter(None, names)),
    )  # fmt: skip


def _section(tree: Tree, entries: Mapping[str, Tree]) -> Section:
    targets = (entries.get(str(ref.get("reference")), ref) for ref in each(tree, "entry"))
    return Section(
        title=str(tree.get("title") or words(first(tree, "code"))),
        narrative=str(first(tree, "text").get("div") or ""),
        lines=tuple(filter(None, (line_of(target) for target in targets))),
        sections=tuple(_section(one, entries) for one in each(tree, "section")),
    )


def line_of(tree: Tree) -> str:
    """Return one resource as one line a reader understands."""
    name = (
        words(first(tree, "code"))
        or words(first(tree, "medicationCodeableConcept"))
        or words(first(tree, "vaccineCode"))
    )
    value = (
        amount(first(tree, "valueQuantity"))
        or words(first(tree, "valueCodeableConcept"))
        or tree.get("valueString", "")
    )
    dosage = " / ".join(str(one["text"]) for one in each(tree, "dosageInstruction") if one.get("text"))
    plain = (
        tree.get("display") or tree.get("title") or tree.get("description") or first(tree, "name").get("text")
    )
    if not plain and isinstance(tree.get("name"), str):
        plain = tree["name"]
    reason = "、".join(words(one) for one in each(tree, "reasonCode"))
    return " ".join(str(part) for part in (name or plain or reason, value, dosage) if part)
