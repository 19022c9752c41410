"""What a row needs to know of a resource: its kind, flags, clinical time, person and institution. All pure.

Nothing here raises on odd input: what cannot be read is None, OTHER or no flag, and validation says why.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from kakehashi.core.kinds import Flag, Kind
from kakehashi.fhir.facts_kinds import FIXED, LOOKED_INTO, Tree
from kakehashi.fhir.facts_people import PRIMARY, SECONDARY
from kakehashi.fhir.facts_times import TIMES, moment
from kakehashi.terms import japan

if TYPE_CHECKING:
    from kakehashi.fhir.parse import Resource

_FLAGS: Final = {"LTS": Flag.LTS, "UNINFORMED": Flag.UNINFORMED, "UNDELIVERED": Flag.UNDELIVERED}


def kind_of(resource: "Resource") -> Kind:
    """Return what the resource is about; a type that R4 does not have is OTHER."""
    look = LOOKED_INTO.get(resource.type)
    return look(resource.tree) if look else FIXED.get(resource.type, Kind.OTHER)


def flags_of(resource: "Resource") -> Flag:
    """Return the flags of `meta.tag` in the system JP_ehrshrs_indication (CLINS guide, meta.tag).

    A Bundle has the flags of all that it holds: whoever may not see one entry may not see the whole.
    """
    if resource.type != "Bundle":
        return _tagged(resource.tree)
    flags = Flag.NONE
    waiting = [resource.tree]
    while waiting:
        tree = waiting.pop()
        flags |= _tagged(tree)
        if tree.get("resourceType") == "Bundle":
            inner = (entry.get("resource") for entry in _references(tree, "entry"))
            waiting.extend(one for one in inner if isinstance(one, dict))
    return flags


def _tagged(tree: Tree) -> Flag:
    meta = tree.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    flags = Flag.NONE
    if isinstance(tags, list):
        for tag in tags:
            if isinstance(tag, dict) and tag.get("system") == japan.INDICATION:
                flags |= _FLAGS.get(str(tag.get("code")), Flag.NONE)
    return flags


def clinical_time(resource: "Resource") -> datetime | None:
    """Return when what the resource says was so, in UTC; partial dates begin at midnight in Japan."""
    tree = resource.tree
    for name in TIMES.get(resource.type, ()):
        value = tree.get(name)
        if isinstance(value, dict):  # a Period, or Specimen.collection
            value = value.get("start") or value.get("end") or value.get("collectedDateTime")
        if isinstance(value, str) and (read := moment(value)):
            return read
    return None


def subject_of(resource: "Resource") -> str | None:
    """Return the reference to the person that the resource is about, or None.

    A literal reference comes back as written (`Patient/1`, `urn:uuid:…`, `https://…/Patient/1`). A logical
    one (`subject.identifier`) comes back as a conditional reference, `Patient?identifier=system|value` with
    the value percent-encoded (https://hl7.org/fhir/R4/http.html#trules).
    """
    tree = resource.tree
    kind = resource.type
    if kind == "Patient":
        return f"Patient/{tree['id']}" if isinstance(tree.get("id"), str) else None
    for name in PRIMARY.get(kind, ()):
        for reference in _references(tree, name):
            if said := _person(reference, tree, sure=True):
                return said
    for path in SECONDARY.get(kind, ()):
        for reference in _references(tree, path):
            if said := _person(reference, tree, sure=False):
                return said
    return _of_bundle(tree) if kind == "Bundle" else None


def logical_reference(system: str, value: str) -> str:
    """Return the conditional reference that `subject_of` gives for an identifier."""
    return f"Patient?identifier={quote(system, safe=':/')}|{quote(value, safe='')}"


def _references(tree: Tree, path: str) -> Iterator[Tree]:
    name, _, rest = path.partition(".")
    value = tree.get(name)
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            if rest:
                yield from _references(one, rest)
            else:
                yield one


def _person(reference: Tree, tree: Tree, *, sure: bool) -> str | None:
    """Return the person of one Reference; with `sure` the element is the subject: an untyped URN counts."""
    literal = reference.get("reference")
    if isinstance(literal, str) and literal:
        if literal.startswith("#"):
            return _contained(literal[1:], tree)
        if "Patient/" in literal:
            return literal
        untyped = literal.startswith("urn:") and reference.get("type", "Patient") == "Patient"
        return literal if sure and untyped else None
    if reference.get("type", "Patient" if sure else "") != "Patient":
        return None
    return _logical(reference.get("identifier"))


def _logical(identifier: object) -> str | None:
    if isinstance(identifier, dict):
        system, value = identifier.get("system"), identifier.get("value")
        if isinstance(system, str) and isinstance(value, str):
            return logical_reference(system, value)
    return None


def _contained(fragment: str, tree: Tree) -> str | None:
    """A contained Patient has no address of its own: its first identifier says who it is."""
    for one in _references(tree, "contained"):
        if one.get("id") == fragment and one.get("resourceType") == "Patient":
            return next(filter(None, map(_logical, _references(one, "identifier"))), None)
    return None


def _of_bundle(tree: Tree) -> str | None:
    """A Bundle is about its one Patient entry; with none or several it is about nobody."""
    people = [
        (entry, inner)
        for entry in _references(tree, "entry")
        if isinstance(inner := entry.get("resource"), dict) and inner.get("resourceType") == "Patient"
    ]
    if len(people) != 1:
        return None
    entry, inner = people[0]
    url = entry.get("fullUrl")
    return (
        url
        if isinstance(url, str)
        else f"Patient/{inner['id']}"
        if isinstance(inner.get("id"), str)
        else None
    )
