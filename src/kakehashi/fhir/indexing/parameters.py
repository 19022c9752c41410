"""The search parameters of each R4 resource type: what they read, what they may point at, how they are numbered.

Three kinds of parameter have no index entries of their own, because others say the same:
* a union (`combo-code` is `code` or `component-code`; `phonetic` is `name`): a search asks for its members;
* a composite of the resource itself (`code-value-quantity`): there is one such item in a resource, so it is
  the search for both components;
* `_id` and `_lastUpdated`: columns of the store.

Numbers and salts are made from the name `Type.code`, so they are the same on every machine and in every version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from kakehashi.core.hashing import hash64
from kakehashi.fhir.definitions import SearchParameter, load
from kakehashi.fhir.indexing.errata import EXPRESSIONS, NOT_EXTRACTED
from kakehashi.fhir.indexing.expressions import Child, PointsAt, Step, parse
from kakehashi.fhir.indexing.routes import Route, ends, start, walk
from kakehashi.fhir.indexing.values import PLAIN, READERS

COLUMNS = frozenset({"_id", "_lastUpdated"})  # answered from columns of the store


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a composite: its kind, and its routes from the composite's item (or the resource)."""

    kind: str
    routes: tuple[Route, ...]
    of_resource: bool  # the routes start at the resource (`%resource`)


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One search parameter of one resource type."""

    base: str  # resource type
    code: str  # name in URLs
    kind: str  # number, date, string, token, reference, composite, quantity, uri, special
    routes: tuple[Route, ...] = field(default=(), repr=False)  # of a composite: to its items
    targets: tuple[str, ...] = field(
        default=(), repr=False
    )  # resource types that a reference may point at; empty: any
    parts: tuple[Part, ...] = field(default=(), repr=False)  # of a composite that has entries of its own
    union: tuple[str, ...] = field(default=(), repr=False)  # codes of the parameters that it is the union of
    both: tuple[str, ...] = field(
        default=(), repr=False
    )  # of a composite of the resource: its components' codes
    systems: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # that plain codes are implied to be from
    codes: tuple[str, ...] = field(default=(), repr=False)  # every code, where a required binding lists all
    within: str = field(default="", repr=False)  # code of the parameter whose references to `only` these are
    only: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """`Type.code`."""
        return f"{self.base}.{self.code}"

    @property
    def salt(self) -> int:
        """What the parameter's tokens are XORed with."""
        return hash64(self.name)

    def members(self) -> tuple["Parameter", ...]:
        """Return the parameters whose entries answer for this one: those it is the union of, or itself."""
        return tuple(parameters(self.base)[code] for code in self.union) or (self,)

    @property
    def number(self) -> int:
        """Its number in ranges and texts: 32 bits, distinct within the resource type (a test says so)."""
        return hash64(self.name) & 0xFFFF_FFFF

    @property
    def plain(self) -> bool:
        """Whether a token parameter's values never have a system."""
        return self.kind == "token" and all(route.type in PLAIN for route in self.routes)

    def salt_to(self, target: str) -> int:
        """Return the salt of literal references to a resource type: their tokens may be another parameter's."""
        if self.within and target == self.only:
            return hash64(f"{self.base}.{self.within}")
        return self.salt

    @property
    def has_entries(self) -> bool:
        """Whether the index holds entries of its own."""
        return not (self.union or self.both or self.code in COLUMNS)


@cache
def parameters(base: str) -> Mapping[str, Parameter]:
    """Return the search parameters of a resource type by code; empty for a type that R4 does not know."""
    if base not in load().resource_types():
        return {}
    published = _published(base)
    found = {code: _parameter(base, code, ones) for code, ones in sorted(published.items())}
    return _within_others(_without_unions(found))


def parameter(base: str, code: str) -> Parameter | None:
    """Return one search parameter, or None where the type has none of that name."""
    return parameters(base).get(code)


@cache
def _by_base() -> Mapping[str, list[SearchParameter]]:
    found: dict[str, list[SearchParameter]] = {}
    for one in load().search_parameters:
        for base in one.base:
            found.setdefault(base, []).append(one)
    return found


@cache
def _by_url() -> Mapping[str, SearchParameter]:
    return {one.url: one for one in load().search_parameters}


def _published(base: str) -> dict[str, list[SearchParameter]]:
    """Published parameters by code; the same code may be published twice (`Condition.subject`)."""
    found: dict[str, list[SearchParameter]] = {}
    for owner in ("Resource", "DomainResource", base):
        for one in _by_base().get(owner, ()):
            if one.code not in NOT_EXTRACTED:
                found.setdefault(one.code, []).append(one)
    return found


def _alternatives(base: str, one: SearchParameter) -> list[tuple[Step, ...]]:
    expression = EXPRESSIONS.get(one.url, one.expression)
    heads = {base, "Resource", "DomainResource"}
    found = parse(expression) if expression else ()
    rooted = [steps[1:] for steps in found if isinstance(steps[0], Child) and steps[0].name in heads]
    return rooted + [steps for steps in found if isinstance(steps[0], Child) and steps[0].name.islower()]


def _parameter(base: str, code: str, published: list[SearchParameter]) -> Parameter:
    one = published[0]
    alternatives = list(dict.fromkeys(steps for p in published for steps in _alternatives(base, p)))
    if one.type == "composite":
        return _composite(base, code, one, alternatives)
    found = ends(point for steps in alternatives for point in walk(start(base), steps))
    routes = tuple(route for route in found if route.type in READERS[one.type])
    targets = tuple(dict.fromkeys(target for p in published for target in p.target))
    systems, codes = _implied(routes)
    return Parameter(base, code, one.type, routes, targets, systems=systems, codes=codes)


def _implied(routes: Iterable[Route]) -> tuple[frozenset[str], tuple[str, ...]]:
    """What required bindings say of the plain codes: their systems, and every code if all are listed."""
    systems: set[str] = set()
    codes: set[str] = set()
    complete = True
    for route in routes:
        found = load().value_sets.get(route.binding) if route.type == "code" else None
        if route.type == "boolean":
            codes |= {"true", "false"}
        elif found is None:
            complete = False
        else:
            systems |= {*found.codes, *found.open}
            codes |= {code for some in found.codes.values() for code in some}
            complete = complete and not found.open
    return frozenset(systems), tuple(sorted(codes)) if complete else ()


_PART_KINDS = {"Reference": "reference", "Quantity": "quantity", "Range": "quantity", "integer": "number"}


def _composite(base: str, code: str, one: SearchParameter, items: list[tuple[Step, ...]]) -> Parameter:
    """A composite parameter. What a component is follows from its data type: R4 swaps two definitions.

    Where the only item is the resource, the composite is the search for both components' parameters.
    """
    defined = [_by_url()[component.definition] for component in one.component]
    if items == [()]:
        return Parameter(base, code, "composite", both=tuple(d.code for d in defined))
    points = [point for steps in items if steps for point in walk(start(base), steps)]
    parts = tuple(
        _part(base, points[0].shape, c.expression, d) for c, d in zip(one.component, defined, strict=True)
    )
    routes = tuple(Route(point.moves, point.type) for point in points)
    union = _composite_union(base, code) if () in items else ()
    return Parameter(base, code, "composite", routes, parts=parts, union=union)


def _composite_union(base: str, code: str) -> tuple[str, ...]:
    """`combo-code-value-quantity` reads the resource and its components: two composites that R4 also has."""
    rest = code.removeprefix("combo-")
    return tuple(
        other.code for name in (rest, f"component-{rest}") for other in _by_base()[base] if other.code == name
    )


def _part(base: str, shape: str, expression: str, defined: SearchParameter) -> Part:
    of_resource = expression.startswith("%resource.")
    here = start(base) if of_resource else start(shape)
    steps = parse(expression.removeprefix("%resource."))
    routes = ends(point for one in steps for point in walk(here, one))
    kinds = {_PART_KINDS.get(route.type, "token") for route in routes}
    kind = kinds.pop() if len(kinds) == 1 else defined.type
    return Part(kind, tuple(route for route in routes if route.type in READERS[kind]), of_resource)


def _without_unions(found: dict[str, Parameter]) -> dict[str, Parameter]:
    """Mark the parameters that are a union of others of the same kind, so that nothing is indexed twice."""
    order = sorted(found.values(), key=lambda p: (len(p.routes), p.code))
    kept: list[Parameter] = []
    result = dict(found)
    for one in order:
        members = _cover(one, kept)
        if members:
            result[one.code] = _as_union(one, members)
        elif one.has_entries and one.kind != "composite":
            kept.append(one)
    return result


def _within_others(found: dict[str, Parameter]) -> dict[str, Parameter]:
    """Mark the parameters that are another's references to one type: `patient` is within `subject`."""
    references = [one for one in found.values() if one.kind == "reference" and one.has_entries]
    owner = {route: one.code for one in references for route in one.routes}
    result = dict(found)
    for one in references:
        lasts = [route.moves[-1] for route in one.routes if route.moves]
        types = {last.type for last in lasts if isinstance(last, PointsAt)}
        others = {owner.get(replace(route, moves=route.moves[:-1])) for route in one.routes}
        if len(types) == len(others) == 1 and (other := others.pop()):
            result[one.code] = replace(one, within=other, only=types.pop())
    return result


def _cover(one: Parameter, kept: list[Parameter]) -> tuple[str, ...]:
    wanted = set(one.routes)
    if one.kind in ("composite", "special") or not wanted or one.code in COLUMNS:
        return ()
    inside = [k for k in kept if k.kind == one.kind and k.routes and set(k.routes) <= wanted]
    covered = {route for k in inside for route in k.routes}
    return tuple(k.code for k in inside) if covered == wanted else ()


def _as_union(one: Parameter, members: tuple[str, ...]) -> Parameter:
    return Parameter(
        one.base,
        one.code,
        one.kind,
        one.routes,
        one.targets,
        union=members,
        systems=one.systems,
        codes=one.codes,
    )
