"""R4's directives on the shape of an answer, done where the executor has completed an object.

`@flatten` puts a field's members in its own place, `@first` takes the first item of a list, `@singleton` says that a
field of a flattened list has one value, `@slice` gives each item a name of its own.
Source: https://hl7.org/fhir/R4/graphql.html#flattening
"""

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    DirectiveLocation,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLString,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.execution import get_directive_values
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList, GroupedFieldSet
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path

from kakehashi.core.errors import BadRequest
from kakehashi.engines.graphql.elements import Element
from kakehashi.engines.graphql.spending import Spending

_FIELD = (DirectiveLocation.FIELD,)
FLATTEN = GraphQLDirective("flatten", _FIELD)
FIRST = GraphQLDirective("first", _FIELD)
SINGLETON = GraphQLDirective("singleton", _FIELD)
SLICE = GraphQLDirective("slice", _FIELD, {"path": GraphQLArgument(GraphQLNonNull(GraphQLString))})
DIRECTIVES = (FLATTEN, FIRST, SINGLETON, SLICE)
Details: TypeAlias = Sequence[FieldDetails]


class Sliced(dict[str, Any]):
    """An object of a list under `@slice`, with the name that sets it apart."""

    part: str = ""


class ShapingExecutor(ExecutorThrowingOnIncremental):
    """graphql-core's executor, which shapes each object as its fields' directives say."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> Any:
        """Return the object's members by name, shaped."""
        done: Any = super().execute_fields(
            parent_type, source_value, path, grouped_field_set, position_context
        )
        shaped = {name: some for name, some in grouped_field_set.items() if _shaping(some)}
        if not shaped:
            return done
        if self.is_awaitable(done):
            return self._later(done, shaped)
        return self._shaped(done, shaped)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Return an object; under `@slice` with its part."""
        done: Any = super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )
        said = get_directive_values(SLICE, field_details_list[0].node, self.variable_values)
        if said is None:
            return done
        part = _part(said["path"], result, path, self.context_value.spending)
        if self.is_awaitable(done):
            return _sliced_later(done, part)
        return _sliced(done, part)

    async def _later(self, done: Awaitable[dict[str, Any]], shaped: Mapping[str, Details]) -> dict[str, Any]:
        return self._shaped(await done, shaped)

    def _shaped(self, done: Mapping[str, Any], shaped: Mapping[str, Details]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in done.items():
            if name not in shaped:
                out[name] = value
                continue
            marks = _marks(shaped[name])
            taken = _first(value) if "first" in marks else value
            if "flatten" in marks:
                _flatten(out, taken, self._single(shaped[name]))
            elif "slice" in marks:
                for part, item in _parts(taken):
                    _add(out, f"{name}.{part}", item, many=False)
            else:
                out[name] = taken
        return out

    def _single(self, details: Details) -> frozenset[str]:
        """The names of a flattened field's members that are marked `@singleton`."""
        return frozenset(
            name
            for one in details
            for name in self._singles(one.node.selection_set)
            if one.node.selection_set
        )

    def _singles(self, selections: SelectionSetNode | None) -> Iterator[str]:
        for one in selections.selections if selections else ():
            match one:
                case FieldNode():
                    if "singleton" in {mark.name.value for mark in one.directives or ()}:
                        yield (one.alias or one.name).value
                    elif "flatten" in {mark.name.value for mark in one.directives or ()}:
                        yield from self._singles(one.selection_set)
                case InlineFragmentNode():
                    yield from self._singles(one.selection_set)
                case FragmentSpreadNode():
                    yield from self._singles(self.fragments[one.name.value].definition.selection_set)


def _shaping(details: Details) -> bool:
    return any(one.node.directives for one in details) and bool(_marks(details) & _SHAPES)


def _marks(details: Details) -> frozenset[str]:
    return frozenset(mark.name.value for one in details for mark in one.node.directives or ())


_SHAPES = frozenset({"flatten", "first", "slice"})


def _flatten(out: dict[str, Any], value: Any, single: frozenset[str]) -> None:
    """Put the members of an object, or of each object of a list, into `out`; of a list, each becomes a list."""
    many = isinstance(value, list)
    for item in value if many else [value]:
        if not isinstance(item, dict):
            continue
        tail = f".{item.part}" if isinstance(item, Sliced) else ""
        for name, one in item.items():
            _add(out, name + tail, one, many=many and not tail and name not in single)


def _add(out: dict[str, Any], name: str, value: Any, *, many: bool) -> None:
    if many:
        listed = out.setdefault(name, [])
        if isinstance(listed, list):
            listed += value if isinstance(value, list) else [] if value is None else [value]
            return
    if value is not None and out.get(name) not in (None, value):
        raise BadRequest(
            f"@singleton の {name} に値が2つ以上あります。", f"{name} is a @singleton but has more than one value.",
            rule="graphql.singleton", place=name,
        )  # fmt: skip
    if out.get(name) is None:
        out[name] = value


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    items = value if isinstance(value, list) else [value]
    for number, item in enumerate(items):
        yield (item.part if isinstance(item, Sliced) else str(number)), item


def _part(path: str, source: Any, place: Path, spending: Spending) -> str:
    """The name of an item: its place in the list for `$index`, else what the path finds."""
    if path == "$index":
        return str(place.key if isinstance(place.key, int) else 0)
    if not isinstance(source, Element):
        return ""
    return spending.paths.text(path, source.value, source.shape, source.home.tree)


def _sliced(done: dict[str, Any], part: str) -> Sliced:
    made = Sliced(done)
    made.part = part
    return made


async def _sliced_later(done: Awaitable[dict[str, Any]], part: str) -> Sliced:
    return _sliced(await done, part)
