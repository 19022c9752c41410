"""Routes as data, and how an address finds its own: by its shape, in two look-ups."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.fhir.types import NUMBER

Handler = Callable[[Call], Awaitable[Answer]]
Names = Mapping[str, str]
_FHIR = "/fhir"
_WORDS = frozenset({"_history", "_search", "metadata"})
_JOBS = "$bulk"  # /fhir/$bulk/{job}/{file}


@dataclass(frozen=True, slots=True)
class Route:
    """One route. `label` is its interaction, for figures and logs. `open`: needs no token. `fhir`: answers FHIR.

    `native`: a Binary goes out as what it is, where that is wanted. Of an operation, `operation` is the canonical URL
    of its definition ("{type}" in it is the type asked), and `types` are those that have it (empty: all).
    """

    method: str
    path: str
    label: str
    handler: Handler
    open: bool = False
    fhir: bool = True
    native: bool = False
    operation: str = ""
    types: tuple[str, ...] = ()


@dataclass(slots=True)
class Routes:
    """Routes by template and method."""

    _table: dict[str, dict[str, Route]] = field(default_factory=dict)

    def add(self, routes: Iterable[Route]) -> None:
        """Take routes in."""
        for route in routes:
            self._table.setdefault(route.path, {})[route.method] = route

    def every(self) -> list[Route]:
        """Return all routes."""
        return [route for methods in self._table.values() for route in methods.values()]

    def at(self, template: str) -> Mapping[str, Route]:
        """Return the routes of a template by method."""
        return self._table.get(template, {})

    def shape(self, path: str) -> tuple[str, Names]:
        """Return the template of an address, and what its placeholders stand for.

        `/fhir/Patient/1/_history/2` is `/fhir/{type}/{id}/_history/{version}`.
        """
        if not path.startswith(_FHIR) or path in self._table:
            return path.rstrip("/") or "/", {}
        parts = path.rstrip("/").split("/")[2:]
        if len(parts) == 2 and parts[0] in NUMBER and parts[1][:1] not in "_$":  # most requests
            return "/fhir/{type}/{id}", {"type": parts[0], "id": parts[1]}
        return _shape(parts)


def _shape(parts: list[str]) -> tuple[str, Names]:
    names: dict[str, str] = {}
    shape = [_FHIR]
    for place, part in enumerate(parts):
        if part in _WORDS or part.startswith(("$", ".")):
            shape.append(part)
        elif place == 0 and part in NUMBER:
            shape.append("{type}")
            names["type"] = part
        elif place == 1 and "type" in names:
            shape.append("{id}")
            names["id"] = part
        elif place == 3 and parts[2] == "_history":
            shape.append("{version}")
            names["version"] = part
        elif place == 2 and part in NUMBER and "id" in names:
            shape.append("{member}")
            names["member"] = part
        elif parts[0] == _JOBS and place in (1, 2):
            name = ("job", "file")[place - 1]
            shape.append(f"{{{name}}}")
            names[name] = part
        else:
            return "", {}
    return "/".join(shape), names
