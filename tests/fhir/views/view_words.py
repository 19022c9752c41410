"""Words for tests of views: a few synthetic people, and how a view is asked."""

from typing import Any

from kakehashi.fhir.views.compiling import compile_view

Json = dict[str, Any]

HANAKO = {
    "resourceType": "Patient",
    "id": "hanako",
    "active": True,
    "gender": "female",
    "birthDate": "1962-05",
    "name": [
        {"use": "official", "family": "見本", "given": ["花子", "はな"]},
        {"use": "usual", "family": "架橋"},
    ],
    "contact": [
        {
            "name": {"family": "見本"},
            "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}],
        },
        {"name": {"family": "架空"}, "telecom": [{"system": "phone", "value": "3"}]},
    ],
    "multipleBirthInteger": 2,
    "managingOrganization": {"reference": "Organization/o1"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "urn:uuid:x"}],
}
TARO = {"resourceType": "Patient", "id": "taro", "active": False, "name": [{"family": "見本"}]}
JIRO = {"resourceType": "Patient", "id": "jiro"}
PEOPLE = (HANAKO, TARO, JIRO)


def column(name: str, path: str, **more: object) -> Json:
    return {"name": name, "path": path, **more}


def definition(*select: Json, resource: str = "Patient", **more: object) -> Json:
    return {"resource": resource, "select": list(select), **more}


def columns(*paths: str, **more: object) -> Json:
    """A select of columns a, b, c …"""
    return {"column": [column("abcdefgh"[i], path, **more) for i, path in enumerate(paths)]}


def table(*select: Json, of: tuple[Json, ...] = PEOPLE, **more: object) -> list[tuple[object, ...]]:
    """The rows of a view over some resources, the synthetic people unless told otherwise."""
    view = compile_view(definition(*select, **more))  # type: ignore[arg-type]
    return [row for tree in of for row in view.rows(tree)]
