"""What resolvers go through: an element of a resource with what it takes to follow its references. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kakehashi.core.errors import BadRequest, Failure
from kakehashi.engines.graphql.scalars import text_of
from kakehashi.engines.graphql.spending import Spending
from kakehashi.fhir.parse import Tree

Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Home:
    """The resource that an element stands in: its tree, and the outermost one around it (for `#…`)."""

    tree: Tree
    container: Tree


@dataclass(frozen=True, slots=True)
class Element:
    """An object of a resource. `shape`: its FHIR type, or the path of its content."""

    value: Tree
    shape: str
    home: Home


def resource(tree: Tree, container: Tree | None = None) -> Element:
    """Return a resource as an element."""
    return Element(tree, str(tree.get("resourceType")), Home(tree, container or tree))


def inner(value: object, shape: str, home: Home) -> Element | None:
    """Return an object below another; a resource within it (contained, entry) begins anew."""
    if not isinstance(value, dict):
        return None
    if shape != "Resource":
        return Element(value, shape, home)
    container = home.container if home.container.get("resourceType") != "Bundle" else value
    return resource(value, container)


def chosen(
    items: Sequence[Any], arguments: Arguments, spending: Spending, home: Home, shape: str
) -> list[Any]:
    """Return the items of a list that its arguments want: filters, `fhirpath`, then `_offset` and `_count`."""
    if not arguments:
        return list(items)
    rest = dict(arguments)
    offset, count = number(rest, "_offset"), number(rest, "_count")
    path = rest.pop("fhirpath", None)
    wanted = {name: text_of(value) for name, value in rest.items() if value is not None}
    kept = [one for one in items if _agrees(one, wanted)]
    if path is not None:
        kept = spending.paths.kept(text_of(path), kept, shape, home.tree)
    start = offset or 0
    return kept[start : None if count is None else start + count]


def number(arguments: dict[str, object], name: str) -> int | None:
    """Take a number from 0 on out of the arguments; None where it is not given. Raises BadRequest."""
    said = arguments.pop(name, None)
    if said is None:
        return None
    text = text_of(said)
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_argument(name, "10")
    return int(text)


def bad_argument(name: str, example: str) -> Failure:
    """Return the refusal of an argument that cannot be read."""
    return BadRequest(
        f"引数 {name} の値が読めません。例: {example}",
        f"The argument {name} cannot be read. Example: {example}",
        rule="graphql.argument",
        place=name,
    )


def _agrees(one: object, wanted: Mapping[str, str]) -> bool:
    if not wanted:
        return True
    return isinstance(one, dict) and all(said in _texts(one.get(name)) for name, said in wanted.items())


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, list):
        return [text_of(one) for one in value if isinstance(one, str | int | float)]
    return [text_of(value)] if isinstance(value, str | int | float) else []
