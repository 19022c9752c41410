"""One GraphQL request from its text to what is told: held against the limits, validated, executed, its errors named.

A refusal of the whole request is a Failure where it is no GraphQL request, else one error and no data.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    VariablesInAllowedPositionRule,
    execute,
    specified_rules,
    validate,
)
from graphql.validation import MaxIntrospectionDepthRule

from kakehashi.core.errors import BadRequest, Failure, Problem, TooCostly
from kakehashi.engines.graphql import elements, limits
from kakehashi.engines.graphql.introspecting import introspected
from kakehashi.engines.graphql.reading import Cursors, Looks
from kakehashi.engines.graphql.resolving import Context
from kakehashi.engines.graphql.schema import schema_of
from kakehashi.engines.graphql.shaping import ShapingExecutor
from kakehashi.engines.graphql.spending import Spending
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.look import read
from kakehashi.engines.views.bodies import decoded, written

SECONDS = 20  # that one request may take
_ERRORS = 50  # that are told
_SHORT = 2_000  # characters of a text whose document is kept, and is checked without a thread
# Search values, ids and filters are texts of many names: a variable declared as String does for each of them.
_RULES = [one for one in specified_rules if one is not VariablesInAllowedPositionRule] + [
    one for one in (MaxIntrospectionDepthRule,) if one not in specified_rules
]


@dataclass(frozen=True, slots=True)
class Question:
    """A request as it came: the text, its variables, and which operation of it is meant ("": the only one)."""

    text: str
    variables: dict[str, Any]
    operation: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One error: what is wrong, and where, in the text and in the answer."""

    problem: Problem
    path: Sequence[str | int] | None = None
    locations: Sequence[tuple[int, int]] = ()  # line, column


@dataclass(frozen=True, slots=True)
class Answered:
    """The data as JSON (b"" for none at all), and the errors. `whole`: the answer of an introspection, ready."""

    data: bytes
    errors: Sequence[Told] = ()
    whole: bytes = b""


async def answer(
    house: House,
    asked: Asked,
    question: Question,
    cursors: Cursors,
    *,
    base: str,
    on: tuple[str, str] | None = None,
) -> Answered:
    """Answer a question about the store, or `on` one resource (type, id).

    Raises NotFound, Gone, Refused (of that resource), Unavailable.
    """
    root = None
    if on is not None:
        row = await read(house, asked, *on)
        root = elements.resource(decoded(row.body))
    kind = on[0] if on else ""
    await _prepared(kind)
    try:
        document = await _checked(kind, question.text)
        if limits.asks_for_schema(document):
            variables = orjson.dumps(question.variables)
            whole = await asyncio.to_thread(introspected, kind, question.text, question.operation, variables)
            return Answered(b"", whole=whole)
    except _Refused as refused:
        return Answered(b"", refused.told)
    except Failure as failure:
        return Answered(b"", [Told(one) for one in failure.problems])
    spending = Spending()
    looks = Looks(house, asked, base, cursors, spending)
    return await _executed(schema_of(kind), document, question, Context(looks, spending), root)


async def _prepared(kind: str) -> None:
    """Make a schema when somebody first asks for it: in a thread, since the first takes a second."""
    if kind not in _MADE:
        await asyncio.to_thread(schema_of, kind)
        _MADE.add(kind)


_MADE: set[str] = set()


async def _executed(
    schema: GraphQLSchema, document: DocumentNode, question: Question, context: Context, root: object
) -> Answered:
    try:
        async with asyncio.timeout(SECONDS):
            done = execute(
                schema, document, root, context, question.variables, question.operation or None,
                executor_class=ShapingExecutor,
            )  # fmt: skip
            result = done if isinstance(done, ExecutionResult) else await done
    except Failure as failure:  # at the root there is no field whose error it could be
        return Answered(b"null", [Told(one) for one in failure.problems])
    except TimeoutError:
        context.spending.refuse(f" {SECONDS} 秒", f"{SECONDS} seconds")
        result = ExecutionResult()
    finally:
        context.looks.stop()
    if context.spending.refused:
        return Answered(b"", [Told(one) for one in context.spending.refused.problems])
    errors = result.errors or ()
    told = [said for one in errors[:_ERRORS] for said in _told(one, "graphql.value")]
    if len(errors) > _ERRORS:
        told.append(_more(len(errors) - _ERRORS))
    return Answered(written(result.data) if result.data is not None else b"null" if told else b"{}", told)


class _Refused(Exception):
    """The text is no valid query; what is wrong with it."""

    def __init__(self, told: Sequence[Told]) -> None:
        super().__init__()
        self.told = told


async def _checked(kind: str, text: str) -> DocumentNode:
    """Return the document of a text that was held against limits and schema. Raises _Refused, Failure."""
    if len(text) <= _SHORT:
        return _kept(kind, text)
    return await asyncio.to_thread(_document, kind, text)


def _document(kind: str, text: str) -> DocumentNode:
    try:
        document = limits.parsed(text)
    except GraphQLError as error:
        raise _Refused(_told(error, "graphql.syntax")) from None
    limits.require_modest(document)
    limits.asks_for_schema(document)
    errors = validate(schema_of(kind), document, _RULES, max_errors=_ERRORS)
    if errors:
        raise _Refused([told for one in errors for told in _told(one, "graphql.validation")])
    return document


_kept = lru_cache(maxsize=64)(_document)


def _told(error: GraphQLError, rule: str) -> list[Told]:
    """What an error says: the problems of a failure at its place, or the library's own words."""
    places = [(one.line, one.column) for one in error.locations or ()]
    path = list(error.path) if error.path else None
    cause = error.original_error
    if isinstance(cause, Failure):
        return [Told(one, path, places) for one in cause.problems]
    if cause is not None and not isinstance(cause, GraphQLError):
        raise cause
    shown = error.message[:500]
    return [Told(Problem(rule, "", f"問い合わせが正しくありません: {shown}", shown), path, places)]


def _more(errors: int) -> Told:
    return Told(
        Problem(
            "graphql.errors",
            "",
            f"ほかに {errors} 件の誤りがあります。",
            f"{errors} more errors.",
            "incomplete",
        )
    )


def require_text(text: object) -> str:
    """Return a query's text. Raises BadRequest where there is none."""
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(
            "query がありません。GET の ?query=…、POST の JSON の query か application/graphql で送ってください。",
            "There is no query: send ?query=… by GET, by POST JSON with query, or the query as application/graphql.",
            rule="graphql.query",
            place="query",
        )
    if len(text) > limits.LENGTH:
        raise TooCostly(
            f"query は {limits.LENGTH:,} 文字までです。", f"A query has {limits.LENGTH:,} characters at most.",
            rule="graphql.length", place="query",
        )  # fmt: skip
    return text
