# ruff: noqa: S608 (what is put together are fixed texts and placeholders; every value is an argument)
"""A Query as SQL: one page, its total, and what is included. Pure: text and arguments, nothing is executed.

A page is ordered by the sort keys and then by rid, and the next page begins behind the last row's values (keyset),
so that nothing is skipped and nothing comes twice however many rows come in meanwhile.
Indexes: resource_tokens (GIN) or the primary key's person, whichever is narrower.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kakehashi.core.hashing import row_key
from kakehashi.fhir.indexing import forms
from kakehashi.fhir.indexing.parameters import Parameter, parameters
from kakehashi.fhir.indexing.words import text_key
from kakehashi.fhir.types import NUMBER
from kakehashi.search.order import LAST_TEXT, endless
from kakehashi.search.plan import Cursor, Include, Query, SortKey
from kakehashi.search.scores import SCORE, words_of
from kakehashi.store import search_words
from kakehashi.store.search_conditions import Conditions
from kakehashi.store.search_hints import NO_HINTS, Hints
from kakehashi.store.window_sql import Arguments, Predicate

# In the order of store.rows.Row's fields.
ROW = (
    "r.person, r.type, r.id, r.version, r.kind, r.custodian, r.addressee, r.flags, r.origin, r.at, r.changed_at,"
    " false AS deleted, r.body"
)

Statement = tuple[str, list[object]]


def compile_search(
    query: Query,
    seen: Predicate,
    arguments: Arguments,
    *,
    persons: Iterable[int] | None = None,
    columns: str = ROW,
    hints: Hints = NO_HINTS,
) -> Statement:
    """Return the statement of one page: `columns`, then r.rid, then the sort values.

    It asks for one row more than the page holds; `next_cursor` takes it from there. `persons`: the person keys that
    the search is known to be about. A query's count of 0 gives no row.
    """
    rows, test = _where(query, seen, arguments, persons, hints, in_order=not query.sort)
    keys = [_sort_value(key, query, arguments) for key in query.sort]
    names = [f"k{place}" for place in range(len(keys))]
    order = [
        f"s.{name}{' DESC' if key.descending else ''}" for name, key in zip(names, query.sort, strict=True)
    ]
    values = ", ".join(f"{key} AS {name}" for name, key in zip(names, keys, strict=True))
    lateral = f" CROSS JOIN LATERAL (SELECT {values}) AS s" if keys else ""
    if query.cursor:
        test += f" AND {_behind(query.cursor, query.sort, arguments)}"
    limit = arguments.add(query.count + 1 if query.count else 0, "integer")
    selected = ", ".join([columns, "r.rid", *(f"s.{name}" for name in names)])
    text = (
        f"/* search.page */ SELECT {selected} FROM {rows}{lateral} WHERE {test}"
        f" ORDER BY {', '.join([*order, 'r.rid'])} LIMIT {limit}"
    )
    return text, arguments.values


def compile_count(
    query: Query,
    seen: Predicate,
    arguments: Arguments,
    *,
    persons: Iterable[int] | None = None,
    hints: Hints = NO_HINTS,
) -> Statement:
    """Return the statement of the exact total; pages and order do not matter to it."""
    rows, test = _where(query, seen, arguments, persons, hints, in_order=False)
    return f"/* search.count */ SELECT count(*) FROM {rows} WHERE {test}", arguments.values


def next_cursor(query: Query, rows: Sequence[Sequence[object]]) -> Cursor | None:
    """Return where the next page begins, None on the last; `rows` as the statement gave them, one too many included."""
    if len(rows) <= query.count or not query.count:
        return None
    tail = rows[query.count - 1][-1 - len(query.sort) :]
    rid, values = tail[0], tail[1:]
    assert isinstance(rid, int)
    return Cursor(tuple(value if isinstance(value, str | float) else str(value) for value in values), rid)


def compile_rows(
    wanted: Iterable[tuple[str, str]], seen: Predicate, arguments: Arguments, *, columns: str = ROW
) -> Statement:
    """Return the statement that reads the named resources (type, id) that the window shows: `_include`.

    Which they are, `search.include.pointed_at` says of each resource of the page. Uses resource_type_rid.
    """
    named = sorted(set(wanted))
    types = arguments.add([NUMBER[kind] for kind, _ in named], "smallint[]")
    keys = arguments.add([row_key(kind, key) for kind, key in named], "bigint[]")
    ids = arguments.add([key for _, key in named], "text[]")
    text = (
        f"/* search.include */ SELECT {columns}, r.rid FROM unnest({types}, {keys}, {ids}) AS w (type, rid, id)"
        f" JOIN resource AS r ON r.type = w.type AND r.rid = w.rid AND r.id = w.id WHERE {seen('r')} ORDER BY r.rid"
    )
    return text, arguments.values


def compile_revinclude(
    include: Include,
    types: Sequence[str],
    page: Iterable[tuple[str, int]],
    seen: Predicate,
    arguments: Arguments,
    *,
    limit: int,
    columns: str = ROW,
) -> Statement:
    """Return the statement for `_revinclude`: resources of these types that refer to the page's (type, rid)."""
    rows = list(page)
    asked = [include.parameter] if include.parameter else [one for name in types for one in _references(name)]
    pointing = {
        one.salt_to(kind) ^ rid
        for one in asked
        for kind, rid in rows
        if not one.targets or kind in one.targets
    }
    tokens = arguments.add(sorted(pointing), "bigint[]")
    numbers = arguments.add([NUMBER[name] for name in types], "smallint[]")
    text = (
        f"/* search.revinclude */ SELECT {columns}, r.rid FROM resource AS r"
        f" WHERE r.type + 0 = ANY ({numbers}) AND r.tokens && {tokens}"
        f" AND {seen('r')} ORDER BY r.rid LIMIT {arguments.add(limit, 'integer')}"
    )
    return text, arguments.values


def _references(resource_type: str) -> list[Parameter]:
    return [one for one in parameters(resource_type).values() if one.kind == "reference" and one.has_entries]


def _where(
    query: Query,
    seen: Predicate,
    arguments: Arguments,
    persons: Iterable[int] | None,
    hints: Hints,
    *,
    in_order: bool,
) -> tuple[str, str]:
    """Return what the rows come from, and what they must be."""
    asked = query.where
    conditions = Conditions(seen, arguments, replace(hints, persons=persons is not None))
    tests = [conditions.of_type("r", query.type, asked, in_order=in_order), seen("r")]
    if persons is not None:
        tests.append(f"r.person = ANY ({arguments.add(sorted(persons), 'bigint[]')})")
    tests.append(conditions.write(asked, "r", query.type))
    return conditions.rows("r"), " AND ".join(tests)


def _sort_value(key: SortKey, query: Query, arguments: Arguments) -> str:
    """Return the value that a row is sorted by, missing ones after all others."""
    found = key.parameter
    if found.code == "_id":
        return 'r.id COLLATE "C"'
    if found.code == "_lastUpdated":
        return "extract(epoch FROM r.changed_at)::float8 * 1000"
    if found.code == SCORE:
        return search_words.score(words_of(query.where), "r", arguments)
    members = found.members()
    if found.kind == "token":
        return _code_value(found, members, key.descending, arguments)
    which = "max" if key.descending else "min"
    if found.kind == "string":
        keys = arguments.add([text_key(one.name) for one in members], "text[]")
        value = f'SELECT {which}(v.value COLLATE "C") FROM unnest({keys}) AS n, texts_of(r.texts, n) AS v'
        return _or_last(value, "text", key.descending, arguments)
    numbers = arguments.add([float(one.number) for one in members], "float8[]")
    value = f"SELECT {which}(v.low) FROM unnest({numbers}) AS n, ranges_of(r.ranges, n) AS v"
    return _or_last(value, "float8", key.descending, arguments)


def _code_value(
    found: Parameter, members: tuple[Parameter, ...], descending: bool, arguments: Arguments
) -> str:
    """The code itself: each that its value set has is asked for by its token."""
    pairs = [(code, one.salt ^ forms.code_form(code)) for code in found.codes for one in members]
    codes = arguments.add([code for code, _ in pairs], "text[]")
    tokens = arguments.add([token for _, token in pairs], "bigint[]")
    which = "max" if descending else "min"
    value = (
        f'SELECT {which}(c.code COLLATE "C") FROM unnest({codes}, {tokens}) AS c (code, token)'
        " WHERE r.tokens @> ARRAY[c.token]"
    )
    return _or_last(value, "text", descending, arguments)


def _or_last(value: str, sql_type: str, descending: bool, arguments: Arguments) -> str:
    if sql_type == "text":
        last = arguments.add("" if descending else LAST_TEXT, "text")
        return f'coalesce(({value}), {last}) COLLATE "C"'
    return f"coalesce(({value}), {arguments.add(endless(descending), 'float8')})"


def _behind(cursor: Cursor, sort: Sequence[SortKey], arguments: Arguments) -> str:
    """Return the condition that a row comes after the cursor in the order."""
    rid = arguments.add(cursor.rid, "bigint")
    test = f"r.rid > {rid}"
    for place in reversed(range(len(sort))):
        value = cursor.values[place]
        held = arguments.add(value, "text" if isinstance(value, str) else "float8")
        name, sign = f"s.k{place}", "<" if sort[place].descending else ">"
        test = f"({name} {sign} {held} OR ({name} = {held} AND {test}))"
    return test
