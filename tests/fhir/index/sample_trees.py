"""The smallest resource that a route leads through, with a sample value of its data type at the end."""

from typing import Any

from kakehashi.fhir.indexing.expressions import Marked, Nth, PointsAt
from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.fhir.indexing.routes import Member, Move, Only, Route

_QUANTITY = {"value": 5, "system": "http://unitsofmeasure.org", "code": "mg"}
SAMPLES: dict[str, Any] = {
    "CodeableConcept": {"coding": [{"system": "urn:s", "code": "c"}]}, "Coding": {"system": "urn:s", "code": "c"},
    "Identifier": {"system": "urn:s", "value": "v"}, "ContactPoint": {"system": "phone", "value": "03-0000-0000"},
    "HumanName": {"family": "山田"}, "Address": {"city": "横浜市"}, "boolean": True,
    "Reference": {"reference": "Patient/1"},
    "Resource": {"resourceType": "Composition", "id": "1"}, "Period": {"start": "2024-01-01"},
    "Timing": {"event": ["2024-01-01"]}, "Range": {"low": _QUANTITY}, "Money": {"value": 5, "currency": "JPY"},
    "SampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2 E"},
    "date": "2024-01-01", "dateTime": "2024-01-01", "instant": "2024-01-01T00:00:00Z", "integer": 3, "decimal": 0.5,
    "Patient": {}, "UsageContext": {}, "BackboneElement": {"latitude": 35.0, "longitude": 139.0},
    **dict.fromkeys(("Quantity", "Age", "Duration", "Count", "Distance"), _QUANTITY),
    **dict.fromkeys(("code", "string", "id", "uri", "url", "canonical", "oid", "uuid", "markdown"), "urn:x"),
}  # fmt: skip


def tree(base: str, route: Route, value: Any = None) -> dict[str, Any]:
    """Return a resource that holds the value (or the sample of the route's type) at the end of the route."""
    given = value if value is not None else SAMPLES[route.type]
    inner = dict(given) if isinstance(given, dict) else given
    built = _around(route.moves, inner)
    return {"resourceType": base, "id": "1", **(built if isinstance(built, dict) else {})}


def item(parameter: Parameter, route: Route) -> dict[str, Any]:
    """Return a resource with one item of a composite that has a value for every component."""
    inside: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    for part in parameter.parts:
        built = _around(part.routes[0].moves, SAMPLES[part.routes[0].type])
        (beside if part.of_resource else inside).update(built)
    return {**beside, **tree(parameter.base, route, inside)}


def _around(moves: tuple[Move, ...], value: Any) -> Any:
    for move in reversed(moves):
        value = _before(move, value)
    return value


def _before(move: Move, value: Any) -> Any:
    match move:
        case Member(name, many):
            return {name: [value] if many else value}
        case Only(paths, text):
            return {**value, **_around(paths[0], text)} if paths else value
        case PointsAt(kind):
            return {**value, "reference": f"{kind}/1"}
        case Marked(url):
            return {**value, "extension": [{"url": url}]}
        case Nth():
            return value
