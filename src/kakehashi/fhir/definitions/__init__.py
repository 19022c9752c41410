"""HL7's published definitions of FHIR R4 (4.0.1, CC0), as values. They come from `r4.json.zst` beside this file.

Rebuild: `python -m kakehashi.fhir.compile PATH_TO_hl7.fhir.r4.core-4.0.1.tgz`. The file is a function of that
package alone; a test rebuilds it and compares.
"""

from functools import cache
from importlib.resources import files

import msgspec
import zstandard

FILE = "r4.json.zst"


class Constraint(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invariant, as published. `expression` is FHIRPath on the element that holds it."""

    key: str
    expression: str
    human: str
    severity: str = "error"  # "error" or "warning"


class ElementType(msgspec.Struct, frozen=True, omit_defaults=True):
    """One type that an element may have. `targets`: resource types that a Reference may point at; empty: any."""

    code: str  # "string", "CodeableConcept", "Reference", "BackboneElement", "Resource", …
    targets: tuple[str, ...] = ()
    profile: str = ""  # "SimpleQuantity", where R4 says Quantity and means that


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element of a structure. The first of a structure is its root."""

    path: str  # "Observation.value[x]": dotted from the structure's name
    min: int = 0
    max: int | None = 1  # None: any number ("*")
    types: tuple[ElementType, ...] = ()  # empty for roots and where `content` says whose content it has
    content: str = ""  # path of the element whose children this one has ("Bundle.link"), else ""
    binding: str = ""  # canonical URL of the value set, without version
    strength: str = ""  # "required", "extensible", "preferred", "example" or ""
    constraints: tuple[Constraint, ...] = ()  # its own: those of its type stand at the type's root
    summary: bool = False
    modifier: bool = False
    max_length: int | None = None  # characters

    @property
    def name(self) -> str:
        """The last step of the path, without `[x]`."""
        return self.path.rpartition(".")[2].removesuffix("[x]")

    @property
    def choice(self) -> bool:
        """Whether the JSON name carries the type (`value[x]` becomes `valueQuantity`)."""
        return self.path.endswith("[x]")

    @property
    def array(self) -> bool:
        """Whether JSON writes it as an array."""
        return self.max is None or self.max > 1


class Structure(msgspec.Struct, frozen=True, omit_defaults=True):
    """A resource type or data type with all its elements, inherited ones too, in the order of the definition."""

    name: str
    kind: str  # "resource", "complex-type" or "primitive-type"
    base: str = ""  # name of the type it specialises
    abstract: bool = False
    elements: tuple[Element, ...] = ()


class Component(msgspec.Struct, frozen=True):
    """One part of a composite search parameter."""

    definition: str  # URL of the parameter that says how the part is searched
    expression: str  # FHIRPath on what the composite's expression finds


class SearchParameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search parameter, as published: one entry may stand for many resource types (`base`)."""

    url: str
    code: str  # the name used in URLs: "code-value-quantity"
    type: str  # number, date, string, token, reference, composite, quantity, uri, special
    base: tuple[str, ...]
    expression: str = ""  # FHIRPath, alternatives joined by "|", each starting with a resource type's name
    target: tuple[str, ...] = ()  # resource types that a reference may point at
    component: tuple[Component, ...] = ()
    usage: str = ""  # xpathUsage: normal, phonetic, nearby, distance, other
    multiple_or: bool = True
    multiple_and: bool = True
    comparator: tuple[str, ...] = ()
    modifier: tuple[str, ...] = ()


class Compartment(msgspec.Struct, frozen=True):
    """Which search parameters put a resource into a compartment. "{def}" in a list: the compartment's own resource."""

    code: str  # "Patient", "Encounter", "RelatedPerson", "Practitioner", "Device"
    members: dict[str, tuple[str, ...]]  # resource type -> codes of search parameters; absent: never in it


class ValueSet(msgspec.Struct, frozen=True, omit_defaults=True):
    """A required value set, expanded: code system -> codes. `open`: systems whose codes are not listed here."""

    url: str
    codes: dict[str, tuple[str, ...]]
    open: tuple[str, ...] = ()


class Definitions(msgspec.Struct, frozen=True):
    """All of R4 that Kakehashi works by."""

    version: str  # "4.0.1"
    structures: dict[str, Structure]  # by name
    value_sets: dict[str, ValueSet]  # by URL: those that a required binding names
    search_parameters: tuple[SearchParameter, ...]
    compartments: dict[str, Compartment]  # by code

    def resource_types(self) -> list[str]:
        """Return the names of the resource types that instances can have, in alphabetical order."""
        return sorted(s.name for s in self.structures.values() if s.kind == "resource" and not s.abstract)


@cache
def load() -> Definitions:
    """Return the definitions that ship with the package; read once (about 20 ms)."""
    packed = (files(__name__) / FILE).read_bytes()
    return msgspec.json.decode(zstandard.ZstdDecompressor().decompress(packed), type=Definitions)
