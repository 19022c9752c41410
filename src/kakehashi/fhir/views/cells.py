"""A path of a view as a function of one node: what it finds there, or what a column holds.

Here it is decided how a path is run: by fhir/paths, or where the path is simple enough by swift.py.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from kakehashi.core.errors import TooCostly
from kakehashi.fhir import primitives
from kakehashi.fhir.paths.evaluate import Path
from kakehashi.fhir.paths.nodes import Env, Node, Nodes
from kakehashi.fhir.paths.syntax import Expression
from kakehashi.fhir.views.columns import EXACTLY, Column, Row, Value, family, one_of, reader
from kakehashi.fhir.views.swift import Get, Swift, swift
from kakehashi.fhir.views.typing import Type

Cell: TypeAlias = Callable[[Node, Env], Value]
Finder: TypeAlias = Callable[[Node, Env], Nodes]

MOST_CELLS = 1_000_000  # that one resource may fill: rows times columns


def cell_of(column: Column, expression: Expression, path: Path, focus: Type, *, declared: bool) -> Cell:
    """Return the function from a node to what the column holds. It raises BadRow, TooCostly."""
    quick = swift(expression, focus)
    if quick is None:
        read = reader(column, declared=declared)
        return lambda node, env: read([found.value for found in path([node], env)])
    if quick.many or column.collection:
        return _of_many(quick, reader(column, declared=declared))
    return _of_one(quick.get, EXACTLY[family(column.type)], one_of(column, declared=declared))


def _of_many(quick: Swift, read: Callable[[Sequence[Any]], Value]) -> Cell:
    get = quick.get
    return (
        (lambda node, _env: read(get(node.value)))
        if quick.many
        else (lambda node, _env: read((get(node.value),)))
    )


def _of_one(get: Get, exactly: frozenset[type], one: Callable[[Any], Value]) -> Cell:
    def run(node: Node, _env: Env) -> Value:
        value: Any = get(node.value)
        return value if type(value) in exactly else one(value)

    return run


def finder_of(expression: Expression, path: Path, focus: Type) -> Finder:
    """Return the function from a node to the nodes that a path finds on it. It raises TooCostly."""
    quick = swift(expression, focus)
    if quick is None or (quick.type in primitives.NAMES and quick.type != "boolean"):
        return lambda node, env: path([node], env)  # a primitive may have extensions of its own
    get, kind = quick.get, quick.type
    if quick.many:
        return lambda node, _env: [Node(one, kind) for one in get(node.value)]
    return lambda node, _env: [] if (one := get(node.value)) is None else [Node(one, kind)]


def require_cells(rows: int, *parts: Row) -> None:
    """Raise TooCostly where rows made of these parts would be too many for one resource."""
    if rows * max(1, sum(map(len, parts))) > MOST_CELLS:
        raise TooCostly(
            "1 件のリソースから作られる行が多すぎます。forEach の組み合わせを減らしてください。",
            "One resource makes too many rows; combine fewer forEach.",
            rule="view.rows",
        )
