"""A package's bytes to a Package: definitions in their compact form. Refuses what is not a package for R4."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import orjson

from kakehashi.fhir import definitions
from kakehashi.fhir.profiles.archive import BadPackage, Member, members
from kakehashi.fhir.profiles.elements import rules_of
from kakehashi.fhir.profiles.model import (
    CodeList,
    Context,
    Filter,
    Include,
    Package,
    Profile,
    ValueSetRules,
)
from kakehashi.fhir.profiles.source import (
    CodeSystemSource,
    Concept,
    Contained,
    IncludeSource,
    PackageSource,
    StructureSource,
    ValueSetSource,
)

R4 = "4.0"
_KINDS = ("resource", "complex-type")


def read(path: Path) -> Package:
    """Return the package in a .tgz file. Raises BadPackage."""
    about: PackageSource | None = None
    found: dict[str, list[Any]] = {name: [] for name in _READERS}
    passed_over: list[str] = []
    for member in members(path):
        if member.name == "package.json":
            about = _about(member, path.name)
            continue
        kind, one = _definition(member)
        if isinstance(one, str):
            passed_over.append(f"{member.name}: {one}")
        elif kind:
            found[kind].append(one)
    if about is None:
        raise _not_a_package(path.name)
    return Package(
        about.name,
        about.version,
        about.title or about.description,
        tuple(found["StructureDefinition"]),
        tuple(found["ValueSet"]),
        tuple(found["CodeSystem"]),
        tuple(passed_over),
    )


def _definition(member: Member) -> tuple[str, object]:
    """The kind of a member and its definition, or why it is passed over; kind "" for what is no definition."""
    tree = _tree(member)
    kind = tree.get("resourceType") if isinstance(tree, dict) else None
    if not isinstance(kind, str) or kind not in _READERS:
        return "", None
    try:
        return kind, _READERS[kind](tree)
    except msgspec.ValidationError as error:
        raise _misshapen(member.name, str(error)) from None


def _tree(member: Member) -> object:
    """The decoded member. Only definitions must be readable: an example that is not is no reason to refuse."""
    try:
        return orjson.loads(member.body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        if member.name.partition("-")[0] in _READERS or member.name == "package.json":
            raise _misshapen(member.name, str(error)) from None
        return None


def _about(member: Member, file_name: str) -> PackageSource:
    try:
        about = msgspec.convert(_tree(member), PackageSource)
    except msgspec.ValidationError:
        raise _not_a_package(file_name) from None
    if about.fhirVersions and not any(one.startswith(R4) for one in about.fhirVersions):
        said = ", ".join(about.fhirVersions)
        raise BadPackage(
            f"{file_name} は FHIR {said} 用です。R4 (4.0.1) 用のパッケージを指定してください。",
            f"{file_name} is for FHIR {said}; give a package for R4 (4.0.1).",
            rule="package.fhir-version",
        )
    return about


def _profile(tree: Any) -> Profile | str:
    source = msgspec.convert(tree, StructureSource)
    if source.derivation != "constraint":
        return "not a profile (it defines a type)"
    if source.kind not in _KINDS or source.type not in definitions.load().structures:
        return f"a profile on {source.kind or '?'} {source.type or '?'}, which R4 does not have"
    if source.fhirVersion and not source.fhirVersion.startswith(R4):
        return f"for FHIR {source.fhirVersion}"
    held = "snapshot" if tree.get("snapshot") else "differential"
    elements = msgspec.convert(tree.get(held) or {}, dict[str, Any]).get("element", [])
    return Profile(
        source.url,
        source.type,
        source.version,
        source.baseDefinition,
        held == "snapshot",
        rules_of(source.type, msgspec.convert(elements, list[dict[str, Any]])),
        tuple(Context(one.type, one.expression) for one in source.context),
    )


def _value_set(tree: Any) -> ValueSetRules | str:
    source = msgspec.convert(tree, ValueSetSource)
    if source.expansion and source.expansion.contains and not source.expansion.offset:
        codes: dict[str, list[str]] = {}
        _gather(source.expansion.contains, codes)
        if source.expansion.total in (None, sum(map(len, codes.values()))):
            include = tuple(Include(system, tuple(listed)) for system, listed in codes.items())
            return ValueSetRules(source.url, source.version, include)
    if source.compose is None:
        return "a value set without content"
    return ValueSetRules(
        source.url,
        source.version,
        tuple(_include(one) for one in source.compose.include),
        tuple(_include(one) for one in source.compose.exclude),
    )


def _gather(found: tuple[Contained, ...], codes: dict[str, list[str]]) -> None:
    for one in found:
        if one.code and not one.abstract:
            codes.setdefault(one.system, []).append(one.code)
        _gather(one.contains, codes)


def _include(source: IncludeSource) -> Include:
    return Include(
        source.system,
        tuple(one.code for one in source.concept),
        tuple(Filter(one.property, one.op, one.value) for one in source.filter),
        source.valueSet,
    )


def _code_list(tree: Any) -> CodeList | str:
    source = msgspec.convert(tree, CodeSystemSource)
    numbers: dict[str, int] = {}
    parents: dict[str, list[str]] = {}
    _walk(source.concept, "", numbers, parents)
    ancestry = tuple(tuple(numbers[up] for up in parents[code] if up in numbers) for code in numbers)
    return CodeList(
        source.url,
        source.version,
        source.content == "complete",
        tuple(numbers),
        ancestry if any(ancestry) else (),
    )


def _walk(
    concepts: tuple[Concept, ...], above: str, numbers: dict[str, int], parents: dict[str, list[str]]
) -> None:
    for one in concepts:
        numbers.setdefault(one.code, len(numbers))
        known = parents.setdefault(one.code, [])
        known += [above] if above else []
        known += [said.valueCode for said in one.property if said.code == "parent" and said.valueCode]
        _walk(one.concept, one.code, numbers, parents)


def _misshapen(name: str, why: str) -> BadPackage:
    return BadPackage(
        f"パッケージの中の {name} を読めません ({why})。配布元に知らせてください。",
        f"{name} in the package cannot be read ({why}); tell its publisher.",
        rule="package.definition",
        place=name,
    )


def _not_a_package(name: str) -> BadPackage:
    return BadPackage(
        f"{name} は FHIR パッケージではありません (package/package.json に name と version が必要です)。",
        f"{name} is not a FHIR package (package/package.json with name and version is needed).",
        rule="package.form",
    )


_READERS: dict[str, Callable[[Any], object]] = {
    "StructureDefinition": _profile,
    "ValueSet": _value_set,
    "CodeSystem": _code_list,
}
