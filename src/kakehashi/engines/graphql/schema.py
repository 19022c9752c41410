"""The schema, made of R4's definitions when it is first asked for: a type for each shape, searches at the root and in
each resource that others can refer to.

Names: `Patient`, `Patient.contact` is `PatientContact`; search parameters with `_` for `-`; `_birthDate` is the id and
the extensions of a primitive. Source: https://hl7.org/fhir/R4/graphql.html
"""

import threading
from collections.abc import Mapping
from functools import cache

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    specified_directives,
)

from kakehashi.engines.graphql import resolving
from kakehashi.engines.graphql.scalars import RESOURCE_TYPE, TEXT, primitive
from kakehashi.engines.graphql.shaping import DIRECTIVES
from kakehashi.fhir.indexing.parameters import Parameter, parameters
from kakehashi.fhir.shapes import RESOURCE, Member, Shape, shape
from kakehashi.fhir.types import NUMBER

Fields = dict[str, GraphQLField]
_ONE = threading.Lock()  # requests that come first come together
_ANYTHING = 40  # targets from which on a parameter may point at anything
_ANSWERS = ("_sort", "_filter", "_text", "_content", "_list")  # of every search, beside its parameters


@cache
def schema_of(resource_type: str) -> GraphQLSchema:
    """Return the schema of queries on one resource of a type; "" is the whole server's. All share their types."""
    made = _types()
    root = made.objects[resource_type] if resource_type else made.root
    every = [made.objects[name] for name in sorted(NUMBER)]
    return GraphQLSchema(
        root, types=every, directives=[*specified_directives, *DIRECTIVES], assume_valid=True
    )


def _types() -> "_Types":
    with _ONE:
        return _made()


@cache
def _made() -> "_Types":
    return _Types()


@cache
def arguments_of(resource_type: str) -> Mapping[str, str]:
    """Return the search arguments of a type with the parameter that each stands for."""
    codes = [*parameters(resource_type), *_ANSWERS]
    return {code.replace("-", "_"): code for code in codes}


@cache
def referring(resource_type: str) -> Mapping[str, bool]:
    """Return the types that may refer to a type, and whether one of their parameters is meant for it.

    `Composition.entry` and 79 others may point at anything: what has only such ones is offered with fewer arguments,
    for else the schema would be 344,000 arguments long.
    """
    found: dict[str, bool] = {}
    for name in sorted(NUMBER):
        targets = [one.targets for one in parameters(name).values() if _refers(one, resource_type)]
        if targets:
            found[name] = any(0 < len(one) < _ANYTHING for one in targets)
    return found


def _refers(one: Parameter, resource_type: str) -> bool:
    return one.kind == "reference" and (not one.targets or resource_type in one.targets)


class _Types:
    """Types by name, each made once. Fields are thunks: types refer to each other in circles."""

    def __init__(self) -> None:
        self.resource = GraphQLInterfaceType(
            "Resource", self._of_any_resource, resolve_type=resolving.type_of
        )
        self.objects: dict[str, GraphQLObjectType] = {}
        for name in sorted(NUMBER):
            self._object(name)
        self.connections = {name: self._connection(name) for name in sorted(NUMBER)}
        self.searches = {name: self._search_arguments(name) for name in sorted(NUMBER)}
        self.within = {name: self._searches(name, within=True) for name in sorted(NUMBER)}
        self.within_any = {name: self._list(name, _FEW, within=True) for name in sorted(NUMBER)}
        self.root = GraphQLObjectType("Query", self._of_root)

    def _object(self, name: str) -> GraphQLObjectType:
        if name not in self.objects:
            known = shape(name)
            self.objects[name] = GraphQLObjectType(
                _type_name(name),
                lambda: self._fields(known),
                interfaces=[self.resource] if known.resource else (),
            )
        return self.objects[name]

    def _fields(self, known: Shape) -> Fields:
        fields = {}
        for member in known.members.values():
            fields[member.name] = self._field(member)
            if member.primitive:
                fields[f"_{member.name}"] = self._shadow(member)
        if known.name == "Reference":
            fields["resource"] = GraphQLField(
                self.resource,
                {"optional": GraphQLArgument(GraphQLBoolean), "type": GraphQLArgument(RESOURCE_TYPE)},
                resolve=resolving.referred,
            )
        if known.resource:
            fields["resourceType"] = GraphQLField(GraphQLString, resolve=resolving.plain("resourceType"))
            for name, meant in referring(known.name).items():
                fields |= self.within[name] if meant else self.within_any[name]
        return fields

    def _field(self, member: Member) -> GraphQLField:
        if member.primitive:
            kind: GraphQLOutputType = primitive(member.shape)
            if not member.element.array:
                return GraphQLField(kind, resolve=resolving.plain(member.name))
            return GraphQLField(GraphQLList(kind), _PAGED, resolve=resolving.plain_list(member.name))
        kind = self.resource if member.shape == RESOURCE else self._object(member.shape)
        if not member.element.array:
            return GraphQLField(kind, resolve=resolving.one(member.name, member.shape))
        arguments = _filters(member.shape)
        return GraphQLField(
            GraphQLList(kind), arguments, resolve=resolving.several(member.name, member.shape)
        )

    def _shadow(self, member: Member) -> GraphQLField:
        """The id and extensions of a primitive."""
        kind, name = self._object("Element"), f"_{member.name}"
        if member.element.array:
            return GraphQLField(GraphQLList(kind), resolve=resolving.several(name, "Element"))
        return GraphQLField(kind, resolve=resolving.one(name, "Element"))

    def _of_any_resource(self) -> Fields:
        known = shape(RESOURCE)
        fields = {member.name: self._field(member) for member in known.members.values()}
        return {**fields, "resourceType": GraphQLField(GraphQLString)}

    def _of_root(self) -> Fields:
        fields: Fields = {}
        for name in sorted(NUMBER):
            fields[name] = GraphQLField(
                self.objects[name],
                {"id": GraphQLArgument(GraphQLNonNull(GraphQLID))},
                resolve=resolving.by_id(name),
            )
            fields |= self._searches(name, within=False)
        return fields

    def _searches(self, name: str, *, within: bool) -> Fields:
        """Searches of a type; `within` a resource for what refers to it."""
        arguments = {**_REFERRING, **self.searches[name]} if within else self.searches[name]
        return {
            **self._list(name, arguments, within=within),
            f"{name}Connection": GraphQLField(
                self.connections[name],
                {**arguments, "_cursor": GraphQLArgument(GraphQLString)},
                resolve=resolving.connected(name, arguments_of(name), within=within),
            ),
        }

    def _list(self, name: str, arguments: dict[str, GraphQLArgument], *, within: bool) -> Fields:
        found = resolving.listed(name, arguments_of(name), within=within)
        return {f"{name}List": GraphQLField(GraphQLList(self.objects[name]), arguments, resolve=found)}

    def _search_arguments(self, name: str) -> dict[str, GraphQLArgument]:
        return {**dict.fromkeys(arguments_of(name), _TEXTS), "_count": GraphQLArgument(GraphQLInt)}

    def _connection(self, name: str) -> GraphQLObjectType:
        edge = GraphQLObjectType(
            f"{name}Edge",
            {
                "mode": GraphQLField(GraphQLString, resolve=resolving.member("mode")),
                "score": GraphQLField(GraphQLFloat, resolve=resolving.member("score")),
                "resource": GraphQLField(self.objects[name], resolve=resolving.member("resource")),
            },
        )
        return GraphQLObjectType(
            f"{name}Connection",
            {
                "count": GraphQLField(GraphQLInt, resolve=resolving.total),
                "offset": GraphQLField(GraphQLInt, resolve=resolving.member("offset")),
                "pagesize": GraphQLField(GraphQLInt, resolve=resolving.member("pagesize")),
                **{
                    link: GraphQLField(GraphQLID, resolve=resolving.member(link))
                    for link in ("first", "previous", "next", "last")
                },
                "edges": GraphQLField(GraphQLList(edge), resolve=resolving.member("edges")),
            },
        )


@cache
def _filters(name: str) -> dict[str, GraphQLArgument]:
    """The arguments of a list of elements: FHIRPath, a page, and each primitive member by its name."""
    known = shape(name)
    return {
        "fhirpath": GraphQLArgument(GraphQLString),
        **_PAGED,
        **{member.name: GraphQLArgument(TEXT) for member in known.members.values() if member.primitive},
    }


def _type_name(name: str) -> str:
    head, *rest = name.split(".")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


_PAGED = {"_offset": GraphQLArgument(GraphQLInt), "_count": GraphQLArgument(GraphQLInt)}
_TEXTS = GraphQLArgument(GraphQLList(TEXT))
_REFERRING = {"_reference": GraphQLArgument(GraphQLNonNull(TEXT))}
_FEW = {**_REFERRING, "_sort": _TEXTS, "_count": GraphQLArgument(GraphQLInt)}
