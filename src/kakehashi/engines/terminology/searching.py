"""Codes for searches: `:in` and `:not-in` a value set, `:below` and `:above` a code.

Source: https://hl7.org/fhir/R4/search.html#modifiers
"""

from dataclasses import replace

from kakehashi.core.errors import BadSearchValue, Gone, NotFound, TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.terminology.looking import looking
from kakehashi.engines.terminology.making import off_loop
from kakehashi.engines.terminology.world import Named, World
from kakehashi.search.plan import Query, Terms
from kakehashi.search.terms import terms_in, with_codes
from kakehashi.terms import filters, masks
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.columns import Concepts
from kakehashi.terms.compose import Versions
from kakehashi.terms.masks import Mask
from kakehashi.terms.refusals import not_here
from kakehashi.terms.subsumption import place_of
from kakehashi.terms.validity import require_codes

MOST = 20_000  # codes that one search may stand for
Codes = dict[str, frozenset[str]]  # by system


async def resolved(house: House, asked: Asked, query: Query) -> Query:
    """Return the query with codes for whatever asks terminology; itself where nothing does.

    Raises BadSearchValue for what is not here, Invalid, TooCostly, Refused.
    """
    wanted = set(terms_in(query.where))
    if not wanted:
        return query
    async with looking(house, asked, "search", "ValueSet", "CodeSystem") as world:
        found = {one: await _codes(world, one) for one in wanted}
    if sum(len(codes) for one in found.values() for codes in one.values()) > MOST:
        raise _too_many()
    return replace(query, where=with_codes(query.where, found))


async def _codes(world: World, wanted: Terms) -> Codes:
    try:
        return await (_in_set(world, wanted) if wanted.how == "in" else _around(world, wanted))
    except (NotFound, Gone) as missing:
        name = f"{wanted.parameter.code}:{wanted.how}"
        told = missing.problems[0]
        raise BadSearchValue(f"{name}: {told.ja}", f"{name}: {told.en}", rule=told.rule, place=name) from None


async def _in_set(world: World, wanted: Terms) -> Codes:
    local = wanted.value.startswith("ValueSet/")
    named = Named(id=wanted.value.partition("/")[2]) if local else Named(url=wanted.value)
    composed = await world.composed(await world.root("ValueSet", named), Versions())
    if composed.absent:
        raise not_here(list(composed.absent))
    found: Codes = {}
    for part in composed.parts:
        found[part.system] = found.get(part.system, frozenset()) | _listed(part.held, part.mask)
    return found


async def _around(world: World, wanted: Terms) -> Codes:
    system = CodeSystem.of((await world.root("CodeSystem", Named(url=wanted.system))).packed)
    require_codes(system)
    place = place_of(system, wanted.value)
    choose = filters.below if wanted.how == "below" else filters.above
    mask = await off_loop(system.concepts.size, lambda: choose(system, place))
    return {wanted.system.partition("|")[0]: _listed(system.concepts, mask)}


def _listed(concepts: Concepts, mask: Mask) -> frozenset[str]:
    if mask.count(1) > MOST:
        raise _too_many()
    return frozenset(concepts.code(place) for place in masks.places(mask))


def _too_many() -> TooCostly:
    return TooCostly(
        f"{MOST} を超えるコードを探すことになります。小さな value set か下位のコードを使ってください。",
        f"The search would look for more than {MOST} codes; use a smaller value set or a code further down.",
        rule="search.cost",
    )
