"""Make `definitions/r4.json.zst` out of HL7's package: `python -m kakehashi.fhir.compile PACKAGE.tgz`.

Source: hl7.fhir.r4.core 4.0.1 (HL7, CC0-1.0), https://hl7.org/fhir/R4. What is kept is facts: names,
cardinalities, types, codes, expressions. Texts, mappings and examples are left out.
"""

import sys
from pathlib import Path

import msgspec
import zstandard

from kakehashi.fhir import definitions
from kakehashi.fhir.compile_source import (
    CodeSystemSource,
    CompartmentSource,
    ElementSource,
    Package,
    Rule,
    SearchParameterSource,
    StructureSource,
    TypeRef,
    ValueSetSource,
)
from kakehashi.fhir.compile_valuesets import expand
from kakehashi.fhir.definitions import (
    Compartment,
    Component,
    Constraint,
    Definitions,
    Element,
    ElementType,
    SearchParameter,
    Structure,
)

CANONICAL = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = CANONICAL + "structuredefinition-fhir-type"
QUANTITIES = ("SimpleQuantity",)  # profiles that R4 itself uses as types of elements
EXAMPLES = (
    "example"  # SearchParameters, CompartmentDefinitions with it in their URL are samples, not part of R4
)


def compiled(package: Package) -> Definitions:
    """Return what Kakehashi keeps of the package."""
    sources = {
        source.name: source
        for source in package.read("StructureDefinition", StructureSource).values()
        if source.kind != "logical" and (source.derivation != "constraint" or source.name in QUANTITIES)
    }
    roots = {
        name: {rule.key for rule in source.snapshot.element[0].constraint} for name, source in sources.items()
    }
    structures = {name: _structure(source, roots) for name, source in sorted(sources.items())}
    required = [e.binding for s in structures.values() for e in s.elements if e.strength == "required"]
    return Definitions(
        version=package.version(),
        structures=structures,
        value_sets=expand(
            required, package.read("ValueSet", ValueSetSource), package.read("CodeSystem", CodeSystemSource)
        ),
        search_parameters=tuple(_parameters(package)),
        compartments=_compartments(package),
    )


def packed(found: Definitions) -> bytes:
    """Return the bytes of the file that ships: JSON under zstandard, the same for the same package."""
    return zstandard.ZstdCompressor(level=19).compress(msgspec.json.encode(found, order="deterministic"))


def _structure(source: StructureSource, roots: dict[str, set[str]]) -> Structure:
    elements = tuple(_element(one, roots) for one in source.snapshot.element)
    return Structure(
        source.name, source.kind, source.baseDefinition.removeprefix(CANONICAL), source.abstract, elements
    )


def _element(source: ElementSource, roots: dict[str, set[str]]) -> Element:
    types = tuple(_type(source.base.path, one) for one in source.type)
    inherited = {key for one in types for key in roots.get(one.code, ())} if "." in source.path else set()
    return Element(
        path=source.path,
        min=source.min,
        max=None if source.max == "*" else int(source.max),
        types=types,
        content=source.contentReference.removeprefix("#"),
        binding=source.binding.valueSet.partition("|")[0] if source.binding else "",
        strength=source.binding.strength if source.binding else "",
        constraints=tuple(_constraint(rule) for rule in source.constraint if rule.key not in inherited),
        summary=source.isSummary,
        modifier=source.isModifier,
        max_length=source.maxLength,
    )


def _type(base: str, source: TypeRef) -> ElementType:
    """A type with its plain name. HL7's erratum: the package calls Resource.id a string; R4's pages say id."""
    said = next((mark.valueUrl for mark in source.extension if mark.url == FHIR_TYPE), source.code)
    targets = (
        tuple(url.removeprefix(CANONICAL) for url in source.targetProfile)
        if source.code == "Reference"
        else ()
    )
    profile = next((url.removeprefix(CANONICAL) for url in source.profile), "")
    return ElementType(
        "id" if base == "Resource.id" else said,
        () if "Resource" in targets else targets,
        profile if profile in QUANTITIES else "",
    )


def _constraint(rule: Rule) -> Constraint:
    return Constraint(rule.key, rule.expression, rule.human, rule.severity)


def _parameters(package: Package) -> list[SearchParameter]:
    return [
        SearchParameter(
            url=one.url,
            code=one.code,
            type=one.type,
            base=one.base,
            expression=one.expression,
            target=one.target,
            component=tuple(Component(part.definition, part.expression) for part in one.component),
            usage=one.xpathUsage,
            multiple_or=one.multipleOr,
            multiple_and=one.multipleAnd,
            comparator=one.comparator,
            modifier=one.modifier,
        )
        for one in package.read("SearchParameter", SearchParameterSource).values()
        if one.base and EXAMPLES not in one.url
    ]


def _compartments(package: Package) -> dict[str, Compartment]:
    return {
        one.code: Compartment(one.code, {m.code: m.param for m in one.resource if m.param})
        for one in package.read("CompartmentDefinition", CompartmentSource).values()
        if EXAMPLES not in one.url
    }


def main(arguments: list[str]) -> int:
    """Write the file beside `definitions/__init__.py`; one argument, the path of the package."""
    if len(arguments) != 1:
        sys.stderr.write("python -m kakehashi.fhir.compile PATH_TO_hl7.fhir.r4.core-4.0.1.tgz\n")
        return 2
    body = packed(compiled(Package(Path(arguments[0]))))
    target = Path(definitions.__file__).with_name(definitions.FILE)
    target.write_bytes(body)
    sys.stdout.write(f"{target}: {len(body)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
