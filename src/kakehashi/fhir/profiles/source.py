"""The shapes in which packages write what is kept of them; every other member is passed over."""

import msgspec

from kakehashi.fhir.profiles.model import Slicing


class Mark(msgspec.Struct, frozen=True):
    """An extension on a type."""

    url: str
    valueUrl: str = ""  # noqa: N815 (HL7's name)


class TypeSource(msgspec.Struct, frozen=True):
    """ElementDefinition.type."""

    code: str = ""
    profile: tuple[str, ...] = ()
    targetProfile: tuple[str, ...] = ()  # noqa: N815
    extension: tuple[Mark, ...] = ()


class ConstraintSource(msgspec.Struct, frozen=True):
    """ElementDefinition.constraint."""

    key: str
    human: str = ""
    severity: str = "error"
    expression: str = ""
    source: str = ""


class BindingSource(msgspec.Struct, frozen=True):
    """ElementDefinition.binding."""

    strength: str = ""
    valueSet: str = ""  # noqa: N815


class ElementSource(msgspec.Struct, frozen=True):
    """ElementDefinition, but for the members whose name carries a type (fixed[x], pattern[x], …)."""

    path: str
    id: str = ""
    sliceName: str = ""  # noqa: N815
    slicing: Slicing | None = None
    min: int | None = None
    max: str = ""
    type: tuple[TypeSource, ...] = ()
    binding: BindingSource | None = None
    constraint: tuple[ConstraintSource, ...] = ()
    maxLength: int | None = None  # noqa: N815


class ContextSource(msgspec.Struct, frozen=True):
    """StructureDefinition.context."""

    type: str
    expression: str


class StructureSource(msgspec.Struct, frozen=True):
    """StructureDefinition, but for its elements."""

    url: str
    type: str = ""
    kind: str = ""
    version: str = ""
    derivation: str = ""
    baseDefinition: str = ""  # noqa: N815
    fhirVersion: str = ""  # noqa: N815
    context: tuple[ContextSource, ...] = ()


class ConceptProperty(msgspec.Struct, frozen=True):
    """CodeSystem.concept.property; only `parent` is asked for."""

    code: str
    valueCode: str = ""  # noqa: N815


class Concept(msgspec.Struct, frozen=True):
    """CodeSystem.concept and ValueSet.compose.include.concept."""

    code: str
    concept: tuple["Concept", ...] = ()
    property: tuple[ConceptProperty, ...] = ()


class CodeSystemSource(msgspec.Struct, frozen=True):
    """CodeSystem."""

    url: str
    version: str = ""
    content: str = ""
    concept: tuple[Concept, ...] = ()


class FilterSource(msgspec.Struct, frozen=True):
    """ValueSet.compose.include.filter."""

    property: str
    op: str
    value: str


class IncludeSource(msgspec.Struct, frozen=True):
    """ValueSet.compose.include and .exclude."""

    system: str = ""
    concept: tuple[Concept, ...] = ()
    filter: tuple[FilterSource, ...] = ()
    valueSet: tuple[str, ...] = ()  # noqa: N815


class ComposeSource(msgspec.Struct, frozen=True):
    """ValueSet.compose."""

    include: tuple[IncludeSource, ...] = ()
    exclude: tuple[IncludeSource, ...] = ()


class Contained(msgspec.Struct, frozen=True):
    """ValueSet.expansion.contains."""

    system: str = ""
    code: str = ""
    abstract: bool = False
    contains: tuple["Contained", ...] = ()


class ExpansionSource(msgspec.Struct, frozen=True):
    """ValueSet.expansion."""

    total: int | None = None
    offset: int | None = None
    contains: tuple[Contained, ...] = ()


class ValueSetSource(msgspec.Struct, frozen=True):
    """ValueSet."""

    url: str
    version: str = ""
    compose: ComposeSource | None = None
    expansion: ExpansionSource | None = None


class PackageSource(msgspec.Struct, frozen=True):
    """package.json."""

    name: str
    version: str
    description: str = ""
    title: str = ""
    fhirVersions: tuple[str, ...] = ()  # noqa: N815
