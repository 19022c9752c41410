"""The FHIRPath of a view: its constants put in, compiled by fhir/paths, and its type told."""

from dataclasses import fields, is_dataclass, replace

from kakehashi.core.errors import Problem
from kakehashi.fhir.paths.evaluate import Path, compiled
from kakehashi.fhir.paths.syntax import Expression, Literal, UnknownPath, Variable, parse_path
from kakehashi.fhir.views.reading import RESERVED, Constant, PathSaid
from kakehashi.fhir.views.typing import Type, Typing


class Expressions:
    """Compiles the paths of one view. `problems`: what cannot be compiled; `warnings`: what can find nothing."""

    def __init__(self, resource: str, constants: dict[str, Constant]) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._constants = constants
        self._typing = Typing(resource, {name: one.type for name, one in constants.items()})

    def compile(self, said: PathSaid, focus: Type) -> tuple[Expression, Path, Type]:
        """Return the expression of a path with its function and its type; one that finds nothing where it is wrong."""
        try:
            written = parse_path(said.text)
            expression = self._bound(written, said)
            path = compiled(expression, said.text)
        except UnknownPath as unknown:
            self._say("view.path", said, unknown.problems[0].ja, unknown.problems[0].en)
            return self.compile(PathSaid("{}", said.place), focus)
        except RecursionError:
            self._say("view.size", said, "FHIRPath の入れ子が深すぎます。", "The FHIRPath nests too deep.")
            return self.compile(PathSaid("{}", said.place), focus)
        found = self._typing.of(written, focus)
        for name in dict.fromkeys(self._typing.missing):
            self._warn(said, name)
        self._typing.missing.clear()
        return expression, path, found

    def _bound(self, expression: Expression, said: PathSaid) -> Expression:
        """Return the expression with its constants as literals."""
        if isinstance(expression, Variable) and expression.name not in RESERVED:
            return Literal(self._value(expression.name, said))
        changes: dict[str, object] = {}
        for one in fields(expression):
            value = getattr(expression, one.name)
            if is_dataclass(value):
                changes[one.name] = self._bound(value, said)  # type: ignore[arg-type]
            elif isinstance(value, tuple):
                changes[one.name] = tuple(self._bound(part, said) for part in value)
        return replace(expression, **changes) if changes else expression  # type: ignore[arg-type]

    def _value(self, name: str, said: PathSaid) -> str | int | float | bool:
        if found := self._constants.get(name):
            return float(found.value) if found.type == "decimal" else found.value
        self._say(
            "view.constant", said,
            f"定数 %{name} が constant にありません。", f"There is no constant %{name} among the view's constants.",
        )  # fmt: skip
        return ""

    def _warn(self, said: PathSaid, name: str) -> None:
        self.warnings.append(
            Problem(
                "view.element", said.place,
                f"R4 に {name} という要素はありません。この式は何も見つけません。",
                f"R4 has no element {name}; this path finds nothing.",
                severity="warning",
            )
        )  # fmt: skip

    def _say(self, rule: str, said: PathSaid, ja: str, en: str) -> None:
        self.problems.append(Problem(rule, said.place, ja, en))
