"""Profiles as Kakehashi keeps them: only what R4 itself does not already say.

Source: https://hl7.org/fhir/R4/structuredefinition.html, https://hl7.org/fhir/R4/elementdefinition.html.
"""

from typing import Any, TypeAlias

import msgspec

from kakehashi.fhir.definitions import Constraint

Json: TypeAlias = dict[str, Any] | list[Any] | str | int | float | bool | None
"""Decoded JSON."""


class TypeRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type that an element may have. `profiles`: one of them must hold; `targets`: so must one, of the target."""

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Discriminator(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tells the slices of a list apart."""

    type: str  # value, exists, pattern, type, profile
    path: str  # restricted FHIRPath from the item: "$this", "code.coding", "resolve()"


class Slicing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a list is sliced."""

    discriminator: tuple[Discriminator, ...] = ()
    rules: str = "open"  # open, closed, openAtEnd
    ordered: bool = False


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a profile says of one element. What is not given is as in the base; so is a `max` of "*"."""

    id: str  # "code.coding:local.system", without the type's name; "" for the root
    min: int | None = None
    max: int | None = None
    types: tuple[TypeRule, ...] = ()
    content: str = ""  # id of the element whose children this one has; set when compiling, R4 says which
    slicing: Slicing | None = None
    fixed: Json = None
    pattern: Json = None
    low: Json = None  # minValue[x]
    high: Json = None  # maxValue[x]
    longest: int | None = None  # characters
    binding: str = ""  # canonical URL of a value set
    strength: str = ""  # required or extensible; others are not kept
    constraints: tuple[Constraint, ...] = ()


class Context(msgspec.Struct, frozen=True):
    """Where an extension may stand."""

    type: str  # element, fhirpath, extension
    expression: str


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A StructureDefinition with derivation `constraint`."""

    url: str
    type: str  # the R4 type that it narrows
    version: str = ""
    base: str = ""
    snapshot: bool = False  # whether `rules` already hold what the base profile says
    rules: tuple[Rule, ...] = ()
    contexts: tuple[Context, ...] = ()


class Filter(msgspec.Struct, frozen=True):
    """Picks concepts of a code system by a property."""

    property: str
    op: str
    value: str


class Include(msgspec.Struct, frozen=True, omit_defaults=True):
    """Codes that a value set takes in, or leaves out: all that `system`, every filter and every value set agree on."""

    system: str = ""
    codes: tuple[str, ...] = ()  # empty: all of the system
    filters: tuple[Filter, ...] = ()
    value_sets: tuple[str, ...] = ()


class ValueSetRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ValueSet's compose, or its expansion as one Include a system."""

    url: str
    version: str = ""
    include: tuple[Include, ...] = ()
    exclude: tuple[Include, ...] = ()


class CodeList(msgspec.Struct, frozen=True, omit_defaults=True):
    """A CodeSystem. `parents` holds, for each code, the numbers of its parents in `codes`."""

    url: str
    version: str = ""
    complete: bool = False  # whether `codes` are all it has
    codes: tuple[str, ...] = ()
    parents: tuple[tuple[int, ...], ...] = ()


class Package(msgspec.Struct, frozen=True):
    """A package's definitions; a canonical URL may stand more than once, with different versions."""

    name: str
    version: str
    title: str = ""
    profiles: tuple[Profile, ...] = ()
    value_sets: tuple[ValueSetRules, ...] = ()
    code_lists: tuple[CodeList, ...] = ()
    passed_over: tuple[str, ...] = ()  # members that hold no R4 definition, each with the reason


CORE = "http://hl7.org/fhir/StructureDefinition/"
"""What canonical URLs of R4's own types begin with."""


def split(canonical: str) -> tuple[str, str]:
    """Return the URL and the version ("" where none is given) of a canonical reference."""
    url, _, version = canonical.partition("|")
    return url, version
