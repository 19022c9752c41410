"""ElementDefinitions to Rules: what they say beyond R4, and nothing else."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from kakehashi.fhir.definitions import Constraint, Element
from kakehashi.fhir.invariants import all_constraints
from kakehashi.fhir.profiles.model import CORE, Json, Rule, TypeRule
from kakehashi.fhir.profiles.source import BindingSource, ConstraintSource, ElementSource, TypeSource
from kakehashi.fhir.shapes import RESOURCE, Shape, shape

_FHIR_TYPE = CORE + "structuredefinition-fhir-type"
_SYSTEM = "http://hl7.org/fhirpath/System."
_KEPT = ("required", "extensible")  # strengths of bindings that are checked


def rules_of(type_name: str, elements: Iterable[dict[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules of a profile on a type. Raises msgspec.ValidationError."""
    ids = _Ids(type_name)
    found = []
    for tree in elements:
        source = msgspec.convert(tree, ElementSource)
        rule = _rule(ids.of(source), source, tree, type_name)
        if rule != Rule(rule.id) or ":" in rule.id.rpartition(".")[2]:
            found.append(rule)
    return tuple(found)


class _Ids:
    """Element ids, made from path and slice name where a differential does without."""

    def __init__(self, type_name: str) -> None:
        self._type = type_name
        self._last: list[str] = []

    def of(self, source: ElementSource) -> str:
        """Return the id without the type's name, choices written as `value[x]:valueQuantity`."""
        names = source.path.split(".")[1:]
        given = source.id.split(".")[1:]
        same = len(given) == len(names) and all(
            a.partition(":")[0] == b for a, b in zip(given, names, strict=True)
        )
        self._last = given if same else self._made(names, source.sliceName)
        return ".".join(_choice_steps(self._type, self._last))

    def _made(self, names: list[str], slice_name: str) -> list[str]:
        """Steps that repeat the former element's path keep its slices; the last has the slice that it names."""
        steps: list[str] = []
        for name, last in zip(names, [*self._last, *[""] * len(names)], strict=False):
            if last.partition(":")[0] != name or len(steps) == len(names) - 1:
                break
            steps.append(last)
        steps += names[len(steps) :]
        if slice_name and steps:
            steps[-1] = f"{names[-1]}:{slice_name}"
        return steps


def _choice_steps(type_name: str, steps: list[str]) -> list[str]:
    """Write `valueQuantity` as the slice of `value[x]` that it stands for."""
    known: Shape | None = shape(type_name)
    found = []
    for step in steps:
        name = step.partition(":")[0]
        member = known.members.get(name) if known else None
        choice = f"{member.element.name}[x]:{name}" if member and member.element.choice else step
        found.append(choice)
        known = _shape_below(known, choice)
    return found


def _shape_below(known: Shape | None, step: str) -> Shape | None:
    """The shape of what a step leads to; of a choice, the type that its slice names, else the only one."""
    if known is None:
        return None
    name, _, slice_name = step.partition(":")
    plain = name.removesuffix("[x]")
    members = known.choices.get(plain) or tuple(m for m in (known.members.get(plain),) if m)
    chosen = next((m for m in members if m.name == slice_name), members[0] if len(members) == 1 else None)
    if chosen is None or chosen.shape == RESOURCE:
        return None
    return shape(chosen.shape) if not chosen.primitive else shape("Element")


def base_element(type_name: str, steps: list[str]) -> Element | None:
    """Return R4's own definition of what the steps of an id lead to, None where that depends on the data."""
    known: Shape | None = shape(type_name)
    element: Element | None = known.elements[0] if known and not steps else None
    for step in steps:
        if known is None:
            return None
        plain = step.partition(":")[0].removesuffix("[x]")
        element = next((one for one in known.elements if one.name == plain), None)
        known = _shape_below(known, step)
    return element


def _rule(identity: str, source: ElementSource, tree: dict[str, Any], type_name: str) -> Rule:
    steps = identity.split(".") if identity else []
    base = base_element(type_name, steps) if steps else None
    sliced = ":" in identity.rpartition(".")[2]
    least, most = source.min or None, int(source.max) if source.max.isdigit() else None
    binding = _binding(source.binding, base)
    return Rule(
        identity,
        min=least if steps and (sliced or base is None or (least or 0) > base.min) else None,
        max=None if not steps or (base and most == base.max and (not sliced or base.max == 1)) else most,
        types=_types(source.type, base) if steps else (),
        slicing=source.slicing if steps else None,
        fixed=_valued(tree, "fixed"),
        pattern=_valued(tree, "pattern"),
        low=_valued(tree, "minValue"),
        high=_valued(tree, "maxValue"),
        longest=source.maxLength,
        binding=binding.valueSet if binding else "",
        strength=binding.strength if binding else "",
        constraints=tuple(_constraint(one) for one in source.constraint if _own(one)),
    )


def _valued(tree: dict[str, Any], prefix: str) -> Json:
    """The value of `fixed[x]` and its like, whatever the type."""
    for name, value in tree.items():
        if name.startswith(prefix) and name[len(prefix) :][:1].isupper():
            return value  # type: ignore[no-any-return]
    return None


def _types(sources: tuple[TypeSource, ...], base: Element | None) -> tuple[TypeRule, ...]:
    if any(one.code.startswith(_SYSTEM) for one in sources):
        return ()  # ids and urls: their type is nobody's to narrow
    found = _merged(sources)
    if base is None or base.content:
        return found
    plain = {one.code: frozenset(one.targets) for one in base.types}
    said = {
        one.code: frozenset(target.removeprefix(CORE) for target in one.targets) - {"Resource"}
        for one in found
    }
    if any(one.profiles for one in found) or plain.keys() - said.keys():
        return found
    return () if all(said[code] == targets for code, targets in plain.items()) else found


def _merged(sources: tuple[TypeSource, ...]) -> tuple[TypeRule, ...]:
    """One rule a type: STU3's habit of repeating a type for each target lives on."""
    found: dict[str, TypeRule] = {}
    for one in sources:
        said = next((mark.valueUrl for mark in one.extension if mark.url == _FHIR_TYPE), one.code)
        code = said.removeprefix(CORE)
        old = found.get(code, TypeRule(code))
        profiles = tuple(dict.fromkeys((*old.profiles, *(p for p in one.profile if p != CORE + code))))
        found[code] = TypeRule(code, profiles, tuple(dict.fromkeys((*old.targets, *one.targetProfile))))
    return tuple(found.values())


def _binding(source: BindingSource | None, base: Element | None) -> BindingSource | None:
    """A binding that is checked and that R4 does not require already."""
    if source is None or source.strength not in _KEPT or not source.valueSet:
        return None
    url = source.valueSet.partition("|")[0]
    if base and base.binding == url and base.strength == source.strength:
        return None
    return source


def _own(source: ConstraintSource) -> bool:
    """Whether the profile's author wrote the constraint: R4's own come along in every snapshot."""
    known = _r4_constraints().get(source.key)
    if not source.expression:
        return False
    return not known or not (
        source.source.startswith(CORE) or source.expression in known or not source.source
    )


_r4_constraints = cache(all_constraints)


def _constraint(source: ConstraintSource) -> Constraint:
    return Constraint(source.key, source.expression, source.human, source.severity)
