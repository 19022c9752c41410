"""What is held against a request before anything of it is read: its size, its depth, and that it only reads.

Fragments are counted as often as they are spread, without spreading them: each is measured once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)

from kakehashi.core.errors import BadRequest, Failure, NotSupported, TooCostly

Fragments: TypeAlias = dict[str, FragmentDefinitionNode]
LENGTH = 20_000  # characters
TOKENS = 4_000
DEPTH = 20  # fields within fields
FIELDS = 1_000  # once fragments are spread
ALIASES = 50  # likewise


@dataclass(frozen=True, slots=True)
class Size:
    """How large a selection is."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


class _Circle(Exception):
    """A fragment spreads itself; graphql-core's validation says where."""


def parsed(text: str) -> DocumentNode:
    """Return the document of a text. Raises TooCostly, and GraphQLError where it is no GraphQL."""
    if len(text) > LENGTH:
        raise _too_large("length", f"{LENGTH:,} 文字", f"{LENGTH:,} characters")
    try:
        return parse(text, max_tokens=TOKENS, max_lexical_tokens=TOKENS, allow_empty_selection_sets=False)
    except GraphQLError as error:
        if str(TOKENS) in error.message:
            raise _too_large("length", f"{TOKENS:,} 語", f"{TOKENS:,} tokens") from None
        if "nested too deeply" in error.message:
            raise _too_large("depth", f"{DEPTH} 段", f"{DEPTH} levels") from None
        raise


def require_modest(document: DocumentNode) -> None:
    """Raise Failure for a document that asks for too much, or for anything but reading."""
    measuring = _Measuring(_fragments(document))
    for one in document.definitions:
        if not isinstance(one, OperationDefinitionNode):
            continue
        if one.operation is not OperationType.QUERY:
            raise _only_reading(one.operation.value)
        try:
            _hold(measuring.of(one.selection_set))
        except _Circle:
            return


def asks_for_schema(document: DocumentNode) -> bool:
    """Say whether operations ask for the schema. Raises BadRequest where one asks for records too."""
    fragments = _fragments(document)
    roots = [one.selection_set for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    asked = {name in ("__schema", "__type") for name in _names(fragments, roots) if name != "__typename"}
    if len(asked) > 1:
        raise BadRequest(
            "スキーマ (__schema, __type) と記録は、別の問い合わせにしてください。",
            "Ask for the schema (__schema, __type) and for records in requests of their own.",
            rule="graphql.introspection",
        )
    return asked == {True}


def _names(fragments: Fragments, roots: list[SelectionSetNode]) -> Iterator[str]:
    """Yield the names of the fields at the root; each fragment there is gone into once."""
    waiting, been = list(roots), set[str]()
    while waiting:
        for one in waiting.pop().selections:
            match one:
                case FieldNode():
                    yield one.name.value
                case InlineFragmentNode():
                    waiting.append(one.selection_set)
                case FragmentSpreadNode() if one.name.value in fragments and one.name.value not in been:
                    been.add(one.name.value)
                    waiting.append(fragments[one.name.value].selection_set)


def _fragments(document: DocumentNode) -> Fragments:
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}


class _Measuring:
    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._sizes: dict[str, Size | None] = {}

    def of(self, selections: SelectionSetNode | None) -> Size:
        """Return the size of a selection; what lies in fragments counts as often as it is spread."""
        depth = fields = aliases = 0
        for one in selections.selections if selections else ():
            match one:
                case FieldNode():
                    inner = self.of(one.selection_set)
                    inner = Size(inner.depth + 1, inner.fields + 1, inner.aliases + (one.alias is not None))
                case FragmentSpreadNode():
                    inner = self._of_fragment(one.name.value)
                case InlineFragmentNode():
                    inner = self.of(one.selection_set)
                case _:
                    continue
            depth, fields = max(depth, inner.depth), fields + inner.fields
            aliases += inner.aliases
        return Size(depth, fields, aliases)

    def _of_fragment(self, name: str) -> Size:
        if name not in self._sizes:
            self._sizes[name] = None
            known = self._fragments.get(name)
            self._sizes[name] = self.of(known.selection_set) if known else Size()
        size = self._sizes[name]
        if size is None:
            raise _Circle
        return size


def _hold(size: Size) -> None:
    if size.depth > DEPTH:
        raise _too_large("depth", f"{DEPTH} 段", f"{DEPTH} levels")
    if size.fields > FIELDS:
        raise _too_large("fields", f"{FIELDS:,} 項目", f"{FIELDS:,} fields, with fragments spread")
    if size.aliases > ALIASES:
        raise _too_large("aliases", f"別名 {ALIASES} 個", f"{ALIASES} aliases, with fragments spread")


def _too_large(what: str, ja: str, en: str) -> Failure:
    return TooCostly(
        f"問い合わせは{ja}までです。分けて送ってください。",
        f"A query has {en} at most; send it in parts.",
        rule=f"graphql.{what}",
    )


def _only_reading(operation: str) -> Failure:
    return NotSupported(
        f"GraphQL では読むことだけができます。{operation} の代わりに REST で書いてください (POST・PUT・PATCH)。",
        f"GraphQL only reads here; instead of a {operation} use REST's writes (POST, PUT, PATCH).",
        rule="graphql.read-only",
    )
