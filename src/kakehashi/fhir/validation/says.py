"""The problems that validation finds, in words. Each says what is wrong and how to mend it, in both languages."""

from difflib import get_close_matches

from kakehashi.core.errors import Problem
from kakehashi.fhir.definitions import Constraint
from kakehashi.fhir.shapes import Member, Shape
from kakehashi.fhir.validation.sayings import SAYINGS

SHOWN = 64  # characters of what the sender wrote that a message repeats

_CARDINALITY = "https://hl7.org/fhir/R4/conformance-rules.html#cardinality"
_R4 = "https://hl7.org/fhir/R4/"


def unknown(place: str, key: str, known: Shape) -> Problem:
    """A member that the object does not have."""
    plain = key.removeprefix("_")[:SHOWN]
    if choice := known.choices.get(plain):
        hint = ", ".join(member.name for member in choice[:4])
    else:
        hint = ", ".join(get_close_matches(plain, [*known.members, *known.choices], 1))
    ja = f" {hint} ではありませんか。" if hint else " 独自の項目は extension に入れてください。"
    en = f" Did you mean {hint}?" if hint else " Put what is your own into extension."
    shown = key[:SHOWN]
    return Problem(
        "fhir.unknown-element",
        f"{place}.{shown}",
        f"{known.name} に {shown} という要素はありません。{ja}".strip(),
        f"{known.name} has no element {shown}.{en}",
        "structure",
        source=f"{_R4}json.html",
    )


def missing(place: str, names: list[str]) -> Problem:
    """A required element that is not there."""
    name = " / ".join(names[:6])
    at = f"{place}.{names[0]}"
    return Problem(
        "fhir.cardinality",
        at,
        f"必須の要素 {name} がありません。追加してください。",
        f"The required element {name} is missing; add it.",
        "required",
        source=_CARDINALITY,
    )


def several(place: str, names: list[str]) -> Problem:
    """More than one type of one choice."""
    listed = ", ".join(names)
    return Problem(
        "fhir.choice",
        f"{place}.{names[1]}",
        f"{listed} のうち 1 つだけを入れてください。",
        f"Give only one of {listed}.",
        "structure",
        source=f"{_R4}formats.html#choice",
    )


def array_wanted(place: str) -> Problem:
    """An element that may repeat, written without brackets."""
    return Problem(
        "fhir.array",
        place,
        "繰り返せる要素なので、1 つでも配列 [ ] で書いてください。",
        "This element may repeat: write it as an array [ ], even for one.",
        "structure",
        source=f"{_R4}json.html",
    )


def single_wanted(place: str) -> Problem:
    """An element that may not repeat, written as an array."""
    return Problem(
        "fhir.array",
        place,
        "1 つだけの要素なので、配列にしないでください。",
        "This element does not repeat: write it without an array.",
        "structure",
        source=f"{_R4}json.html",
    )


def empty(place: str) -> Problem:
    """An empty object, array or text, or a null where none may be."""
    return Problem(
        "fhir.empty",
        place,
        '空の値 ({}、[]、""、null) は書けません。要素ごと取り除いてください。',
        'Empty values ({}, [], "", null) may not stand here; leave the element out.',
        "structure",
        source=f"{_R4}json.html",
    )


def object_wanted(place: str, member: Member) -> Problem:
    """A text or number where an object should be."""
    return Problem(
        "fhir.type",
        place,
        f"{member.type.code} 型の JSON オブジェクト {{…}} が必要です。",
        f"A JSON object {{…}} of type {member.type.code} is needed.",
        "structure",
        source=f"{_R4}datatypes.html",
    )


def primitive(place: str, name: str, wanted: tuple[str, str]) -> Problem:
    """A primitive value of the wrong form."""
    return Problem(
        "fhir.primitive",
        place,
        f"{name} 型の値ではありません。{wanted[0]}を書いてください。",
        f"This is not a value of type {name}; write {wanted[1]}.",
        "value",
        source=f"{_R4}datatypes.html#{name}",
    )


def code(place: str, value: object, url: str, some: str) -> Problem:
    """A code outside its required value set."""
    shown = f" {str(value)[:SHOWN]}" if value else ""
    return Problem(
        "fhir.binding",
        place,
        f"コード{shown} は値セット {url} にありません。使えるもの: {some}。",
        f"The code{shown} is not in the value set {url}; use one of: {some}.",
        "code-invalid",
        source=url,
    )


def reference_form(place: str) -> Problem:
    """A reference that cannot be read."""
    return Problem(
        "fhir.reference",
        place,
        "参照の書き方が正しくありません。Patient/123、#id、urn:uuid:…、https://… のいずれかで書いてください。",
        "This is not a reference; write Patient/123, #id, urn:uuid:… or https://….",
        "value",
        source=f"{_R4}references.html",
    )


def reference_target(place: str, kind: str, targets: tuple[str, ...]) -> Problem:
    """A reference to a type that may not stand here."""
    listed = ", ".join(targets)
    return Problem(
        "fhir.reference-target",
        place,
        f"{kind[:SHOWN]} は参照できません。参照できるのは {listed} です。",
        f"{kind[:SHOWN]} may not be referred to here; these may: {listed}.",
        "structure",
        source=f"{_R4}references.html",
    )


def narrative(place: str, wrong: tuple[str, str]) -> Problem:
    """XHTML that may not be."""
    return Problem(
        "txt-1",
        place,
        f"文書 (XHTML) の記載が正しくありません。{wrong[0]}",
        f"The narrative is not fit. {wrong[1]}",
        "invariant",
        source=f"{_R4}narrative.html#xhtml",
    )


def full_url(place: str) -> Problem:
    """A fullUrl that names another resource than the entry's."""
    return Problem(
        "fhir.bundle.full-url",
        place,
        "fullUrl の型と id を、エントリーのリソースの型と id に合わせてください。",
        "Make the type and id in fullUrl those of the entry's resource.",
        "structure",
        source=f"{_R4}bundle.html#bundle-unique",
    )


def too_many(place: str, most: int) -> Problem:
    """The walk stopped here."""
    return Problem(
        "fhir.too-many",
        place,
        f"問題が {most} 件を超えたので、ここで検査を止めました。直してからもう一度送ってください。",
        f"More than {most} problems were found, so checking stopped here; mend these and send it again.",
        "too-costly",
    )


def too_large(place: str, most: int) -> Problem:
    """The walk stopped here: what the quick way does not accept is looked at closely only up to a size."""
    return Problem(
        "fhir.too-large",
        place,
        f"リソースに問題がありますが、大きすぎて {most} 個目までの要素しか調べられません。分けて送ってください。",
        f"Something is wrong, but only the first {most} elements could be looked at; send it in parts.",
        "too-costly",
    )


def resource_type(place: str) -> Problem:
    """A nested resource of no R4 type."""
    return Problem(
        "fhir.resource-type",
        f"{place}.resourceType",
        "FHIR R4 のリソース型を resourceType に書いてください。",
        "Give a resource type of FHIR R4 as resourceType.",
        "structure",
        source=f"{_R4}resourcelist.html",
    )


def invariant(place: str, constraint: Constraint) -> Problem:
    """An invariant that does not hold. HL7's sentence is the English; ours the Japanese."""
    ja = (
        SAYINGS.get(constraint.key)
        or f"FHIR の制約 {constraint.key} を満たしていません ({constraint.expression})。"
    )
    return Problem(
        constraint.key,
        place,
        ja,
        f"{constraint.human.rstrip('.')}.",
        "invariant",
        "error" if constraint.severity == "error" else "warning",
        source=f"{_R4}{place.partition('.')[0].lower()}.html",
    )


def by_hand(place: str, key: str, english: str) -> Problem:
    """An invariant that is checked in Python."""
    return Problem(key, place, SAYINGS[key], english, "invariant", source=f"{_R4}domainresource.html")
