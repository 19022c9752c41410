"""The shapes in which HL7's package writes what the compiler keeps; every other member is passed over."""

import tarfile
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from kakehashi.core.errors import BadRequest


class Marked(msgspec.Struct, frozen=True):
    """An extension with the values that the compiler asks for."""

    url: str
    valueUrl: str = ""  # noqa: N815 (HL7's name)


class TypeRef(msgspec.Struct, frozen=True):
    """ElementDefinition.type."""

    code: str
    targetProfile: tuple[str, ...] = ()  # noqa: N815
    profile: tuple[str, ...] = ()
    extension: tuple[Marked, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """ElementDefinition.constraint."""

    key: str
    severity: str
    human: str
    expression: str = ""


class Bound(msgspec.Struct, frozen=True):
    """ElementDefinition.binding."""

    strength: str
    valueSet: str = ""  # noqa: N815


class Based(msgspec.Struct, frozen=True):
    """ElementDefinition.base."""

    path: str


class ElementSource(msgspec.Struct, frozen=True):
    """ElementDefinition."""

    path: str
    min: int
    max: str
    base: Based
    type: tuple[TypeRef, ...] = ()
    contentReference: str = ""  # noqa: N815
    binding: Bound | None = None
    constraint: tuple[Rule, ...] = ()
    isSummary: bool = False  # noqa: N815
    isModifier: bool = False  # noqa: N815
    maxLength: int | None = None  # noqa: N815


class Snapshot(msgspec.Struct, frozen=True):
    """StructureDefinition.snapshot."""

    element: tuple[ElementSource, ...]


class StructureSource(msgspec.Struct, frozen=True):
    """StructureDefinition."""

    url: str
    name: str
    type: str
    kind: str
    snapshot: Snapshot = Snapshot(())
    abstract: bool = False
    derivation: str = ""
    baseDefinition: str = ""  # noqa: N815


class Concept(msgspec.Struct, frozen=True):
    """CodeSystem.concept and ValueSet.compose.include.concept."""

    code: str
    concept: tuple["Concept", ...] = ()


class CodeSystemSource(msgspec.Struct, frozen=True):
    """CodeSystem."""

    url: str
    content: str
    concept: tuple[Concept, ...] = ()


class Include(msgspec.Struct, frozen=True):
    """ValueSet.compose.include."""

    system: str = ""
    concept: tuple[Concept, ...] = ()


class Compose(msgspec.Struct, frozen=True):
    """ValueSet.compose."""

    include: tuple[Include, ...]


class ValueSetSource(msgspec.Struct, frozen=True):
    """ValueSet."""

    url: str
    compose: Compose | None = None


class PartSource(msgspec.Struct, frozen=True):
    """SearchParameter.component."""

    definition: str
    expression: str


class SearchParameterSource(msgspec.Struct, frozen=True):
    """SearchParameter."""

    url: str
    code: str
    type: str
    base: tuple[str, ...] = ()
    expression: str = ""
    target: tuple[str, ...] = ()
    component: tuple[PartSource, ...] = ()
    xpathUsage: str = ""  # noqa: N815
    multipleOr: bool = True  # noqa: N815
    multipleAnd: bool = True  # noqa: N815
    comparator: tuple[str, ...] = ()
    modifier: tuple[str, ...] = ()


class MemberSource(msgspec.Struct, frozen=True):
    """CompartmentDefinition.resource."""

    code: str
    param: tuple[str, ...] = ()


class CompartmentSource(msgspec.Struct, frozen=True):
    """CompartmentDefinition."""

    url: str
    code: str
    resource: tuple[MemberSource, ...] = ()


Source = TypeVar(
    "Source", StructureSource, CodeSystemSource, ValueSetSource, SearchParameterSource, CompartmentSource
)
Kind = Literal["StructureDefinition", "CodeSystem", "ValueSet", "SearchParameter", "CompartmentDefinition"]


class Package:
    """The members of a FHIR package, read once."""

    def __init__(self, path: Path) -> None:
        self._members: dict[str, bytes] = {}
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and (file := archive.extractfile(member)):
                    self._members[member.name] = file.read()
        if "package/package.json" not in self._members:
            raise BadRequest(
                f"{path.name} は FHIR パッケージではありません。",
                f"{path.name} is not a FHIR package.",
                place=path.name,
            )

    def version(self) -> str:
        """Return the package's version, e.g. "4.0.1"."""
        return str(msgspec.json.decode(self._members["package/package.json"])["version"])

    def read(self, kind: Kind, shape: type[Source]) -> dict[str, Source]:
        """Return the resources of one type by canonical URL, in the order of their URLs."""
        decoder = msgspec.json.Decoder(shape)
        names = [name for name in self._members if name.startswith(f"package/{kind}-")]
        return {
            one.url: one
            for one in sorted((decoder.decode(self._members[n]) for n in names), key=lambda x: x.url)
        }
