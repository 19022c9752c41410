"""`$viewdefinition-run` (`$run`): a view over what the caller may see, or over resources sent along, answered at once.

A ViewDefinition is no resource of R4: it comes inline, in Parameters, or is one of those that ship (`viewReference`
"ViewDefinition/jp_lab_results"). An answer has MOST_ROWS rows at most and is all of it or nothing; larger tables are
made by `kakehashi view run`. Source: https://sql-on-fhir.org, OperationDefinition $viewdefinition-run.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from kakehashi.core.errors import Invalid, Problem, TooCostly
from kakehashi.engines.views.bodies import decoded, written
from kakehashi.engines.views.formats import Format, encoded, writer
from kakehashi.engines.views.stored import PAGE, stored
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.headers import media_of
from kakehashi.faces.api.view_parameters import MOST_ROWS, ViewAsked, told
from kakehashi.fhir.parse import Tree, parse
from kakehashi.fhir.validate import validate
from kakehashi.fhir.views.columns import Row
from kakehashi.fhir.views.compiling import view_of
from kakehashi.fhir.views.running import View
from kakehashi.trust import roles

SECONDS = 30  # that one answer may take
MOST_BYTES = 32 << 20  # of its values
_MEDIA = {
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.ARROW: "application/vnd.apache.arrow.stream",
}
_WORDS = {
    **{media: form for form, media in _MEDIA.items()},
    **{form.value: form for form in Format},
    "application/ndjson": Format.NDJSON,
    "application/fhir+ndjson": Format.NDJSON,
    "application/octet-stream": Format.PARQUET,
    "application/fhir+json": Format.JSON,
}


async def run(call: Call) -> Answer:
    """POST [base]/$viewdefinition-run, [base]/ViewDefinition/$run with Parameters."""
    said = told(decoded((await call.resource()).body), call.pairs)
    form = _form_of(said.form, call.header("accept"))
    view = view_of(said.definition)
    roles.require(call.actor, "validate" if said.resources else "export", resource_type=view.resource)
    rows = await _rows(_sent(said) if said.resources else _kept(call, said, view), view, said.limit)
    body = await asyncio.to_thread(_written, form, view, rows, said.header)
    return Answer(
        200, body, media=_MEDIA[form].encode() + (b"; charset=utf-8" if form is Format.CSV else b"")
    )


async def _rows(pages: AsyncIterator[list[Tree]], view: View, limit: int | None) -> list[Row]:
    """Return the rows of pages of resources, `limit` of them at most. Raises BadRow, TooCostly."""
    rows: list[Row] = []
    table = _Table(view, limit or MOST_ROWS + 1, time.monotonic() + SECONDS)
    async for page in pages:
        rows += await asyncio.to_thread(table.rows_of, page)
        if table.wanted <= 0:
            break
    if limit is None and len(rows) > MOST_ROWS:
        raise _too_many()
    return rows[:limit]


@dataclass(slots=True)
class _Table:
    """What may still be added to an answer: rows, bytes of text, and until when."""

    view: View
    wanted: int
    until: float
    room: int = MOST_BYTES

    def rows_of(self, page: Sequence[Tree]) -> list[Row]:
        """Return the rows of a page, until there are as many as are wanted. Raises BadRow, TooCostly."""
        rows: list[Row] = []
        for tree in page:
            more = self.view.rows(tree)
            rows += more
            self.wanted -= len(more)
            self.room -= sum(len(str(value)) for row in more for value in row)
            if self.room < 0:
                raise _too_many()
            if self.wanted <= 0:
                break
            if time.monotonic() > self.until:
                raise _too_long()
        return rows


async def _kept(call: Call, said: ViewAsked, view: View) -> AsyncIterator[list[Tree]]:
    """Yield what the store has and the caller may see; pages are small where few rows are wanted."""
    page = PAGE if said.limit is None else min(PAGE, max(said.limit, 10))
    found = stored(call.house, call.asked, view.resource, patient=said.patient, since=said.since, page=page)
    async for rows in found:
        yield [decoded(row.body) for row in rows]


async def _sent(said: ViewAsked) -> AsyncIterator[list[Tree]]:
    """Yield the resources that were sent along: R4, every one of them. Raises Invalid."""
    problems = await asyncio.to_thread(_wrong_with, said.resources)
    if problems:
        raise Invalid(problems=problems)
    yield said.resources


def _wrong_with(resources: Sequence[Tree]) -> list[Problem]:
    return [
        problem.moved(f"resource[{number}]")
        for number, tree in enumerate(resources)
        for problem in validate(parse(written(tree)))
    ]


def _written(form: Format, view: View, rows: Sequence[Row], header: bool) -> bytes:
    file = io.BytesIO()
    if form is Format.CSV and not header:
        return encoded(form, view, rows)
    out = writer(form, view, file)
    out.append(encoded(form, view, rows))
    out.close()
    return file.getvalue()


def _form_of(said: str, accept: str) -> Format:
    if said:
        wanted = media_of(said)
        return _WORDS[wanted] if wanted in _WORDS else Format.named(wanted, place="_format")
    for one in accept.split(","):
        if form := _WORDS.get(media_of(one)):
            return form
    return Format.JSON


def _too_many() -> TooCostly:
    size = f"{MOST_BYTES >> 20} MB"
    return TooCostly(
        f"{MOST_ROWS:,} 行か {size} を超えます。_limit か patient で絞るか、kakehashi view run を使ってください。",
        f"There are more than {MOST_ROWS:,} rows, or {size}; narrow by _limit or patient, or use `kakehashi view run`.",
        rule="view.rows",
        place="_limit",
    )


def _too_long() -> TooCostly:
    return TooCostly(
        f"{SECONDS} 秒で終わりません。_limit か patient で絞るか、kakehashi view run を使ってください。",
        f"It does not end within {SECONDS} seconds; narrow by _limit or patient, or use `kakehashi view run`.",
        rule="view.time",
    )
