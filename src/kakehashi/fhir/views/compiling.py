"""A ViewDefinition becomes a function tree: every select a function from a node to its rows.

A row is the columns of a select, then those of its nested selects, then those of its unionAll; nested rows multiply.
Source: SQL on FHIR v2, "Processing Algorithm" and "Column Ordering".
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

import orjson

from kakehashi.core.errors import Problem
from kakehashi.fhir import primitives
from kakehashi.fhir.paths.nodes import Env, Node, Nodes
from kakehashi.fhir.views.cells import Cell, Finder, cell_of, finder_of, require_cells
from kakehashi.fhir.views.columns import BadView, Column, Row, family
from kakehashi.fhir.views.expressions import Expressions
from kakehashi.fhir.views.reading import ROOT, ColumnSaid, PathSaid, Reading, SelectSaid
from kakehashi.fhir.views.running import View
from kakehashi.fhir.views.typing import Type

Run: TypeAlias = Callable[[Node, Env], list[Row]]

_NUMBERS = frozenset({"whole", "decimal"})


@lru_cache(maxsize=64)
def view_of(definition: bytes) -> View:
    """Return the view of a ViewDefinition's JSON. Raises BadView, which names every mistake."""
    try:
        tree = orjson.loads(definition)
    except orjson.JSONDecodeError as error:
        raise BadView(
            f"JSON として読めません: {error}", f"This is not JSON: {error}", rule="view.form", place=ROOT
        ) from None
    return compile_view(tree)


def compile_view(tree: object) -> View:
    """Return the view of a decoded ViewDefinition. Raises BadView, which names every mistake.

    >>> view = compile_view({"resource": "Patient", "select": [{"column": [{"name": "id", "path": "id"}]}]})
    >>> view.rows({"resourceType": "Patient", "id": "p1"})
    [('p1',)]
    """
    reading = Reading()
    said = reading.view(tree)
    if reading.problems:
        raise BadView(problems=reading.problems)
    work = _Compiling(Expressions(said.resource, said.constants))
    tests = [work.condition(one, said.resource) for one in said.where]
    columns, run = work.parts(said.selects, (), said.resource)
    work.require_unique(columns)
    if work.problems:
        raise BadView(problems=work.problems)
    warnings = tuple(work.expressions.warnings)
    return View(said.name, said.title, said.resource, tuple(columns), warnings, tuple(tests), run)


class _Compiling:
    """One compilation: every mistake is gathered, so that an author sees them all at once."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self._own: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        return [*self.expressions.problems, *self._own]

    def condition(self, said: PathSaid, resource: str) -> tuple[Finder, str]:
        """Return a constraint of `where`, with its place. What is no truth value is refused."""
        expression, path, kind = self.expressions.compile(said, resource)
        if kind not in (None, "boolean"):
            self._say(
                "view.where", said.place,
                "真偽値になる式を書いてください (例: name.exists())。",
                "Write an expression that is true or false, such as name.exists().",
            )  # fmt: skip
        return finder_of(expression, path, resource), said.place

    def parts(
        self, selects: Sequence[SelectSaid], unions: Sequence[SelectSaid], focus: Type
    ) -> tuple[list[Column], Run]:
        """Return what selects side by side, and a union, add to a row: their columns, and the rows on a node."""
        columns: list[Column] = []
        runs: list[Run] = []
        for one in selects:
            more, run = self.select(one, focus)
            columns += more
            runs.append(run)
        if unions:
            more, run = self._union(unions, focus)
            columns += more
            runs.append(run)
        return columns, _multiplied(runs)

    def select(self, said: SelectSaid, focus: Type) -> tuple[list[Column], Run]:
        """Return a select's columns, and the function from a node to its rows."""
        finders: list[Finder] = []
        inner = focus
        for number, one in enumerate(said.each):
            expression, path, kind = self.expressions.compile(one, focus)
            inner = kind if number == 0 or kind == inner else None
            finders.append(finder_of(expression, path, focus))
        made = [self._cell(one, inner) for one in said.columns]
        columns = [column for column, _ in made]
        more, rest = self.parts(said.selects, said.unions, inner)
        run = _row([cell for _, cell in made], rest if said.selects or said.unions else None)
        if said.iteration == "repeat":
            return [*columns, *more], _repeated(finders, run)
        if finders:
            nulls = self._nulls(said) if said.iteration == "forEachOrNull" else None
            return [*columns, *more], _for_each(finders[0], run, nulls)
        return [*columns, *more], run

    def require_unique(self, columns: Sequence[Column]) -> None:
        """Name the columns whose name another has; SQL does not tell upper from lower case."""
        seen: set[str] = set()
        for column in columns:
            if column.name.lower() in seen:
                self._say(
                    "view.column.twice", f"{column.place}.name",
                    f"列名 {column.name} が 2 回使われています。", f"The column name {column.name} is used twice.",
                )  # fmt: skip
            seen.add(column.name.lower())

    def _union(self, said: Sequence[SelectSaid], focus: Type) -> tuple[list[Column], Run]:
        branches = [self.select(one, focus) for one in said]
        first = [(one.name, family(one.type), one.collection) for one in branches[0][0]]
        for (columns, _), one in zip(branches, said, strict=True):
            if [(each.name, family(each.type), each.collection) for each in columns] != first:
                self._say(
                    "view.union", one.place,
                    "unionAll の各 select は、同じ列を同じ順と型で持たせてください。",
                    "Every select of a unionAll has the same columns, in the same order and of the same types.",
                )  # fmt: skip
        runs = [run for _, run in branches]
        return branches[0][0], lambda node, env: [row for run in runs for row in run(node, env)]

    def _cell(self, said: ColumnSaid, focus: Type) -> tuple[Column, Cell]:
        expression, path, found = self.expressions.compile(said.path, focus)
        column = Column(
            said.name,
            said.type or (found if found in primitives.NAMES else None) or "string",
            said.collection,
            said.sql,
            said.description,
            said.place,
        )
        self._require_type(said, found)
        return column, cell_of(column, expression, path, focus, declared=bool(said.type or found))

    def _require_type(self, said: ColumnSaid, found: Type) -> None:
        known = primitives.NAMES | {"integer64"}
        if (found and found not in known) or (said.type and said.type not in known):
            kind = found if found and found not in known else said.type
            self._say(
                "view.primitive", said.path.place,
                f"{kind} は基本型ではありません。その中の要素まで書いてください (例: code.text)。",
                f"{kind} is no primitive type; go on to one of its elements, as in code.text.",
            )  # fmt: skip
        elif found and said.type and not _agree(family(said.type), family(found)):
            self._say(
                "view.type", f"{said.place}.type",
                f"式の型は {found} ですが、type は {said.type} です。",
                f"The path gives {found}, type says {said.type}.",
            )  # fmt: skip

    def _nulls(self, said: SelectSaid) -> Row:
        """The row of a forEachOrNull that found nothing: nothing but the row's index."""
        own = tuple(0 if one.path.text.strip() == "%rowIndex" else None for one in said.columns)
        inner = [self._nulls(one) for one in (*said.selects, *said.unions[:1])]
        return sum(inner, own)

    def _say(self, rule: str, place: str, ja: str, en: str) -> None:
        self._own.append(Problem(rule, place, ja, en))


def _agree(said: str, found: str) -> bool:
    return said == found or (said in _NUMBERS and found in _NUMBERS)


def _row(cells: Sequence[Cell], rest: Run | None) -> Run:
    if rest is None:
        return lambda node, env: [tuple([cell(node, env) for cell in cells])]

    def run(node: Node, env: Env) -> list[Row]:
        more = rest(node, env)
        if not more:
            return []
        own = tuple([cell(node, env) for cell in cells])
        return [own + row for row in more]

    return run


def _multiplied(runs: Sequence[Run]) -> Run:
    if len(runs) == 1:
        return runs[0]

    def run(node: Node, env: Env) -> list[Row]:
        rows: list[Row] = [()]
        for one in runs:
            more = one(node, env)
            if not more:
                return []
            require_cells(len(rows) * len(more), rows[0], more[0])
            rows = [left + right for left in rows for right in more]
        return rows

    return run


def _for_each(finder: Finder, inner: Run, nulls: Row | None) -> Run:
    def run(node: Node, env: Env) -> list[Row]:
        found = finder(node, env)
        if not found:
            return [] if nulls is None else [nulls]
        return _each(found, inner, env)

    return run


def _repeated(finders: Sequence[Finder], inner: Run) -> Run:
    def walk(node: Node, env: Env, found: Nodes) -> None:
        for finder in finders:
            for child in finder(node, env):
                if env.budget:
                    env.budget.spend(1)
                found.append(child)
                walk(child, env, found)

    def run(node: Node, env: Env) -> list[Row]:
        found: Nodes = []
        walk(node, env, found)
        return _each(found, inner, env)

    return run


def _each(found: Nodes, inner: Run, env: Env) -> list[Row]:
    rows: list[Row] = []
    for number, one in enumerate(found):
        rows += inner(one, env.at(number))
        if rows:
            require_cells(len(rows), rows[0])
    return rows
