"""`Observation/$lastn`: of each code the last few Observations that a search finds.

Source: https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from dataclasses import replace
from typing import Any

import orjson

from kakehashi.core.errors import TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, scene_on
from kakehashi.engines.records.search import named_patients, require_scope
from kakehashi.engines.terminology.searching import resolved
from kakehashi.search.plan import Query
from kakehashi.store.read import reading
from kakehashi.store.rows import Row

MOST = 5_000  # Observations looked through
_PAGE = 500


async def lastn(house: House, asked: Asked, query: Query, most: int) -> list[Row]:
    """Return at most `most` of each code, code by code, the newest first; `query` sorts by date, newest first.

    Only what is returned is logged as seen. Raises Refused, TooCostly, Unavailable.
    """
    require_scope(asked, query)
    query = await resolved(house, asked, query)
    patients, sure = named_patients(query)
    scene = (await scene_on(house, asked, patients)).searching()
    persons = scene.persons if sure else None
    groups = _Groups(most)
    note = asked.note("search", "Observation/$lastn", scene.window)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        query = replace(query, count=_PAGE, cursor=None)
        for _ in range(MOST // _PAGE):
            found = await look.search(query, persons=persons)
            for row in found.rows:
                groups.take(row)
            if found.next is None:
                break
            query = replace(query, cursor=found.next)
        else:
            raise _too_many()
        shown = groups.rows()
        look.seen = [row.seen for row in shown]
    return shown


class _Groups:
    """Observations by code. Two that share a coding are of one code; one without codings goes by its text."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows: list[list[Row]] = []
        self._group: dict[tuple[str, str], int] = {}

    def take(self, row: Row) -> None:
        """Put a row to its group, unless that has enough by now."""
        keys = _keys(orjson.loads(row.body).get("code") or {})
        number = next((self._group[one] for one in keys if one in self._group), len(self._rows))
        if number == len(self._rows):
            self._rows.append([])
        for one in keys:
            self._group.setdefault(one, number)
        if len(self._rows[number]) < self._most:
            self._rows[number].append(row)

    def rows(self) -> list[Row]:
        """Return all that were taken, group by group."""
        return [row for group in self._rows for row in group]


def _keys(code: dict[str, Any]) -> list[tuple[str, str]]:
    codings = [
        (str(one.get("system", "")), str(one["code"])) for one in code.get("coding", ()) if one.get("code")
    ]
    return codings or [("text", str(code.get("text", "")))]


def _too_many() -> TooCostly:
    return TooCostly(
        f"条件に合う Observation が {MOST} 件を超えます。code や date で絞ってください。",
        f"More than {MOST} Observations meet the conditions; narrow them by code or date.",
        rule="lastn.size",
    )
