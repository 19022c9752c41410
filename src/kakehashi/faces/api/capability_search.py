"""Search for the CapabilityStatement: parameters with their definitions and modifiers, what may be included. Pure.

What is said is asked of the parser of searches, so nothing is said that it would refuse.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from kakehashi.core.errors import Failure
from kakehashi.fhir.definitions import SearchParameter as Published
from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import COLUMNS, Parameter, parameters
from kakehashi.fhir.types import NUMBER
from kakehashi.search.conditions import MODIFIERS
from kakehashi.search.parse import parse_query
from kakehashi.search.refusals import EXAMPLES

_DEFINED = "http://hl7.org/fhir/SearchParameter/"
_CANONICAL = "http://example.org/fhir/ValueSet/1"
_EXAMPLES = {
    "text": "山田", "not": "final", "of-type": "http://example.org|MR|446053", "missing": "true",
    "identifier": "http://example.org|1", "exact": "山田", "contains": "山田", "in": _CANONICAL, "not-in": _CANONICAL,
}  # fmt: skip
# What R4 knows beside the parameters of types: kind, and a value that can be asked for.
_SPECIAL = {
    "_text": ("string", "山田"),
    "_content": ("string", "山田"),
    "_list": ("string", "42"),
    "_filter": ("special", 'gender eq "male"'),
    "_has": ("special", ""),
    "_query": ("token", "current"),
}
_OF_ANSWERS = (
    "_sort _count _include _revinclude _summary _elements _total _contained _containedType _score".split()
)


@cache
def of_type(resource_type: str) -> list[dict[str, str]]:
    """Return the search parameters of a resource type: name, definition, type, and their modifiers in words."""
    found = parameters(resource_type)
    said = [
        _said(one.code, one.kind, _definitions(resource_type).get(one.code, ""), _modifiers(one))
        for one in found.values()
    ]
    return said + [one for one in _special() if one["name"] not in found]


def of_system() -> list[dict[str, str]]:
    """Return the parameters that searches of every type know."""
    own = [
        _said(one.code, one.kind, f"{_DEFINED}Resource-{one.code.lstrip('_')}", _modifiers(one))
        for one in parameters("Basic").values()
        if one.code in COLUMNS
    ]
    types = _said("_type", "token", "", ())
    return [*own, *_special(), types]


def includes(resource_type: str) -> list[str]:
    """Return what `_include` takes for a resource type."""
    return ["*", *(f"{resource_type}:{code}" for code in _references(resource_type))]


def revincludes(resource_type: str) -> list[str]:
    """Return what `_revinclude` takes for a resource type: references that are made to point at it."""
    return _pointing().get(resource_type, [])


def of_answers() -> list[str]:
    """Return the parameters that concern the answer."""
    samples = {
        "_include": "Patient:organization",
        "_revinclude": "Observation:subject",
        "_sort": "_lastUpdated",
    }
    samples |= {
        "_count": "1",
        "_summary": "true",
        "_elements": "name",
        "_total": "none",
        "_contained": "false",
    }
    samples |= {"_containedType": "container", "_score": "true"}
    return [name for name in _OF_ANSWERS if _taken("Patient", name, samples[name])]


def _said(name: str, kind: str, definition: str, modifiers: tuple[str, ...]) -> dict[str, str]:
    said = {"name": name, "type": kind}
    if definition:
        said["definition"] = definition
    if modifiers:
        said["documentation"] = " ".join(f":{one}" for one in modifiers)
    return said


def _modifiers(one: Parameter) -> tuple[str, ...]:
    """The modifiers that a search by the parameter takes. The same for all of a kind, but for some."""
    return tuple(name for name in MODIFIERS[one.kind] if _takes(one, name))


def _takes(one: Parameter, modifier: str) -> bool:
    if modifier == "[type]":
        return True
    example = _EXAMPLES.get(modifier, EXAMPLES[one.kind])
    if modifier == "not" and one.code == "_id":
        example = "1"
    return _taken(one.base, f"{one.code}:{modifier}", example)


def _taken(resource_type: str, name: str, value: str) -> bool:
    try:
        parse_query(resource_type, [(name, value)], strict=True)
    except Failure:
        return False
    return True


@cache
def _special() -> list[dict[str, str]]:
    """Parameters of every type that are no entries of the index."""
    found = []
    for name, (kind, value) in _SPECIAL.items():
        asked = ("_has:Observation:patient:code", "718-7") if name == "_has" else (name, value)
        if _taken("Patient", *asked):
            found.append(_said(name, kind, "" if name == "_has" else f"{_DEFINED}Resource-{name[1:]}", ()))
    return found


@cache
def _definitions(resource_type: str) -> Mapping[str, str]:
    """Canonical URLs of published parameters by code; a type's own stand before those of every resource."""
    owners = ("Resource", "DomainResource", resource_type)
    return {one.code: one.url for owner in owners for one in _by_owner().get(owner, ())}


@cache
def _by_owner() -> Mapping[str, list[Published]]:
    found: dict[str, list[Published]] = defaultdict(list)
    for one in load().search_parameters:
        for owner in one.base:
            found[owner].append(one)
    return found


def _references(resource_type: str) -> list[str]:
    return sorted(one.code for one in parameters(resource_type).values() if one.kind == "reference")


@cache
def _pointing() -> Mapping[str, list[str]]:
    """`Type:code` by the types that a reference is made for; one that may point at anything is left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in NUMBER:
        for one in parameters(name).values():
            if one.kind == "reference":
                for target in one.targets:
                    found[target].append(f"{name}:{one.code}")
    return found
