"""`ConceptMap/$translate`. Source: https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kakehashi.core.errors import TooCostly
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.terminology.looking import looking
from kakehashi.engines.terminology.world import Named, World
from kakehashi.store import concepts
from kakehashi.terms import concept_map
from kakehashi.terms.concept_map import ConceptMap, Match, further, translated
from kakehashi.terms.packing import Json
from kakehashi.terms.validity import Code

_MAPS = 50  # that a translation without a url looks into


@dataclass(frozen=True, slots=True)
class Translate:
    """Codes to be translated. source, target: value sets of the map; system: to codes of this system only.

    dependencies: values of other elements, by property. reverse: from target to source.
    """

    named: Named
    codes: tuple[Code, ...]
    source: str = ""
    target: str = ""
    system: str = ""
    reverse: bool = False
    dependencies: Mapping[str, str] = field(default_factory=dict)


async def translate(house: House, asked: Asked, request: Translate) -> Json:
    """Return what the codes become, as Parameters. Raises NotFound, BadRequest, TooCostly, Refused."""
    async with looking(house, asked, "$translate", "ConceptMap") as world:
        maps = await _maps(world, request)
        others = await _others(world, maps)
    matches = [match for one in maps for code in request.codes for match in _of(one, code, request, others)]
    good = any(match.good for match in matches)
    said: list[Json] = [{"name": "result", "valueBoolean": good}]
    if not good:
        message = "対応するコードがありません。 No translation was found."
        said.append({"name": "message", "valueString": message})
    return {"resourceType": "Parameters", "parameter": [*said, *(_match(one) for one in matches)]}


def _of(
    found: ConceptMap, code: Code, request: Translate, others: Mapping[str, ConceptMap | None]
) -> list[Match]:
    asked = concept_map.Asked(code.system, code.code, request.system, request.reverse, request.dependencies)
    return translated(found, asked, others)


async def _maps(world: World, request: Translate) -> list[ConceptMap]:
    """Return the map that is named, or all from the codes' systems, between the value sets that are named."""
    named = request.named
    if named.id or named.url or named.sent:
        return [ConceptMap.of((await world.root("ConceptMap", named)).packed)]
    side = "target-system" if request.reverse else "source-system"
    systems = sorted({one.system for one in request.codes})
    rows = await concepts.named(world.look, [("ConceptMap", system) for system in systems], side)
    kept = list({one.key: one for some in rows for one in some}.values())
    if len(kept) > _MAPS:
        raise TooCostly(
            f"{_MAPS} を超える ConceptMap が当てはまります。url で一つを指定してください。",
            f"More than {_MAPS} ConceptMaps may be meant; name one by url.",
            rule="terminology.size",
            place="url",
        )
    maps = [ConceptMap.of((await world.load(one)).packed) for one in sorted(kept, key=lambda one: one.rid)]
    ends = (("source", request.source), ("target", request.target))
    return [one for one in maps if all(not wanted or one.value_set(end) == wanted for end, wanted in ends)]


async def _others(world: World, maps: list[ConceptMap]) -> dict[str, ConceptMap | None]:
    """Return the maps that these refer to for codes that they lack, and those that they refer to in turn."""
    found: dict[str, ConceptMap | None] = {}
    waiting = [canonical for one in maps for canonical in further(one)]
    while waiting and len(found) < _MAPS:
        canonical = waiting.pop()
        if canonical not in found:
            loaded = await world.find("ConceptMap", canonical)
            found[canonical] = other = ConceptMap.of(loaded.packed) if loaded else None
            waiting += further(other) if other else []
    return found


def _match(one: Match) -> Json:
    part: list[Json] = [{"name": "equivalence", "valueCode": one.equivalence}]
    if one.code:
        coding = {"system": one.system, "code": one.code, "display": one.display}
        part.append(
            {"name": "concept", "valueCoding": {name: value for name, value in coding.items() if value}}
        )
    part += [_product(each) for each in one.products]
    if one.source:
        part.append({"name": "source", "valueUri": one.source})
    return {"name": "match", "part": part}


def _product(said: Json) -> Json:
    coding = {"system": said.get("system"), "code": said.get("value"), "display": said.get("display")}
    shown = {name: value for name, value in coding.items() if value}
    return {"name": "product", "part": [
        {"name": "element", "valueUri": said.get("property", "")}, {"name": "concept", "valueCoding": shown},
    ]}  # fmt: skip
