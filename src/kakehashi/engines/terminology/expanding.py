"""`ValueSet/$expand`. Source: https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from dataclasses import dataclass, field
from datetime import datetime

from kakehashi.core.clock import fhir_instant
from kakehashi.core.ids import derived_id
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.terminology.looking import looking
from kakehashi.engines.terminology.making import off_loop
from kakehashi.engines.terminology.supplements import Supplements
from kakehashi.engines.terminology.world import Named, World
from kakehashi.fhir.text import normal
from kakehashi.terms.compose import Composed, Part, Versions
from kakehashi.terms.expansion import Expander, Wanted, by_words
from kakehashi.terms.masks import Mask
from kakehashi.terms.packing import Json
from kakehashi.terms.refusals import not_here
from kakehashi.terms.value_set import ValueSet

_SAID = ("url", "identifier", "version", "name", "title", "status", "experimental", "date", "language")


@dataclass(frozen=True, slots=True)
class Expand:
    """What is to be expanded, and how. definition: with the value set's rules. echo: the parameters as they were given,
    for `expansion.parameter`.
    """

    named: Named
    wanted: Wanted = field(default_factory=Wanted)
    versions: Versions = field(default_factory=Versions)
    definition: bool = False
    echo: tuple[Json, ...] = ()


async def expand(house: House, asked: Asked, request: Expand) -> Json:
    """Return the ValueSet with its expansion. Raises NotFound, Gone, BadRequest, Invalid, TooCostly, Refused."""
    async with looking(house, asked, "$expand", "ValueSet", "CodeSystem") as world:
        root = await world.root("ValueSet", request.named)
        value_set = ValueSet.of(root.packed)
        composed = await world.composed(root, request.versions)
        if composed.absent:
            raise not_here(list(composed.absent))
        extra = await Supplements.of(world, value_set.supplements)
        found = await _filtered(world, composed, request.wanted.text)
        expander = Expander(
            composed, request.wanted, normal, lambda part: found[id(part.held)], extra.of_code
        )
        expansion = await off_loop(_size(composed), expander.expansion)
        rules = await world.rules(root, request.named) if request.definition else {}
    head = {name: value_set.said[name] for name in _SAID if name in value_set.said}
    whole = {**_about(request, composed, extra, asked.at), **expansion}
    return {"resourceType": "ValueSet", "status": "active", **head, **rules, "expansion": whole}


def _about(request: Expand, composed: Composed, extra: Supplements, at: datetime) -> Json:
    """What an expansion says of itself: when, by which parameters, of which versions."""
    said = list(request.echo)
    said += [{"name": "version", "valueUri": one} for one in composed.used]
    said += [{"name": "fragment", "valueUri": one} for one in composed.partial]
    said += [{"name": "used-supplement", "valueUri": one} for one in extra.used]
    identity = derived_id("expansion", request.named.canonical or request.named.id, fhir_instant(at))
    about: Json = {"identifier": f"urn:uuid:{identity}", "timestamp": fhir_instant(at)}
    return {**about, "parameter": said} if said else about


async def _filtered(world: World, composed: Composed, text: str) -> dict[int, Mask]:
    """Return the concepts that a filter means, by the identity of the columns; kept as long as their resource is."""
    found: dict[int, Mask] = {}
    for part in composed.parts if text else ():
        if id(part.held) not in found:
            found[id(part.held)] = await _by_words(world, part, normal(text))
    return found


async def _by_words(world: World, part: Part, folded: str) -> Mask:
    owner = world.cache.owner(part.held)
    key = ("words", owner, id(part.held), folded)
    mask = world.cache.get(key, bytes)
    if mask is None:
        mask = await off_loop(part.held.size, lambda: by_words(part, folded))
        if owner is not None:
            world.cache.put(key, mask, len(mask) + 200, (owner,))
    return mask


def _size(composed: Composed) -> int:
    return sum(part.held.size for part in composed.parts)
