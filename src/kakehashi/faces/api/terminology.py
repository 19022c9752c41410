"""$expand, $lookup, $validate-code, $subsumes and $translate, by GET and POST, of a type and of an instance.

Source: https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from kakehashi.core.errors import BadRequest
from kakehashi.engines.terminology import asking, expanding, translating
from kakehashi.engines.terminology.world import Named
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.given import Given, bad, given
from kakehashi.fhir.parse import Tree
from kakehashi.terms.compose import Versions
from kakehashi.terms.expansion import Wanted
from kakehashi.terms.refusals import unsupported
from kakehashi.terms.validity import Code

# Operation -> resource types that have it, as R4 defines them.
OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "expand": ("ValueSet",),
    "lookup": ("CodeSystem",),
    "validate-code": ("CodeSystem", "ValueSet"),
    "subsumes": ("CodeSystem",),
    "translate": ("ConceptMap",),
}
_NOT_DONE: Final = (
    "context",
    "contextDirection",
    "date",
)  # R4 knows them; what they ask for is not done here
_VERSIONS: Final = ("system-version", "check-system-version", "force-system-version")
_ECHO: Final[Mapping[str, str]] = {  # parameters that an expansion repeats, and as what
    "filter": "valueString",
    "offset": "valueInteger",
    "count": "valueInteger",
    "includeDesignations": "valueBoolean",
    "designation": "valueString",
    "includeDefinition": "valueBoolean",
    "activeOnly": "valueBoolean",
    "excludeNested": "valueBoolean",
    "excludeNotForUI": "valueBoolean",
    "excludePostCoordinated": "valueBoolean",
    "displayLanguage": "valueCode",
    "exclude-system": "valueUri",
    **dict.fromkeys(_VERSIONS, "valueUri"),
}
_EXPAND: Final = frozenset({*_ECHO, *_NOT_DONE, "url", "valueSet", "valueSetVersion"})
_CODED: Final = frozenset({"code", "version", "coding", "date"})
_LOOKUP: Final = _CODED | {"system", "displayLanguage", "property"}
_IN_SYSTEM: Final = _CODED | {
    "url",
    "codeSystem",
    "display",
    "codeableConcept",
    "abstract",
    "displayLanguage",
}
_IN_SET: Final = frozenset(
    {"url", "valueSet", "valueSetVersion", "code", "system", "systemVersion", "display", "coding", "codeableConcept",
     "abstract", "displayLanguage", *_NOT_DONE, *_VERSIONS}
)  # fmt: skip
_SUBSUMES: Final = frozenset({"codeA", "codeB", "system", "version", "codingA", "codingB"})
_TRANSLATE: Final = frozenset(
    {"url", "conceptMap", "conceptMapVersion", "code", "system", "version", "source", "coding", "codeableConcept",
     "target", "targetsystem", "dependency", "reverse"}
)  # fmt: skip


async def expand(call: Call) -> Answer:
    """[base]/ValueSet/$expand, [base]/ValueSet/[id]/$expand."""
    asked = await _asked(call, _EXPAND, "valueSet", "ValueSet")
    wanted = Wanted(
        text=asked.text("filter"),
        active=asked.flag("activeOnly"),
        selectable=asked.flag("excludeNotForUI"),
        nested=not asked.flag("excludeNested", default=True),
        designations=asked.flag("includeDesignations"),
        tokens=asked.texts("designation"),
        language=asked.text("displayLanguage"),
        offset=asked.number("offset") or 0,
        count=asked.number("count"),
    )
    request = expanding.Expand(
        _named(call, asked, "ValueSet"),
        wanted,
        _versions(asked),
        asked.flag("includeDefinition"),
        _echo(asked),
    )
    return _answer(await expanding.expand(call.house, call.asked, request))


async def lookup(call: Call) -> Answer:
    """[base]/CodeSystem/$lookup."""
    asked = await _asked(call, _LOOKUP)
    code = _one_code(asked, "version")
    return _answer(
        await asking.lookup(
            call.house,
            call.asked,
            code,
            language=asked.text("displayLanguage"),
            properties=asked.texts("property"),
        )
    )


async def validate_code(call: Call) -> Answer:
    """[base]/CodeSystem/$validate-code, [base]/ValueSet/$validate-code, and of an instance."""
    kind = call.names["type"]
    in_set = kind == "ValueSet"
    asked = await _asked(call, _IN_SET if in_set else _IN_SYSTEM, _sent_as(kind), kind)
    request = asking.Validate(
        _named(call, asked, kind),
        _codes(asked, "systemVersion" if in_set else "version"),
        asked.flag("abstract", default=True),
        asked.text("displayLanguage"),
        _versions(asked),
    )
    engine = asking.validate_in_set if in_set else asking.validate_in_system
    return _answer(await engine(call.house, call.asked, request))


async def subsumes(call: Call) -> Answer:
    """[base]/CodeSystem/$subsumes, [base]/CodeSystem/[id]/$subsumes."""
    asked = await _asked(call, _SUBSUMES)
    first, second = (_side(asked, side) for side in "AB")
    named = Named(call.names.get("id", ""), asked.text("system"), asked.text("version"))
    return _answer(await asking.compare(call.house, call.asked, named, first, second))


async def translate(call: Call) -> Answer:
    """[base]/ConceptMap/$translate, [base]/ConceptMap/[id]/$translate."""
    asked = await _asked(call, _TRANSLATE, "conceptMap", "ConceptMap")
    codes = _codes(asked, "version")
    if not all(one.system for one in codes):
        raise bad("system", "http://jpfhir.jp/fhir/…")
    request = translating.Translate(
        _named(call, asked, "ConceptMap"),
        codes,
        asked.text("source"),
        asked.text("target"),
        asked.text("targetsystem"),
        asked.flag("reverse"),
        dict(map(_dependency, asked.parts("dependency"))),
    )
    return _answer(await translating.translate(call.house, call.asked, request))


def _answer(tree: Tree) -> Answer:
    return Answer(200, orjson.dumps(tree))


async def _asked(call: Call, known: frozenset[str], whole: str = "", whole_type: str = "") -> Given:
    asked = await given(call, known, whole=whole, whole_type=whole_type)
    for name in _NOT_DONE:
        if asked.texts(name):
            raise unsupported(
                name,
                "このパラメータには対応していません。外してください。",
                "this is not done here; leave it out.",
            )
    return asked


def _sent_as(kind: str) -> str:
    """The parameter in which a resource is sent: `valueSet`."""
    return kind[:1].lower() + kind[1:]


def _named(call: Call, asked: Given, kind: str) -> Named:
    sent = asked.resource(_sent_as(kind), kind)
    version = asked.text("version") if kind == "CodeSystem" else asked.text(f"{_sent_as(kind)}Version")
    return Named(call.names.get("id", ""), asked.text("url"), version, sent)


def _versions(asked: Given) -> Versions:
    default, check, force = ({**_pairs(asked, name)} for name in _VERSIONS)
    return Versions(
        default, check, force, frozenset(one.partition("|")[0] for one in asked.texts("exclude-system"))
    )


def _pairs(asked: Given, name: str) -> dict[str, str]:
    found = {}
    for one in asked.texts(name):
        system, sign, version = one.partition("|")
        if not (system and sign and version):
            raise bad(name, "http://loinc.org|2.77")
        found[system] = version
    return found


def _echo(asked: Given) -> tuple[Tree, ...]:
    return tuple(
        {"name": name, member: value}
        for name, member in _ECHO.items()
        for value in _typed(asked, name, member)
    )


def _typed(asked: Given, name: str, member: str) -> Sequence[str | int | bool]:
    """What was given for a parameter; of a number and a flag the one that counts."""
    match member:
        case "valueInteger":
            number = asked.number(name)
            return [] if number is None else [number]
        case "valueBoolean":
            return [asked.flag(name)] if asked.text(name) else []
        case _:
            return [one for one in asked.texts(name) if one]


def _one_code(asked: Given, version: str) -> Code:
    codes = _codes(asked, version)
    if len(codes) != 1 or not codes[0].system:
        raise bad("system", "system=http://loinc.org&code=718-7")
    return codes[0]


def _codes(asked: Given, version: str) -> tuple[Code, ...]:
    """Return the codes that are asked about: `code`, `coding`, or those of a `codeableConcept`; of one way only."""
    found = [[_coding(one)] for one in asked.objects("coding", "valueCoding")]
    for concept in asked.objects("codeableConcept", "valueCodeableConcept"):
        listed = concept.get("coding")
        found.append(
            [_coding(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        )
    if plain := asked.text("code"):
        found.append([Code(plain, asked.text("system"), asked.text(version), asked.text("display"))])
    if len(found) != 1 or not found[0] or not all(one.code for one in found[0]):
        raise BadRequest(
            "code (と system)、coding、codeableConcept のどれか一つでコードを示してください。",
            "Give the code in one way: code with system, coding, or codeableConcept.",
            rule="operation.parameter",
            place="code",
        )
    return tuple(found[0])


def _coding(said: Mapping[str, Any]) -> Code:
    code, system, version, display = (said.get(name) for name in ("code", "system", "version", "display"))
    return Code(*(one if isinstance(one, str) else "" for one in (code, system, version, display)))


def _side(asked: Given, side: str) -> Code:
    codings = asked.objects(f"coding{side}", "valueCoding")
    plain = asked.text(f"code{side}")
    if len(codings) + bool(plain) != 1:
        raise bad(f"code{side}", "system=http://…&codeA=…&codeB=…")
    code = _coding(codings[0]) if codings else Code(plain, asked.text("system"))
    if not code.code:
        raise bad(f"coding{side}", "{system, code}")
    return code


def _dependency(part: Given) -> tuple[str, str]:
    concept = part.objects("concept", "valueCodeableConcept")
    listed = concept[0].get("coding") if concept else None
    coding = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    return part.text("element"), str(coding.get("code", ""))
