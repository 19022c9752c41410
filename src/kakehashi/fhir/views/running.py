"""A compiled view at work: one resource in, its rows out; what goes wrong is told with the resource it was met on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import re2

from kakehashi.core.errors import Failure, Problem
from kakehashi.fhir.parse import Resource, Tree
from kakehashi.fhir.paths.costs import Budget
from kakehashi.fhir.paths.keys import key_of_resource
from kakehashi.fhir.paths.nodes import Env, Node
from kakehashi.fhir.validate import validate
from kakehashi.fhir.views.cells import Finder
from kakehashi.fhir.views.columns import BadRow, Column, Row

STEPS = 300_000  # what the paths of a view may spend on one resource (fhir/paths/costs.py): about a second


@dataclass(frozen=True, slots=True)
class View:
    """A view that can be run. `warnings`: paths that can find nothing. `name` is "" where the definition has none."""

    name: str
    title: str
    resource: str
    columns: tuple[Column, ...]
    warnings: tuple[Problem, ...]
    tests: tuple[tuple[Finder, str], ...] = field(repr=False)
    run: Callable[[Node, Env], list[Row]] = field(repr=False)

    def rows(self, tree: Tree) -> list[Row]:
        """Return the rows that a decoded resource makes; none for one of another type. Raises BadRow, TooCostly.

        Decimals keep their text where they were decoded as `Written` (engines/views/bodies.py).
        """
        if tree.get("resourceType") != self.resource:
            return []
        node = Node(tree, self.resource)
        env = Env(node, node, node, 0, Budget(STEPS))
        try:
            if not all(_holds(test(node, env), place) for test, place in self.tests):
                return []
            return self.run(node, env)
        except Failure as failure:
            raise told_of(failure, _name_of(tree)) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, re2.error):
            raise told_of(_unfit(tree), _name_of(tree)) from None


def _name_of(tree: Tree) -> str:
    return key_of_resource(tree) or str(tree.get("resourceType"))


def _holds(nodes: list[Node], place: str) -> bool:
    """Say whether a constraint holds: it is true, and nothing else is taken for true."""
    if not nodes:
        return False
    if len(nodes) > 1 or type(nodes[0].value) is not bool:
        raise BadRow(
            "where の式は true か false の 1 つの値にしてください (例: name.exists())。",
            "A where must give a single true or false, such as name.exists().",
            rule="view.where",
            place=place,
        )
    return nodes[0].value is True


def _unfit(tree: Tree) -> BadRow:
    """Say why a path broke on a resource: the resource is no R4, or the path asks of values what they cannot do."""
    name = tree.get("id")
    wrong = validate(Resource(str(tree["resourceType"]), name if isinstance(name, str) else "", b"", tree))
    if wrong:
        return BadRow(problems=wrong)
    return BadRow(
        "値に合わない FHIRPath があります (型や正規表現を確かめてください)。",
        "A FHIRPath does not fit the values; look at types and regular expressions.",
        rule="view.path",
    )


def told_of(failure: Failure, what: str) -> Failure:
    """Return the failure with what it was met on said first: a resource by type and id, a line of a file."""
    return type(failure)(
        problems=[replace(one, ja=f"{what}: {one.ja}", en=f"{what}: {one.en}") for one in failure.problems]
    )
