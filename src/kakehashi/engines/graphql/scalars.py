"""The leaves of the schema: FHIR's primitive types, and the texts that arguments are given as."""

from functools import cache

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    IntValueNode,
    StringValueNode,
    ValueNode,
)

from kakehashi.fhir.types import NUMBER

_BUILT_IN = {
    "string": GraphQLString,
    "markdown": GraphQLString,
    "boolean": GraphQLBoolean,
    "integer": GraphQLInt,
    "positiveInt": GraphQLInt,
    "unsignedInt": GraphQLInt,
    "id": GraphQLID,
}
_PLAIN = (StringValueNode, IntValueNode, FloatValueNode, EnumValueNode)


@cache
def primitive(name: str) -> GraphQLScalarType:
    """Return the scalar of a FHIR primitive: GraphQL's own where it has one, else one of FHIR's name, as stored."""
    return _BUILT_IN.get(name) or GraphQLScalarType(name)


def _text_of_literal(node: ValueNode, _variables: object = None) -> str:
    if isinstance(node, BooleanValueNode):
        return "true" if node.value else "false"
    if isinstance(node, _PLAIN):
        return node.value
    raise GraphQLError("A text, a number, true, false or a bare name is wanted.", node)


def text_of(value: object) -> str:
    """Return a value that a variable brings as text. Raises GraphQLError for lists and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise GraphQLError("A text, a number, true or false is wanted.")


TEXT = GraphQLScalarType(
    "SearchValue",
    parse_value=text_of,
    parse_literal=_text_of_literal,
    description="テキスト (数・真偽値・裸の名前も) · a text; numbers, booleans and bare names count as such",
)
RESOURCE_TYPE = GraphQLEnumType("ResourceType", {name: name for name in sorted(NUMBER)})
