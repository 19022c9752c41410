"""A ViewDefinition's JSON as values. Its form is checked here: every mistake is named, with its place and its mend.

What its FHIRPath means is not looked at here (compiling.py). Source: SQL on FHIR v2, logical model "ViewDefinition".
"""

import re
from dataclasses import dataclass
from typing import Any

from kakehashi.core.errors import Problem
from kakehashi.fhir import primitives
from kakehashi.fhir.types import NUMBER

ROOT = "ViewDefinition"
MOST_COLUMNS = 500
DEEPEST = 16  # selects within selects
LONGEST_PATH = 1_000  # characters
MOST_WORDS = 128  # characters of a name; PostgreSQL cuts at 63, DuckDB does not
CONSTANTS = frozenset(primitives.NAMES - {"markdown", "xhtml"} | {"integer64"})
RESERVED = frozenset({"resource", "rootResource", "context", "rowIndex", "ucum", "sct", "loinc", "this"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_ITERATIONS = ("forEach", "forEachOrNull", "repeat")


@dataclass(frozen=True, slots=True)
class PathSaid:
    """A FHIRPath, and where it stands."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class ColumnSaid:
    """A column as written; `type` and `sql` are "" where nothing is said."""

    name: str
    path: PathSaid
    type: str
    sql: str
    collection: bool
    description: str
    place: str


@dataclass(frozen=True, slots=True)
class SelectSaid:
    """A select as written. `iteration`: "forEach", "forEachOrNull", "repeat" or "" with its paths."""

    place: str
    columns: tuple[ColumnSaid, ...]
    selects: tuple["SelectSaid", ...]
    unions: tuple["SelectSaid", ...]
    iteration: str
    each: tuple[PathSaid, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: the primitive type of its value, and the value."""

    type: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class ViewSaid:
    """A ViewDefinition as written; `name` is "" where it has none."""

    name: str
    title: str
    resource: str
    constants: dict[str, Constant]
    selects: tuple[SelectSaid, ...]
    where: tuple[PathSaid, ...]


class Reading:
    """One reading: the values, and the problems that were met on the way."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._columns = 0

    def view(self, tree: object) -> ViewSaid:
        """Return the view; what was wrong is in `problems`, and left out of the value."""
        if not isinstance(tree, dict) or tree.get("resourceType", ROOT) != ROOT:
            self._say(
                "view.form",
                ROOT,
                "ViewDefinition の JSON ではありません。",
                "This is not the JSON of a ViewDefinition.",
            )
            tree = {}
        self._require_version(tree)
        selects = [self._select(one, place, 1) for one, place in self._objects(tree, "select", ROOT)]
        if not tree.get("select"):
            self._say("view.select", f"{ROOT}.select", "select が必要です。", "A select is needed.")
        if selects and not self._columns and not self.problems:
            self._say(
                "view.select", f"{ROOT}.select", "列 (column) が 1 つもありません。", "There is no column."
            )
        if self._columns > MOST_COLUMNS:
            self._say(
                "view.size",
                f"{ROOT}.select",
                f"列は {MOST_COLUMNS} 個までです。",
                f"A view has {MOST_COLUMNS} columns at most.",
            )
        return ViewSaid(
            self._name(tree, "name", ROOT) if "name" in tree else "",
            self._text(tree, "title", ROOT),
            self._resource(tree),
            dict(self._constant(one, place) for one, place in self._objects(tree, "constant", ROOT)),
            tuple(selects),
            tuple(self._path(one, "path", place) for one, place in self._objects(tree, "where", ROOT)),
        )  # fmt: skip

    def _resource(self, tree: dict[str, Any]) -> str:
        name = tree.get("resource")
        if not isinstance(name, str) or name not in NUMBER:
            self._say(
                "view.resource", f"{ROOT}.resource",
                "resource に FHIR R4 のリソース型を書いてください (例: Patient)。",
                "resource must name a resource type of FHIR R4, such as Patient.",
            )  # fmt: skip
            return ""
        return name

    def _require_version(self, tree: dict[str, Any]) -> None:
        said = tree.get("fhirVersion")
        versions = said if isinstance(said, list) else [said]
        if said and not any(isinstance(one, str) and one.startswith("4.0") for one in versions):
            self._say(
                "view.version", f"{ROOT}.fhirVersion",
                "FHIR R4 (4.0.1) のビューだけを実行できます。", "Only views of FHIR R4 (4.0.1) can be run here.",
            )  # fmt: skip

    def _select(self, tree: dict[str, Any], place: str, depth: int) -> SelectSaid:
        if depth > DEEPEST:
            self._say(
                "view.size",
                place,
                f"select の入れ子は {DEEPEST} 段までです。",
                f"Selects nest {DEEPEST} deep at most.",
            )
            tree = {}
        iteration, each = self._iteration(tree, place)
        return SelectSaid(
            place,
            tuple(self._column(one, at) for one, at in self._objects(tree, "column", place)),
            tuple(self._select(one, at, depth + 1) for one, at in self._objects(tree, "select", place)),
            tuple(self._select(one, at, depth + 1) for one, at in self._objects(tree, "unionAll", place)),
            iteration,
            each,
        )  # fmt: skip

    def _iteration(self, tree: dict[str, Any], place: str) -> tuple[str, tuple[PathSaid, ...]]:
        named = [name for name in _ITERATIONS if tree.get(name) not in (None, [])]
        if len(named) > 1:
            self._say(
                "view.exclusive", place,
                f"{' と '.join(named)} は同じ select に書けません。", f"One select cannot have {' and '.join(named)}.",
            )  # fmt: skip
        if not named:
            return "", ()
        name = named[0]
        if name != "repeat":
            return name, (self._path(tree, name, place),)
        listed = tree[name] if isinstance(tree[name], list) else [tree[name]]
        return name, tuple(self._said(one, f"{place}.repeat[{i}]") for i, one in enumerate(listed))

    def _column(self, tree: dict[str, Any], place: str) -> ColumnSaid:
        self._columns += 1
        tags = [one for name in ("tag", "tags") for one, _ in self._objects(tree, name, place)]
        sql = next((one.get("value") for one in tags if one.get("name") == "ansi/type"), "")
        collection = tree.get("collection", False)
        if not isinstance(collection, bool):
            self._say(
                "view.form", f"{place}.collection", "true か false を書いてください。", "Write true or false."
            )
        return ColumnSaid(
            self._name(tree, "name", place),
            self._path(tree, "path", place),
            self._text(tree, "type", place).rpartition("/")[2],
            sql if isinstance(sql, str) else "",
            collection is True,
            self._text(tree, "description", place),
            place,
        )

    def _constant(self, tree: dict[str, Any], place: str) -> tuple[str, Constant]:
        name = self._name(tree, "name", place)
        if name in RESERVED:
            self._say(
                "view.constant",
                f"{place}.name",
                f"%{name} は別の意味で使われています。",
                f"%{name} has a meaning of its own.",
            )
        given = [key for key in tree if key.startswith("value")]
        types = [kind for kind in CONSTANTS if given == ["value" + kind[0].upper() + kind[1:]]]
        if not types or not _fits(types[0], tree[given[0]]):
            self._say(
                "view.constant", place,
                "値を 1 つ、型の付いた名前で書いてください (例: \"valueString\": \"…\")。",
                'Give one value under the name of its type, such as "valueString": "…".',
            )  # fmt: skip
            return name, Constant("string", "")
        return name, Constant(types[0], tree[given[0]])

    def _path(self, tree: dict[str, Any], member: str, place: str) -> PathSaid:
        return self._said(tree.get(member), f"{place}.{member}")

    def _said(self, text: object, place: str) -> PathSaid:
        if not isinstance(text, str) or not text.strip():
            self._say(
                "view.path", place, "FHIRPath を文字列で書いてください。", "Write a FHIRPath, as a string."
            )
            text = "{}"
        if len(text) > LONGEST_PATH:
            self._say(
                "view.size",
                place,
                f"FHIRPath は {LONGEST_PATH} 文字までです。",
                f"A FHIRPath has {LONGEST_PATH} characters at most.",
            )
            text = "{}"
        return PathSaid(text, place)

    def _name(self, tree: dict[str, Any], member: str, place: str) -> str:
        name = tree.get(member)
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MOST_WORDS:
            self._say(
                "view.name", f"{place}.{member}",
                "半角英字で始まり、英数字と _ だけの名前を付けてください。",
                "Give a name of ASCII letters, digits and _, starting with a letter.",
            )  # fmt: skip
            return ""
        return name

    def _text(self, tree: dict[str, Any], member: str, place: str) -> str:
        text = tree.get(member, "")
        if isinstance(text, str):
            return text
        self._say("view.form", f"{place}.{member}", "文字列で書いてください。", "Write a string.")
        return ""

    def _objects(self, tree: dict[str, Any], member: str, place: str) -> list[tuple[dict[str, Any], str]]:
        listed = tree.get(member, [])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self._say(
                "view.form",
                f"{place}.{member}",
                "オブジェクトの配列で書いてください。",
                "Write a list of objects.",
            )
            return []
        return [(one, f"{place}.{member}[{number}]") for number, one in enumerate(listed)]

    def _say(self, rule: str, place: str, ja: str, en: str) -> None:
        self.problems.append(Problem(rule, place, ja, en))


def _fits(kind: str, value: object) -> bool:
    if kind == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is int if kind == "integer64" else primitives.wrong(kind, value) is None
