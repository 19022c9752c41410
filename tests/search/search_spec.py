"""A specification of search: a small world as a table, and questions to it."""

import re
from collections.abc import Awaitable, Callable
from itertools import zip_longest
from typing import Any

import orjson
from search_engines import Found, held

from kakehashi.search.memory import Held


class Spec:
    """A small world, given as a table, and questions to it."""

    def __init__(self, answer: Callable[[list[Held], str, str], Awaitable[Found]]) -> None:
        self.rows: list[Held] = []
        self._answer = answer

    def given(self, resource_type: str, table: str) -> None:
        """Add a resource for each line: `id | element | …`; cells are JSON, or plain text where they are not."""
        head, *lines = [line.strip() for line in table.strip().splitlines()]
        names = [name.strip() for name in head.split("|")]
        for line in lines:
            cells = [cell.strip() for cell in re.split(r"\s\|(?=\s|$)", line)]
            filled = {name: _cell(cell) for name, cell in zip_longest(names, cells, fillvalue="") if cell}
            self.rows.append(held({"resourceType": resource_type, **filled}))

    async def __call__(self, text: str) -> set[str]:
        """Return the ids that `Type?query` finds."""
        return set((await self.found(text)).ids)

    async def found(self, text: str) -> Found:
        """Return all that `Type?query` answers."""
        resource_type, _, query = text.partition("?")
        return await self._answer(self.rows, resource_type, query)


def _cell(text: str) -> Any:
    return orjson.loads(text) if text[0] in '{["' or text in ("true", "false") else text
