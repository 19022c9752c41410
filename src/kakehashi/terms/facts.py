"""What `$lookup` tells of a code, as the `parameter` of Parameters. Pure.

Source: https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from collections.abc import Collection, Iterator

from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.columns import Detail
from kakehashi.terms.display import display_of, meets
from kakehashi.terms.packing import Json, members, text

_FAMILY = ("parent", "child")


def facts(system: CodeSystem, place: int, language: str = "", wanted: Collection[str] = ()) -> list[Json]:
    """Return name, version, display, designations and properties. `wanted`: of these properties only; none: of all."""
    detail = system.concepts.detail(place)
    found: list[Json] = [{"name": "name", "valueString": system.name}]
    if system.version:
        found.append({"name": "version", "valueString": system.version})
    shown = display_of(detail, system.language, language) or system.concepts.code(place)
    found.append({"name": "display", "valueString": shown})
    found += _designations(detail, wanted)
    found += [_property(*one) for one in _properties(system, place, detail) if not wanted or one[0] in wanted]
    return found


def _designations(detail: Detail, wanted: Collection[str]) -> Iterator[Json]:
    languages = [one.removeprefix("lang.") for one in wanted if one.startswith("lang.")]
    for one in members(detail.get("designation")):
        spoken = text(one.get("language"))
        if wanted and "designation" not in wanted and not any(meets(spoken, asked) for asked in languages):
            continue
        part: list[Json] = [{"name": "language", "valueCode": spoken}] if spoken else []
        if isinstance(one.get("use"), dict):
            part.append({"name": "use", "valueCoding": one["use"]})
        part.append({"name": "value", "valueString": text(one.get("value"))})
        yield {"name": "designation", "part": part}


def _properties(system: CodeSystem, place: int, detail: Detail) -> Iterator[tuple[str, str, object, str]]:
    """Yield code, name of the value's member, value and description of each property."""
    concepts = system.concepts
    if "definition" in detail:
        yield "definition", "valueString", detail["definition"], ""
    yield "inactive", "valueBoolean", bool(concepts.inactive[place]), ""
    if concepts.abstract[place]:
        yield "notSelectable", "valueBoolean", True, ""
    for name, relatives in (("parent", concepts.tree.parents_of), ("child", concepts.tree.children_of)):
        for one in relatives(place):
            yield name, "valueCode", concepts.code(one), text(concepts.detail(one).get("display"))
    for said in members(detail.get("property")):
        code = text(said.get("code"))
        if code not in (*_FAMILY, "inactive", "notSelectable"):
            for member, value in said.items():
                if member.startswith("value"):
                    yield code, member, value, ""


def _property(code: str, member: str, value: object, description: str) -> Json:
    part: list[Json] = [{"name": "code", "valueCode": code}, {"name": "value", member: value}]
    if description:
        part.append({"name": "description", "valueString": description})
    return {"name": "property", "part": part}
