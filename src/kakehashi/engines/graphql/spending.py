"""What one request may take while it is answered, and the FHIRPath of its `fhirpath` arguments.

When something is spent, the rest of the request is passed over in silence and one refusal is told: a partial answer
that is cut at an arbitrary place would be taken for the whole.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import re2

from kakehashi.core.errors import BadRequest, Failure, TooCostly
from kakehashi.fhir.parse import Tree
from kakehashi.fhir.paths.costs import Budget
from kakehashi.fhir.paths.evaluate import Path, compiled, truth
from kakehashi.fhir.paths.nodes import Env, Node, root_node
from kakehashi.fhir.paths.syntax import UnknownPath, parse_path

RESOURCES = 1_000  # that may be read
SEARCHES = 50
VALUES = 100_000  # that may be told
TURN = 5_000  # values that are told before others are served
STEPS = 300_000  # of FHIRPath
_PATHS = 20  # different FHIRPaths


class Paths:
    """The FHIRPaths of one request, each compiled once, all on one budget."""

    def __init__(self) -> None:
        self._compiled: dict[str, Path] = {}
        self._budget = Budget(STEPS)

    def kept(self, text: str, items: Sequence[Any], shape: str, tree: Tree) -> list[Any]:
        """Return the items for which a path is true. Raises BadRequest, TooCostly."""
        return [
            one
            for one, nodes in zip(items, self._found(text, items, shape, tree), strict=True)
            if truth(nodes)
        ]

    def text(self, text: str, item: Any, shape: str, tree: Tree) -> str:
        """Return the one value that a path finds on an item, "" for none. Raises BadRequest, TooCostly."""
        [nodes] = self._found(text, [item], shape, tree)
        return "" if len(nodes) != 1 or isinstance(nodes[0].value, dict) else str(nodes[0].value)

    def _found(self, text: str, items: Sequence[Any], shape: str, tree: Tree) -> list[list[Node]]:
        path = self._compiled.get(text) or self._compile(text)
        root = root_node(tree)
        try:
            found = []
            for one in items:
                self._budget.spend(len(text))
                node = Node(one, shape)
                found.append(path([node], Env(root, root, node, 0, self._budget)))
            return found
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, re2.error):
            raise _bad_path(text) from None

    def _compile(self, text: str) -> Path:
        if len(self._compiled) >= _PATHS:
            raise TooCostly(
                f"fhirpath は {_PATHS} 種類までです。", f"At most {_PATHS} different FHIRPaths.", rule="graphql.cost",
            )  # fmt: skip
        try:
            self._compiled[text] = compiled(parse_path(text), text)
        except (UnknownPath, RecursionError):
            raise _bad_path(text) from None
        return self._compiled[text]


class Spending:
    """What is left. `refused`: why the request is not answered, once it has taken too much.

    Values are told in turns, between which the server serves others.
    """

    def __init__(self) -> None:
        self.resources, self.searches, self.values = RESOURCES, SEARCHES, VALUES
        self._in_turn = 0
        self._next: asyncio.Future[None] | None = None
        self.paths = Paths()
        self.refused: Failure | None = None

    def tell(self, values: int = 1) -> bool:
        """Count values that are told; False when they are too many."""
        self.values -= values
        self._in_turn += values
        if self.values < 0:
            self.refuse(f"値が {VALUES:,} 個", f"{VALUES:,} values")
        return self.refused is None

    def due(self) -> bool:
        """Say whether it is others' turn; then `turn` waits for the next one."""
        if self._in_turn < TURN:
            return False
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.create_future()
            loop.call_soon(self._begin, self._next)
        return True

    async def turn(self) -> None:
        """Wait until it is this request's turn again."""
        while self.due() and self._next:
            await self._next

    def _begin(self, waiting: "asyncio.Future[None]") -> None:
        self._in_turn, self._next = 0, None
        if not waiting.done():  # whoever waited was sent away
            waiting.set_result(None)

    def read(self, resources: int) -> bool:
        """Count resources that are read; False when they are too many."""
        self.resources -= resources
        if self.resources < 0:
            self.refuse(f"リソースが {RESOURCES:,} 件", f"{RESOURCES:,} resources")
        return self.refused is None

    def search(self) -> bool:
        """Count a search; False when they are too many."""
        self.searches -= 1
        if self.searches < 0:
            self.refuse(f"検索が {SEARCHES} 回", f"{SEARCHES} searches")
        return self.refused is None

    def refuse(self, ja: str, en: str) -> None:
        """Refuse the whole request; the first reason is told."""
        self.refused = self.refused or TooCostly(
            f"一度の問い合わせで{ja}を超えます。_count や条件で絞るか、分けて送ってください。",
            f"One request would take more than {en}; narrow it by _count or conditions, or send it in parts.",
            rule="graphql.cost",
        )


def _bad_path(text: str) -> BadRequest:
    shown = text[:80]
    return BadRequest(
        f"FHIRPath が読めないか、値に合いません: {shown}",
        f"The FHIRPath cannot be read, or does not fit the values: {shown}",
        rule="graphql.fhirpath",
    )
