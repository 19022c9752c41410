"""Conditions that terminology must answer before a search can run: which there are, and codes in their stead. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from kakehashi.fhir.indexing.parameters import Parameter
from kakehashi.search.plan import And, AnyCode, Chain, Condition, Not, Or, Reverse, Terms


def terms_in(where: Condition) -> Iterator[Terms]:
    """Yield the conditions that ask terminology."""
    match where:
        case Terms():
            yield where
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms_in(part)
        case Not(part):
            yield from terms_in(part)
        case Chain(_, _, further) | Reverse(_, _, further):
            yield from terms_in(further)


def with_codes(where: Condition, found: Mapping[Terms, Mapping[str, frozenset[str]]]) -> Condition:
    """Return the condition with codes, by system, for each that asked terminology."""
    match where:
        case Terms():
            return Or(tuple(_codes(where.parameter, *one) for one in found[where].items() if one[1]))
        case And(parts):
            return And(tuple(with_codes(part, found) for part in parts))
        case Or(parts):
            return Or(tuple(with_codes(part, found) for part in parts))
        case Not(part):
            return Not(with_codes(part, found))
        case Chain() | Reverse():
            return replace(where, where=with_codes(where.where, found))
    return where


def _codes(one: Parameter, system: str, codes: frozenset[str]) -> Condition:
    """Codes of a system; a plain code is of the systems of its value set, without saying so."""
    asked = AnyCode(one, system, codes)
    return Or((asked, AnyCode(one, "", codes))) if system in one.systems else asked
