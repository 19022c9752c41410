"""What the routes say of themselves for the CapabilityStatement: interactions and operations, by level. Pure.

Source: https://hl7.org/fhir/R4/capabilitystatement.html
"""

from collections.abc import Iterable
from functools import cache

from kakehashi.faces.api.route import Route
from kakehashi.fhir.types import NUMBER

SYSTEM, TYPE, ONE = "/fhir", "/fhir/{type}", "/fhir/{type}/{id}"
# Codes of http://hl7.org/fhir/restful-interaction by a route's label and place.
_CODES = {
    ("bundle", SYSTEM): ("transaction", "batch"),
    ("search", SYSTEM): ("search-system",),
    ("history", f"{SYSTEM}/_history"): ("history-system",),
    ("search", TYPE): ("search-type",),
    ("create", TYPE): ("create",),
    ("history", f"{TYPE}/_history"): ("history-type",),
    ("read", ONE): ("read",),
    ("update", ONE): ("update",),
    ("patch", ONE): ("patch",),
    ("delete", ONE): ("delete",),
    ("history", f"{ONE}/_history"): ("history-instance",),
    ("vread", f"{ONE}/_history/{{version}}"): ("vread",),
}
_OF_SYSTEM = frozenset({"transaction", "batch", "search-system", "history-system"})


def interactions(routes: Iterable[Route], *, of_system: bool) -> list[str]:
    """Return the interactions that the routes are, of the whole system or of each type."""
    found = (code for route in routes for code in _CODES.get((route.label, route.path), ()))
    return [code for code in dict.fromkeys(found) if (code in _OF_SYSTEM) == of_system]


def conditions(routes: Iterable[Route]) -> dict[str, object]:
    """Return what is done by a search in the stead of an id, and what conditional requests there are."""
    there = {(route.method, route.path) for route in routes}
    return {
        "conditionalCreate": ("POST", TYPE) in there,
        "conditionalRead": "full-support" if ("GET", ONE) in there else "not-supported",
        "conditionalUpdate": ("PUT", TYPE) in there,
        "conditionalDelete": "single" if ("DELETE", TYPE) in there else "not-supported",
    }


def name_of(route: Route) -> str:
    """Return the name of the operation that a route is, without `$`; "" where it is none."""
    return route.path.rpartition("$")[2] if route.operation else ""


def of_system(routes: Iterable[Route]) -> list[dict[str, str]]:
    """Return the operations of the whole system."""
    return _listed(
        (name_of(one), one.operation)
        for one in routes
        if one.operation and one.path == f"/fhir/${name_of(one)}"
    )


def of_type(routes: Iterable[Route], resource_type: str) -> list[dict[str, str]]:
    """Return the operations of a resource type and of its resources."""
    return _listed(
        (name_of(one), one.operation.replace("{type}", resource_type))
        for one in routes
        if one.operation and "{type}" in one.path and (not one.types or resource_type in one.types)
    )


def _listed(operations: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """One for each definition: a type's and an instance's operation of one definition are one."""
    return [{"name": name, "definition": url} for name, url in dict.fromkeys(operations)]


@cache
def normative_types() -> frozenset[str]:
    """Return the resource types that are normative in R4. Source: https://hl7.org/fhir/R4/resourcelist.html"""
    named = "Binary Bundle CapabilityStatement CodeSystem Observation OperationDefinition OperationOutcome Parameters"
    return frozenset({*named.split(), "Patient", "StructureDefinition", "ValueSet"} & NUMBER.keys())
