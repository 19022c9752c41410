"""Searching: a Query through the window that is open without a person, and on each person that it names.

What a token's scopes do not reach is neither searched through (chains, `_has`) nor included. What its right to search
is narrowed to is what is found and gone through, what its right to read is narrowed to is what is included.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked, Scene, bound, scene_on
from kakehashi.engines.terminology.searching import resolved
from kakehashi.fhir.facts_people import PRIMARY
from kakehashi.search.plan import And, Chain, Condition, HasId, Not, Or, PointsTo, Query, Reverse
from kakehashi.store.read import reading
from kakehashi.store.read_once import answers, search_once
from kakehashi.store.read_search import Found
from kakehashi.trust import roles


async def search(house: House, asked: Asked, query: Query, *, export: bool = False) -> Found:
    """Return one page; `export`: of what may be carried away. Raises Refused, NotSupported, TooCostly, Unavailable."""
    require_scope(asked, query)
    query = await resolved(house, asked, query)
    patients, sure = named_patients(query)
    scene = await scene_on(house, asked, patients)
    if sure and bound(asked.actor) and asked.actor.scopes:
        query = _of_the_human(query)
    scene = scene.exporting() if export else scene.searching()
    return await search_in(house, asked, query, scene, sure=sure)


async def search_in(house: House, asked: Asked, query: Query, scene: Scene, *, sure: bool) -> Found:
    """Search in a scene that is open for it; `sure`: whatever is found is about the scene's persons."""
    names = {name.partition(":")[0].partition(".")[0] for name, _ in query.used}
    note = asked.note("search", "?".join(filter(None, (query.type, "&".join(sorted(names))))), scene.window)
    persons = scene.persons if sure else None
    if answers(query) and not scene.window.narrowed:
        return await search_once(house.db, scene.window, note, query, at=asked.at, persons=persons)
    async with reading(house.db, scene.window, note, at=asked.at) as look:
        return await look.search(
            query,
            persons=persons,
            included=lambda kind: roles.permits(asked.actor, "read", resource_type=kind),
        )


def require_scope(asked: Asked, query: Query) -> None:
    """Raise Refused unless the actor may search every type that the query looks into."""
    for resource_type in {query.type, *_looked_into(query.where)}:
        roles.require(asked.actor, "search", resource_type=resource_type)


def named_patients(query: Query) -> tuple[list[str], bool]:
    """Return the ids of the Patients that every match is about, and whether all matches are about only these.

    `Observation?patient=1,2` is about those two; `Observation?performer=Patient/1` may be about anybody.
    """
    ids: list[str] = []
    sure = False
    for part in _conjuncts(query.where):
        found, only = _patients(query.type, part)
        ids += found
        sure = sure or (only and bool(found))
    return list(dict.fromkeys(ids)), sure


def _of_the_human(query: Query) -> Query:
    """For a token that is bound to one person, whom an app knows by the one Patient that it was told: the same, of
    whatever institution's Patient of that person a row speaks. The scene's persons keep it to them (ADR 19)."""
    parts = list(_conjuncts(query.where))
    naming = [part for part in parts if not isinstance(part, HasId) and _names_patients(query.type, part)]
    if len(naming) != 1:
        return query
    return replace(query, where=And(tuple(part for part in parts if part is not naming[0])))


def _names_patients(resource_type: str, part: Condition) -> bool:
    ids, only = _patients(resource_type, part)
    return only and bool(ids)


def _conjuncts(where: Condition) -> Iterator[Condition]:
    if isinstance(where, And):
        for part in where.parts:
            yield from _conjuncts(part)
    else:
        yield where


def _patients(resource_type: str, part: Condition) -> tuple[list[str], bool]:
    if isinstance(part, HasId):
        return (list(part.ids), True) if resource_type == "Patient" else ([], False)
    alternatives = [one for one in _disjuncts(part) if not _is_vain(one)]
    pointers = [one for one in alternatives if isinstance(one, PointsTo) and one.type == "Patient"]
    about = [one for one in pointers if _is_subject(resource_type, one.parameter.code)]
    return [one.id for one in about], len(about) == len(alternatives)


def _is_vain(one: Condition) -> bool:
    """`patient=1` asks for Group/1 too, as R4 lists its targets; but the parameter reads Patients only."""
    return isinstance(one, PointsTo) and one.parameter.code == "patient" and one.type != "Patient"


def _disjuncts(part: Condition) -> Iterator[Condition]:
    if isinstance(part, Or):
        for one in part.parts:
            yield from _disjuncts(one)
    else:
        yield part


def _is_subject(resource_type: str, code: str) -> bool:
    """Whether the parameter reads the element that decides whose record the resource is."""
    elements = PRIMARY.get(resource_type, ())
    return code in elements or (code == "patient" and bool(elements))


def _looked_into(where: Condition) -> Iterable[str]:
    match where:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _looked_into(part)
        case Not(part):
            yield from _looked_into(part)
        case Chain(_, kind, further) | Reverse(kind, _, further):
            yield kind
            yield from _looked_into(further)
