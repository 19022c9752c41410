"""Questions about single codes: `$lookup`, `$validate-code`, `$subsumes`. What is answered is worked out in terms/."""

from dataclasses import dataclass, field

from kakehashi.core.errors import BadRequest, Invalid, NotFound
from kakehashi.engines.house import House
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.terminology.looking import looking
from kakehashi.engines.terminology.world import Named, World
from kakehashi.fhir.text import normal
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.compose import Versions
from kakehashi.terms.facts import facts
from kakehashi.terms.packing import Json
from kakehashi.terms.subsumption import subsumes
from kakehashi.terms.validity import Code, Rules, best, in_set, in_system, require_codes
from kakehashi.terms.value_set import ValueSet


@dataclass(frozen=True, slots=True)
class Validate:
    """Codes of which one is to be valid. abstract: whether headings are. language: of the display that is told."""

    named: Named
    codes: tuple[Code, ...]
    abstract: bool = True
    language: str = ""
    versions: Versions = field(default_factory=Versions)

    @property
    def rules(self) -> Rules:
        """How the codes are judged."""
        return Rules(normal, self.abstract, self.language)


async def lookup(
    house: House, asked: Asked, code: Code, *, language: str = "", properties: tuple[str, ...] = ()
) -> Json:
    """Return what is known of a code, as Parameters. Raises NotFound, BadRequest, Invalid, Refused."""
    async with looking(house, asked, "$lookup", "CodeSystem") as world:
        system = await _system(world, Named(url=code.system, version=code.version))
        place = system.concepts.find(code.code)
        if place is None:
            raise NotFound(
                f"コード {code.code} は {system.url} にありません。",
                f"There is no code {code.code} in {system.url}.",
                rule="terminology.code",
                place="code",
            )
        return {"resourceType": "Parameters", "parameter": facts(system, place, language, properties)}


async def compare(house: House, asked: Asked, named: Named, first: Code, second: Code) -> Json:
    """Return how the first code stands to the second, as Parameters. Raises NotFound, Invalid, Refused."""
    said = {one.system for one in (first, second) if one.system}
    versions = {one.version for one in (first, second) if one.version}
    if len(said) > 1 or len(versions) > 1:
        raise _two_systems()
    if not (named.id or named.url):
        named = Named(url=min(said, default=""), version=min(versions, default=named.version))
    async with looking(house, asked, "$subsumes", "CodeSystem") as world:
        system = await _system(world, named)
        if said - {system.url}:
            raise _two_systems()
        outcome = subsumes(system, first.code, second.code)
        return {"resourceType": "Parameters", "parameter": [{"name": "outcome", "valueCode": outcome}]}


async def validate_in_system(house: House, asked: Asked, request: Validate) -> Json:
    """Return whether one of the codes is of a code system, as Parameters. Raises NotFound, Invalid, Refused."""
    named = request.named
    if not (named.id or named.url or named.sent):
        named = Named(url=request.codes[0].system, version=request.codes[0].version)
    async with looking(house, asked, "$validate-code", "CodeSystem") as world:
        system = await _system(world, named)
        return best([in_system(system, one, request.rules) for one in request.codes]).parameters()


async def validate_in_set(house: House, asked: Asked, request: Validate) -> Json:
    """Return whether one of the codes is in a value set, as Parameters. Raises NotFound, Invalid, Refused."""
    async with looking(house, asked, "$validate-code", "ValueSet", "CodeSystem") as world:
        root = await world.root("ValueSet", request.named)
        composed = await world.composed(root, request.versions)
        url = ValueSet.of(root.packed).url or request.named.id
        return best([in_set(composed, url, one, request.rules) for one in request.codes]).parameters()


async def _system(world: World, named: Named) -> CodeSystem:
    if not (named.id or named.url or named.sent):
        raise BadRequest(
            "コード体系を system か url で示してください。",
            "Name the code system by system or url.",
            rule="terminology.named",
            place="system",
        )
    system = CodeSystem.of((await world.root("CodeSystem", named)).packed)
    require_codes(system)
    return system


def _two_systems() -> Invalid:
    return Invalid(
        "二つのコードの体系か版が異なります。同じ体系と版のコードを比べてください。",
        "The two codes are of different code systems or versions; compare codes of one.",
        rule="terminology.system",
        place="codingB",
    )
