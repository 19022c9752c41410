"""Definitions turned towards JSON: for each kind of object, the members it may have.

A shape is named by a type ("Quantity", "Patient") or by the path of an element with content of its own
("Patient.contact"). Shapes are made when first asked for.
"""

from dataclasses import dataclass, field
from functools import cache

from kakehashi.fhir import definitions, primitives
from kakehashi.fhir.definitions import Constraint, Element, ElementType

_OWN_CONTENT = frozenset({"BackboneElement", "Element"})  # types of elements that bring their own children
RESOURCE = "Resource"
"""The shape name of a member that holds any resource (contained, Bundle.entry.resource)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One JSON member of an object."""

    name: str  # as JSON writes it: "valueQuantity"
    element: Element
    shape: str  # a primitive's name, a shape's name, or RESOURCE
    type: ElementType
    primitive: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """What one kind of JSON object may hold."""

    name: str
    members: dict[str, Member]  # by JSON name
    elements: tuple[Element, ...]  # its direct children
    constraints: tuple[Constraint, ...] = ()
    resource: bool = False
    choices: dict[str, tuple[Member, ...]] = field(default_factory=dict)  # "value" -> its JSON members

    def named(self, element: Element) -> tuple[Member, ...]:
        """Return the JSON members that write an element: one, or one for each type of a choice."""
        return self.choices[element.name] if element.choice else (self.members[element.name],)


@cache
def shape(name: str) -> Shape:
    """Return the shape of a type or of an element path. Raises KeyError for a name R4 does not have."""
    root, _, rest = name.partition(".")
    structure = definitions.load().structures[root]
    children, own = _children(structure.elements, name)
    members = [member for element in children for member in _members(element)]
    constraints = own.constraints
    if rest:
        constraints += definitions.load().structures[own.types[0].code].elements[0].constraints
    return Shape(
        name,
        {member.name: member for member in members},
        children,
        constraints,
        not rest and structure.kind == "resource",
        {e.name: tuple(m for m in members if m.element is e) for e in children if e.choice},
    )


def _children(elements: tuple[Element, ...], name: str) -> tuple[tuple[Element, ...], Element]:
    """The direct children of the element called `name`, and the element. Roots of profiles keep their base's name."""
    path = elements[0].path if "." not in name else name
    depth = path.count(".") + 1
    own = next(one for one in elements if one.path == path)
    return tuple(
        one for one in elements if one.path.startswith(path + ".") and one.path.count(".") == depth
    ), own


def _members(element: Element) -> list[Member]:
    if element.max == 0:
        return []
    if element.content:
        return [Member(element.name, element, element.content, ElementType("BackboneElement"), False)]
    return [
        Member(
            element.name + (kind.code[0].upper() + kind.code[1:] if element.choice else ""),
            element,
            _shape_name(element, kind),
            kind,
            kind.code in primitives.NAMES,
        )
        for kind in element.types
    ]


def _shape_name(element: Element, kind: ElementType) -> str:
    if kind.code in _OWN_CONTENT:
        return element.path
    return kind.profile or kind.code


def is_type(name: str, wanted: str) -> bool:
    """Say whether a type is, or specialises, another: `Age` is a Quantity, `Patient` a DomainResource."""
    structures = definitions.load().structures
    while name != wanted and (known := structures.get(name)):
        name = known.base
    return name == wanted
