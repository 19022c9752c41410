"""A terminology resource compiled: which compiler is whose, and off the event loop where it is long."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from kakehashi.fhir.parse import Resource, Tree
from kakehashi.fhir.text import normal
from kakehashi.terms import code_system, concept_map, value_set
from kakehashi.terms.packing import Fold, Packed

_COMPILERS: Mapping[str, Callable[[Tree, Fold], Packed]] = {
    "CodeSystem": code_system.compiled,
    "ConceptMap": concept_map.compiled,
    "ValueSet": value_set.compiled,
}
_LONG = 100_000  # bytes of a body, or of a frame, from which the event loop is left to others
Made = TypeVar("Made")


def has_terms(resource_type: str) -> bool:
    """Say whether resources of a type are compiled."""
    return resource_type in _COMPILERS


async def compiled(resource: Resource) -> Packed:
    """Return a CodeSystem, ConceptMap or ValueSet, compiled."""
    return await off_loop(len(resource.body), lambda: _COMPILERS[resource.type](resource.tree, normal))


async def off_loop(size: int, work: Callable[[], Made]) -> Made:
    """Return what the work makes; in a thread of its own where its `size` in bytes says that it is long."""
    return await asyncio.to_thread(work) if size > _LONG else work()
