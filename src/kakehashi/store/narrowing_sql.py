"""A token's narrowing as SQL, twice: the application's filter, and the second line of `kakehashi.window`.

`Filters.leave` (core), `left` and `left_by` of migration 0023 say the same thing in three languages; a property test
holds them equal. What a row lacks is null or empty, and so does not hold.
"""

from collections.abc import Callable, Iterator
from math import isinf

from kakehashi.core.narrowing import Filter, Filters, Mark, Part, Span
from kakehashi.fhir.types import NUMBER

Add = Callable[[object, str], str]
"""Takes a value of a statement and returns its placeholder with its type."""


def left(filters: Filters, add: Add) -> Callable[[str], str]:
    """Return what is true for rows, under an alias, that the filters leave."""
    numbers = {name: NUMBER[name] for name in filters.by_type}
    others = "{0}.type <> ALL (" + add(sorted(numbers.values()), "smallint[]") + ")"
    tests = [
        "{0}.type = "
        + f"{numbers[name]}::smallint AND ({' OR '.join(_filter(one, add) for one in some) or 'false'})"
        for name, some in filters.by_type.items()
    ]
    text = " OR ".join([others, *(f"({test})" for test in tests)])
    return lambda alias: "(" + text.replace("{0}", alias) + ")"


def literal(filters: Filters) -> str:
    """Return them as PostgreSQL's literal of an array of `narrowing`."""
    return "{" + ",".join(_rows(filters)) + "}"


def _filter(one: Filter, add: Add) -> str:
    return "(" + (" AND ".join(_part(part, add) for part in one) or "true") + ")"


def _part(part: Part, add: Add) -> str:
    """Marks that are one token each are asked for together."""
    single = sorted({mark.tokens[0] for mark in part if _is_token(mark)})
    tests = ["{0}.tokens && " + add(single, "bigint[]")] if single else []
    tests += [_mark(mark, add) for mark in part if not _is_token(mark)]
    return "(" + " OR ".join(tests) + ")" if tests else "false"


def _is_token(mark: Mark) -> bool:
    return len(mark.tokens) == 1 and mark.pair is None and mark.span is None


def _mark(mark: Mark, add: Add) -> str:
    tests = ["{0}.tokens @> " + add(sorted(mark.tokens), "bigint[]")] if mark.tokens else []
    if mark.pair is not None:
        code, beside = (add(one, "bigint") for one in mark.pair)
        tests.append("{0}.tokens @> ARRAY[" + f"{code}, {beside}]")
        tests.append(
            "EXISTS (SELECT FROM unnest({0}.tokens, {0}.tokens[2:]) AS t (here, next)"
            f" WHERE t.here = {code} AND t.next = {beside})"
        )
    if mark.span is not None:
        tests.append(_span(mark.span, add))
    return "(" + " AND ".join(tests) + ")" if tests else "true"


def _span(span: Span, add: Add) -> str:
    bounds = (
        ("low >=", span.low_from),
        ("low <", span.low_under),
        ("high >", span.high_over),
        ("high <=", span.high_to),
    )
    asked = [f"v.{test} {add(bound, 'float8')}" for test, bound in bounds if not isinf(bound)]
    where = f" WHERE {' AND '.join(asked)}" if asked else ""
    return "EXISTS (SELECT FROM ranges_of({0}.ranges, " + f"{add(span.number, 'float8')}) AS v{where})"


def _rows(filters: Filters) -> Iterator[str]:
    """A type without filters, and a part without marks, leave nothing; a filter without parts leaves all."""
    for name, some in filters.by_type.items():
        for number, one in enumerate(some or (((),),)):
            for place, part in enumerate(one or ((Mark(),),)):
                for mark in part or (None,):
                    said = ("",) * 8 if mark is None else _columns(mark)
                    yield f'"({",".join((str(NUMBER[name]), str(number), str(place), *said))})"'


def _columns(mark: Mark) -> Iterator[str]:
    """The columns of a mark, the first being null in one that never holds. Quotes are within quotes, hence escaped."""
    yield '\\"{' + ",".join(map(str, mark.tokens)) + '}\\"'
    yield from ("", "") if mark.pair is None else map(str, mark.pair)
    span = mark.span
    bounds = (
        None if span is None else (span.number, span.low_from, span.low_under, span.high_over, span.high_to)
    )
    yield from ("",) * 5 if bounds is None else map(repr, bounds)
