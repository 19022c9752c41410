"""Expand the value sets that required bindings name, as far as HL7's package holds their code systems."""

from collections.abc import Iterable, Iterator, Mapping

from kakehashi.fhir.compile_source import CodeSystemSource, Concept, Include, ValueSetSource
from kakehashi.fhir.definitions import ValueSet


def expand(
    urls: Iterable[str], value_sets: Mapping[str, ValueSetSource], systems: Mapping[str, CodeSystemSource]
) -> dict[str, ValueSet]:
    """Return each value set that the package has, expanded; those it lacks are left out."""
    return {url: _expanded(value_sets[url], systems) for url in sorted(set(urls)) if url in value_sets}


def _expanded(source: ValueSetSource, systems: Mapping[str, CodeSystemSource]) -> ValueSet:
    codes: dict[str, tuple[str, ...]] = {}
    unlisted: list[str] = []
    for include in source.compose.include if source.compose else ():
        found = _codes(include, systems)
        if found is None:
            unlisted.append(include.system)
        else:
            codes[include.system] = tuple(sorted({*codes.get(include.system, ()), *found}))
    return ValueSet(source.url, codes, tuple(unlisted))


def _codes(include: Include, systems: Mapping[str, CodeSystemSource]) -> Iterable[str] | None:
    """The codes that an include lists or whose whole system it takes; None where the system is not here."""
    if include.concept:
        return (concept.code for concept in include.concept)
    system = systems.get(include.system)
    return _walk(system.concept) if system and system.content == "complete" else None


def _walk(concepts: Iterable[Concept]) -> Iterator[str]:
    for concept in concepts:
        yield concept.code
        yield from _walk(concept.concept)
