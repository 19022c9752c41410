"""How each field finds its value: a member of the element at hand, a reference followed, a search made."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLResolveInfo

from kakehashi.core.errors import BadRequest, Failure, NotFound
from kakehashi.core.ids import FHIR_ID
from kakehashi.engines.graphql import elements
from kakehashi.engines.graphql.elements import Element, bad_argument, chosen
from kakehashi.engines.graphql.reading import Looks, Page, Pairs
from kakehashi.engines.graphql.scalars import text_of
from kakehashi.engines.graphql.spending import Spending
from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.fhir.types import NUMBER

Resolver: TypeAlias = Callable[..., Any]
Info: TypeAlias = GraphQLResolveInfo["Context"]
_LOCAL = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Context:
    """What resolvers share in one request."""

    looks: Looks
    spending: Spending


@dataclass(frozen=True, slots=True)
class Edge:
    """One of a page."""

    resource: Element
    mode: str = "match"
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """A page of a search, and what its total is counted by."""

    type: str
    pairs: Pairs
    edges: list[Edge]
    pagesize: int
    offset: int | None
    next: str | None
    first: None = None
    previous: None = None
    last: None = None


def type_of(value: Element, _info: Info, _kind: object) -> str:
    """Return the type of a resource behind the interface."""
    return value.shape


def plain(name: str) -> Resolver:
    """A primitive."""

    def resolve(source: Element, info: Info, /) -> Any:
        return source.value.get(name) if info.context.spending.tell() else None

    return resolve


def plain_list(name: str) -> Resolver:
    """A list of primitives; `_offset` and `_count` choose of it."""

    def resolve(source: Element, info: Info, /, **arguments: object) -> Any:
        items, spending = source.value.get(name), info.context.spending
        if not isinstance(items, list) or not spending.tell(len(items) + 1):
            return None
        return chosen(items, arguments, spending, source.home, "")

    return resolve


def one(name: str, shape: str) -> Resolver:
    """An object."""

    def resolve(source: Element, info: Info, /) -> Element | None:
        if not info.context.spending.tell():
            return None
        return elements.inner(source.value.get(name), shape, source.home)

    return resolve


def several(name: str, shape: str) -> Resolver:
    """A list of objects, of which the arguments choose."""

    def resolve(source: Element, info: Info, /, **arguments: object) -> Any:
        items, spending = source.value.get(name), info.context.spending
        if not isinstance(items, list) or not spending.tell(len(items) + 1):
            return None
        found = [
            elements.inner(item, shape, source.home)
            for item in chosen(items, arguments, spending, source.home, shape)
        ]
        return _in_turn(found, spending) if spending.due() else found

    return resolve


async def _in_turn(found: list[Element | None], spending: Spending) -> list[Element | None]:
    await spending.turn()
    return found


def member(name: str) -> Resolver:
    """A member of a page."""

    def resolve(source: object, info: Info, /) -> Any:
        return getattr(source, name) if info.context.spending.tell() else None

    return resolve


def by_id(resource_type: str) -> Resolver:
    """A resource by its id."""

    async def resolve(_source: object, info: Info, /, *, id: object) -> Element | None:  # noqa: A002
        name = text_of(id)
        if not FHIR_ID.fullmatch(name):
            raise bad_argument("id", "123")
        return elements.resource(await info.context.looks.resource((resource_type, name)))

    return resolve


def referred(source: Element, info: Info, /, **arguments: object) -> Any:
    """What a Reference points at: within the resource, or by a look."""
    context: Context = info.context
    if not context.spending.tell():
        return None
    optional, wanted = arguments.get("optional") is True, arguments.get("type")
    said = source.value.get("reference")
    if not isinstance(said, str):
        return _unresolved(optional)
    if said.startswith("#"):
        found = _contained(source, said[1:])
        if found is None:
            return _unresolved(optional)
        return found if wanted in (None, found.shape) else None
    match = _LOCAL.fullmatch(said.removeprefix(f"{context.looks.base}/"))
    if match is None or match[1] not in NUMBER:
        return _unresolved(optional)
    if wanted not in (None, match[1]):
        return None
    return _followed(context.looks, (match[1], match[2]), optional)


async def _followed(looks: Looks, key: tuple[str, str], optional: bool) -> Element | None:
    try:
        return elements.resource(await looks.resource(key))
    except Failure as failure:
        if optional and failure.status < 500:
            return None
        raise


def _contained(source: Element, name: str) -> Element | None:
    container = source.home.container
    if not name:
        return elements.resource(container)
    for tree in container.get("contained", ()):
        if tree.get("id") == name:
            return elements.resource(tree, container)
    return None


def _unresolved(optional: bool) -> None:
    if not optional:
        raise NotFound(
            "この参照は、このサーバーのリソースを指していません (optional: true で null になります)。",
            "This reference leads to no resource of this server; with optional: true it is null.",
            rule="graphql.reference",
        )


def listed(resource_type: str, names: Mapping[str, str], *, within: bool) -> Resolver:
    """A list of resources by search; `within` a resource: of those that refer to it by `_reference`."""

    async def resolve(source: Any, info: Info, /, **arguments: object) -> list[Element]:
        context: Context = info.context
        pairs = _pairs(resource_type, names, arguments, source if within else None)
        page = await context.looks.page(resource_type, pairs) if pairs is not None else Page([], 0)
        return [elements.resource(tree) for tree in page.trees]

    return resolve


def connected(resource_type: str, names: Mapping[str, str], *, within: bool) -> Resolver:
    """A page of resources by search, with what leads to the next."""

    async def resolve(source: Any, info: Info, /, **arguments: object) -> Connection:
        context: Context = info.context
        cursor = text_of(arguments.pop("_cursor", None) or "")
        pairs = _pairs(resource_type, names, arguments, source if within else None)
        page = await context.looks.page(resource_type, pairs, cursor) if pairs is not None else Page([], 0)
        edges = [Edge(elements.resource(tree)) for tree in page.trees]
        offset = None if cursor else 0
        return Connection(resource_type, pairs or (), edges, page.count, offset, page.next or None)

    return resolve


def total(source: Connection, info: Info, /) -> Awaitable[int | None]:
    """How many a connection finds in all."""
    looks: Looks = info.context.looks
    return looks.total(source.type, source.pairs)


def _pairs(
    resource_type: str, names: Mapping[str, str], arguments: Mapping[str, object], source: Element | None
) -> Pairs | None:
    """The parameters of a search; None for what nothing can refer to. Raises BadRequest."""
    rest = dict(arguments)
    pairs: list[tuple[str, str]] = []
    if source is not None:
        code = text_of(rest.pop("_reference", ""))
        pair = _refers(resource_type, names.get(code, code), source)
        if pair is None:
            return None
        pairs.append(pair)
    for name, said in rest.items():
        pairs += [(names.get(name, name), text_of(value)) for value in _each(said)]
    return pairs


def _each(said: object) -> Sequence[object]:
    if isinstance(said, list):
        return [value for value in said if value is not None]
    return () if said is None else (said,)


def _refers(resource_type: str, code: str, source: Element) -> tuple[str, str] | None:
    found = parameters(resource_type).get(code)
    if found is None or found.kind != "reference" or (found.targets and source.shape not in found.targets):
        known = [
            one.code
            for one in parameters(resource_type).values()
            if one.kind == "reference" and (not one.targets or source.shape in one.targets)
        ]
        raise BadRequest(
            f"_reference には {source.shape} を指す検索パラメータの名前を書いてください: {', '.join(known)}",
            f"_reference names a search parameter that points at {source.shape}: {', '.join(known)}",
            rule="graphql.argument",
            place="_reference",
        )
    if source.home.tree is not source.home.container or "id" not in source.value:
        return None  # contained: nothing else can refer to it
    return code, f"{source.shape}/{source.value['id']}"
