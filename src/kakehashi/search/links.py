"""Conditions on what a resource refers to (chains) and on what refers to it (`_has`), and what they may cost.

Source: https://hl7.org/fhir/R4/search.html#chaining, #has
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kakehashi.fhir.definitions import load
from kakehashi.fhir.indexing.parameters import Parameter, parameter, parameters
from kakehashi.search.plan import Chain, Condition, Or, Reverse
from kakehashi.search.refusals import bad_modifier, bad_value, too_costly, unknown

VALUES = 500  # values a request, over all its parameters
DEPTH = 12  # links of a chain, `_has` among them
SUBSEARCHES = 24  # chains and `_has` a request, each alternative type of a chain counted

Where = Callable[[str], Condition]  # the condition on resources of a type


@dataclass(slots=True)
class Cost:
    """What holds for the whole request, and what it has cost so far."""

    now: float
    base_url: str
    values: int = 0
    subsearches: int = 0
    ignored: list[str] = field(default_factory=list)

    def asks(self, name: str, values: int) -> None:
        """Count values. Raises TooCostly."""
        self.values += values
        if self.values > VALUES:
            raise too_costly(name, f"値は合わせて {VALUES} 個までです。", f"at most {VALUES} values in all.")

    def looks_further(self, name: str) -> None:
        """Count a search within the search. Raises TooCostly."""
        self.subsearches += 1
        if self.subsearches > SUBSEARCHES:
            raise too_costly(
                name,
                f"連鎖と _has は合わせて {SUBSEARCHES} 個までです。型を subject:Patient.name のように書いてください。",
                f"at most {SUBSEARCHES} chains and _has in all; say the type, as in subject:Patient.name.",
            )


def chain(
    cost: Cost, found: Parameter, modifier: str, codes: Iterable[str], depth: int, where: Where
) -> list[Condition]:
    """Return the ways to `where` by a reference: one for each type that it may lead to.

    `codes`: parameters that the type must have (`_has` says nothing of it). Raises BadSearchValue, TooCostly.
    """
    _deeper(found.code, depth)
    wanted = [code for code in codes if not code.startswith("_has")]
    if found.kind != "reference":
        raise bad_value(found.code, found.kind)
    if modifier and modifier not in load().resource_types():
        raise bad_modifier(found.code, modifier, ("[type]",))
    if not modifier and not found.targets and wanted:
        raise bad_value(found.code, "reference", example=f"{found.code}:Patient.{wanted[0]}=…")
    types = [modifier] if modifier else [t for t in found.targets if all(known(t, code) for code in wanted)]
    if not types:
        nobody = [code for code in wanted if not any(known(t, code) for t in found.targets)]
        raise unknown("/".join(found.targets), [*nobody, *wanted, "_has"][0], ())
    parts: list[Condition] = []
    for target in types:
        further = where(target)
        for member in found.members():
            cost.looks_further(found.code)
            parts.append(Chain(member, target, further))
    return parts


def back(cost: Cost, source: str, code: str, depth: int, where: Where) -> Condition:
    """Return what resources of type `source` say that refer here by a parameter. Raises BadSearchValue, TooCostly."""
    _deeper("_has", depth)
    found = parameter(source, code)
    if found is None or found.kind != "reference":
        raise unknown(
            source, code, tuple(p.code for p in parameters(source).values() if p.kind == "reference")
        )
    further = where(source)
    for _ in found.members():
        cost.looks_further("_has")
    return any_of([Reverse(source, member, further) for member in found.members()])


def any_of(parts: list[Condition]) -> Condition:
    """Return the one part, or that some part holds."""
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


EVERYWHERE = frozenset({"_filter", "_text", "_content", "_list"})
"""What every type can be asked that is no parameter of the index."""


def known(resource_type: str, code: str) -> bool:
    """Say whether resources of a type can be asked so."""
    return code in EVERYWHERE or parameter(resource_type, code) is not None


def _deeper(name: str, depth: int) -> None:
    if depth >= DEPTH:
        raise too_costly(name, f"連鎖は {DEPTH} 段までです。", f"chains have at most {DEPTH} links.")
