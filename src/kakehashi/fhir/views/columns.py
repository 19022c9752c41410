"""A column of a view, and how a value that a path found becomes what the column holds.

What a column holds is JSON's own: text, true or false, a whole number, a number (`Written` keeps its text), a list of
them where the column is a collection, or None.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from kakehashi.core.errors import Invalid, Problem
from kakehashi.fhir.paths.numbers import Written, text_of

One: TypeAlias = str | bool | int | float
Value: TypeAlias = One | list[One] | None
Row: TypeAlias = tuple[Value, ...]

WHOLE = frozenset({"integer", "integer64", "positiveInt", "unsignedInt"})
_FAMILIES = {"boolean": "boolean", "decimal": "decimal", **dict.fromkeys(WHOLE, "whole")}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, FHIR type (a primitive), and the SQL type that its tag `ansi/type` asks for ("": none)."""

    name: str
    type: str
    collection: bool = False
    sql: str = ""
    description: str = ""
    place: str = ""  # in the definition: "ViewDefinition.select[0].column[1]"


class BadView(Invalid):
    """A ViewDefinition that cannot be run; `problems` names each mistake with its place in the definition."""


class BadRow(Invalid):
    """A resource that a view cannot make rows of: several values where one is meant, a value of another type."""


def family(fhir_type: str) -> str:
    """Return what values of a primitive type are: "boolean", "whole", "decimal" or "text"."""
    return _FAMILIES.get(fhir_type, "text")


def one_of(column: Column, *, declared: bool) -> Callable[[Any], One]:
    """Return the function from a value of JSON to what the column holds; it raises BadRow.

    `declared`: the type is known; else every primitive is taken, as text.
    """
    convert = _CONVERT[family(column.type)] if declared else text_of

    def one(value: Any) -> One:
        if isinstance(value, dict):
            raise _bad(column, *_NOT_PRIMITIVE, rule="view.primitive")
        try:
            return convert(value)
        except TypeError:
            raise _bad(column, *_other_type(column), rule="view.type") from None

    return one


def reader(column: Column, *, declared: bool) -> Callable[[Sequence[Any]], Value]:
    """Return the function from the values that a path found to what the column holds; it raises BadRow.

    An element that has extensions but no value is no value.
    """
    one = one_of(column, declared=declared)

    def many(values: Sequence[Any]) -> Value:
        return [one(value) for value in values if value is not None]

    def single(values: Sequence[Any]) -> Value:
        found = [value for value in values if value is not None]
        if len(found) > 1:
            raise _bad(column, *_MANY, rule="view.many")
        return one(found[0]) if found else None

    return many if column.collection else single


def _boolean(value: object) -> bool:
    if type(value) is not bool:
        raise TypeError
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _decimal(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_CONVERT: dict[str, Callable[[object], One]] = {
    "boolean": _boolean,
    "whole": _whole,
    "decimal": _decimal,
    "text": _text,
}
EXACTLY = {
    name: frozenset({type(None), *classes})
    for name, classes in {
        "boolean": (bool,),
        "whole": (int,),
        "decimal": (Written, int),
        "text": (str,),
    }.items()
}
"""The classes of a family's values: such a value, or none, is what a column of a known type holds, as it is."""

_NOT_PRIMITIVE = (
    "値がひとつの基本型ではありません。name.family のように、その中の要素まで書いてください。",
    "The value is not of a primitive type; go on to one of its elements, as in name.family.",
)
_MANY = (
    "値が複数あります。.first() などで 1 つにするか、collection を true にするか、forEach で行に分けてください。",
    "There are several values; take one (.first()), set collection to true, or make rows of them with forEach.",
)


def _other_type(column: Column) -> tuple[str, str]:
    return (
        f"値が型 {column.type} ではありません。type を直すか、ofType(…) で選んでください。",
        f"The value is not of type {column.type}; correct the type, or choose with ofType(…).",
    )


def _bad(column: Column, ja: str, en: str, *, rule: str) -> BadRow:
    return BadRow(
        problems=[
            Problem(rule, f"{column.place}.path", f"列 {column.name}: {ja}", f"Column {column.name}: {en}")
        ]
    )
