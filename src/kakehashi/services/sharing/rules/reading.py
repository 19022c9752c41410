"""Reading decoded JSON without trusting its shape: what is not there, or not of the shape, is empty.

Rules run on what a stranger sent, so nothing here raises.
"""

from collections.abc import Iterator
from typing import Any

from kakehashi.terms import japan

Tree = dict[str, Any]


def one(tree: Tree, name: str) -> Tree:
    """Return a member that is an object, else {}."""
    value = tree.get(name)
    return value if isinstance(value, dict) else {}


def many(tree: Tree, name: str) -> list[Tree]:
    """Return the objects of a member that is an array (or a single object), else []."""
    value = tree.get(name)
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(tree: Tree, name: str) -> str:
    """Return a member that is a string, else ""."""
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def texts(tree: Tree, name: str) -> list[str]:
    """Return the strings of a member that is an array, else []."""
    value = tree.get(name)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def code_in(concept: Tree, system: str) -> str:
    """Return the first code of a CodeableConcept in that system, else ""."""
    return next(
        (text(coding, "code") for coding in many(concept, "coding") if coding.get("system") == system), ""
    )


def identifiers(tree: Tree, system: str) -> list[Tree]:
    """Return the identifiers of that system."""
    return [given for given in many(tree, "identifier") if given.get("system") == system]


def extensions(tree: Tree, url: str) -> list[Tree]:
    """Return the extensions of that URL."""
    return [given for given in many(tree, "extension") if given.get("url") == url]


def profiles(tree: Tree) -> list[tuple[str, str]]:
    """Return (URL, version) of each profile that `meta.profile` claims; version "" where none is said."""
    return [
        (url, version)
        for url, _, version in (said.partition("|") for said in texts(one(tree, "meta"), "profile"))
    ]


def claims(tree: Tree, *urls: str) -> bool:
    """Say whether the resource claims one of these profiles, in any version."""
    return any(url in urls for url, _ in profiles(tree))


def value_names(tree: Tree, stem: str) -> list[str]:
    """Return the members of a choice element that are there: `value_names(obs, "value")` gives valueQuantity…"""
    end = len(stem)
    return [name for name in tree if name.startswith(stem) and name[end : end + 1].isupper()]


def contained(tree: Tree, reference: str) -> Tree:
    """Return the contained resource that `#id` names, else {}."""
    wanted = reference[1:] if reference.startswith("#") else None
    return next((inner for inner in many(tree, "contained") if wanted and inner.get("id") == wanted), {})


def subject_reference(tree: Tree) -> tuple[str, Tree]:
    """Return the element that names the patient ("patient" or "subject") and its Reference."""
    name = "patient" if tree.get("resourceType") in {"AllergyIntolerance", "Immunization"} else "subject"
    return name, one(tree, name)


def institution(tree: Tree) -> str:
    """Return the number in the extension JP_eCS_InstitutionNumber, else ""."""
    found = extensions(tree, japan.INSTITUTION_NUMBER)
    return text(one(found[0], "valueIdentifier"), "value") if found else ""


Link = (
    tuple[str | int, "Link"] | None
)  # a place as a chain of steps: cheap to carry, written out only when needed


def strings(tree: Tree) -> Iterator[tuple[Link, str]]:
    """Yield (place, text) of every string beneath, in order, without recursion."""
    waiting: list[tuple[object, Link]] = [(tree, None)]
    while waiting:
        value, link = waiting.pop()
        if isinstance(value, str):
            yield link, value
        elif isinstance(value, dict):
            waiting.extend((inner, (name, link)) for name, inner in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((value[i], (i, link)) for i in range(len(value) - 1, -1, -1))


def place_of(link: Link) -> str:
    """Write out a place: `.entry[3].resource.name`."""
    steps: list[str] = []
    while link is not None:
        step, link = link
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps))


def references(tree: Tree) -> Iterator[tuple[str, str]]:
    """Yield (place, literal reference) of every Reference beneath, in order, without recursion.

    Three rules ask it of every entry, so only what can hold a Reference is walked.
    """
    waiting: list[tuple[Any, Link]] = [(tree, None)]
    while waiting:
        value, link = waiting.pop()
        inside = (
            reversed(value.items())
            if type(value) is dict
            else zip(_backwards(value), reversed(value), strict=True)
        )
        for name, inner in inside:
            kind = type(inner)
            if kind is dict or kind is list:
                waiting.append((inner, (name, link)))
        if type(value) is dict and type(literal := value.get("reference")) is str:
            yield place_of(("reference", link)), literal


def _backwards(items: list[Any]) -> range:
    return range(len(items) - 1, -1, -1)
