"""Resources made at random from the definitions, mostly well-formed, and ways to break them. All of it is synthetic."""

import random
from typing import Any

from kakehashi.fhir import definitions
from kakehashi.fhir.shapes import RESOURCE, Member, shape
from kakehashi.fhir.types import NUMBER

VALUES: dict[str, list[Any]] = {
    "string": ["山田　太郎", "a", "1", "*"],
    "markdown": ["*x*"],
    "code": ["final", "a b"],
    "id": ["x-1"],
    "uri": ["http://example.org/x", "urn:oid:1.2.392"],
    "url": ["http://example.org/y"],
    "canonical": ["http://example.org/z|1"],
    "oid": ["urn:oid:1.2.392"],
    "uuid": ["urn:uuid:00000000-0000-4000-8000-000000000000"],
    "boolean": [True, False],
    "decimal": [0, 1.5, -2, 101],
    "integer": [0, 1, -1, 2],
    "positiveInt": [1, 2],
    "unsignedInt": [0, 3],
    "date": ["2024", "2024-02", "2024-02-29"],
    "dateTime": ["2024", "2024-02-29", "2024-02-29T12:00:00+09:00", "2024-02-29T04:00:00Z"],
    "instant": ["2024-02-29T12:00:00.000+09:00"],
    "time": ["12:00:00"],
    "base64Binary": ["AAAA"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">文</div>'],
}
SYSTEMS = ["http://unitsofmeasure.org", "http://terminology.hl7.org/CodeSystem/condition-ver-status", "urn:x"]
BROKEN: list[Any] = [
    "",
    None,
    {},
    [],
    5,
    "x",
    True,
    [None],
    {"id": "a"},
    {"value": 1},
    "#x",
    "2024-02-30",
    "0",
]


def make(chance: random.Random, name: str, depth: int = 0) -> dict[str, Any]:
    """Return an object of a shape; members that R4 requires are mostly there."""
    known = shape(name)
    made: dict[str, Any] = {"resourceType": name} if known.resource else {}
    likely = 0.5 / (1 + depth * 1.5)
    for element in known.elements:
        members = known.named(element) if element.max != 0 else ()
        if not members or chance.random() > (0.97 if element.min else likely * 0.4):
            continue
        member = chance.choice(members)
        if depth > 3 and not member.primitive and not element.min:
            continue
        made[member.name] = _several(chance, member, depth) if element.array else _one(chance, member, depth)
    return made


def break_one(chance: random.Random, tree: Any) -> None:
    """Change one member somewhere below `tree` into something odd, drop it, or add one."""
    while True:
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        key = chance.choice(keys)
        inner = tree[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            tree = inner
            continue
        act = chance.randrange(4)
        if act == 0 and key != "resourceType":
            del tree[key]
        elif act == 1 and isinstance(tree, dict):
            tree[
                chance.choice(["value", "_id", "_status", "extension", "foo", "valueString", "_birthDate"])
            ] = chance.choice(BROKEN)
        elif key != "resourceType":
            tree[key] = chance.choice(BROKEN)
        return


def _several(chance: random.Random, member: Member, depth: int) -> list[Any]:
    return [_one(chance, member, depth) for _ in range(chance.choice([1, 1, 2]))]


def _one(chance: random.Random, member: Member, depth: int) -> Any:
    element = member.element
    held = definitions.load().value_sets.get(element.binding) if element.strength == "required" else None
    if held and held.codes and chance.random() < 0.95:
        system, codes = chance.choice(list(held.codes.items()))
        code = chance.choice(codes)
        if member.type.code == "code":
            return code
        if member.type.code == "CodeableConcept":
            return {"coding": [{"system": system, "code": code}]}
    if member.primitive:
        return chance.choice(SYSTEMS) if member.name == "system" else chance.choice(VALUES[member.shape])
    if member.shape == RESOURCE:
        return make(chance, chance.choice(["Patient", "Observation", "Organization", *NUMBER]), depth + 2)
    if member.shape == "Reference":
        return {"reference": f"{chance.choice([*member.type.targets, 'Patient'])}/1"}
    if member.shape == "Extension":
        return {"url": "http://example.org/e", "valueString": "x"}
    return make(chance, member.shape, depth + 1) or {"id": "a"}
