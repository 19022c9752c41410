"""Supplements: further designations for the codes of another code system, where a value set asks for them.

Source: https://hl7.org/fhir/R4/codesystem.html#supplements
"""

from dataclasses import dataclass

from kakehashi.engines.terminology.world import World
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.columns import Detail
from kakehashi.terms.packing import split, text
from kakehashi.terms.refusals import unknown


@dataclass(frozen=True, slots=True)
class Supplements:
    """The supplements that are to be used."""

    systems: tuple[CodeSystem, ...] = ()

    @classmethod
    async def of(cls, world: World, canonicals: list[str]) -> "Supplements":
        """Return the supplements that these canonicals mean. Raises NotFound."""
        found = []
        for canonical in canonicals:
            loaded = await world.find("CodeSystem", canonical)
            if loaded is None:
                raise unknown("CodeSystem", canonical)
            found.append(CodeSystem.of(loaded.packed))
        return cls(tuple(found))

    @property
    def used(self) -> list[str]:
        """Their canonicals, with versions."""
        return [f"{one.url}|{one.version}" if one.version else one.url for one in self.systems]

    def of_code(self, system: str, code: str) -> list[Detail]:
        """Return what they say of a code."""
        said = []
        for one in self.systems:
            place = one.concepts.find(code) if split(text(one.head.get("supplements")))[0] == system else None
            if place is not None:
                said.append(one.concepts.detail(place))
        return said
