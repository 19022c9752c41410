"""FHIRPath Patch as it is written: a Parameters resource becomes a list of operations; values keep their bytes.

Source: https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kakehashi.core.errors import Malformed
from kakehashi.fhir.parse import Resource
from kakehashi.fhir.patches.pieces import NULL, Piece, opened
from kakehashi.fhir.patches.pieces import member as member_of
from kakehashi.fhir.patches.refusals import MOST, misfit, too_many, unreadable
from kakehashi.fhir.shapes import RESOURCE, Member, shape

TYPES = ("add", "insert", "delete", "replace", "move")
_NEEDS = {
    "add": ("path", "name", "value"), "insert": ("path", "index", "value"), "delete": ("path",),
    "replace": ("path", "value"), "move": ("path", "source", "destination"),
}  # fmt: skip
_PARTS = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_TEXT = msgspec.json.Decoder(str)
_NUMBER = msgspec.json.Decoder(int)


@dataclass(frozen=True, slots=True)
class Value:
    """What an operation brings. `kind`: the R4 type as JSON names it ("HumanName", "Code"); "" where it is in parts.

    `shadow`: id and extensions of a primitive (`_valueCode`).
    """

    kind: str
    plain: msgspec.Raw | None = None
    shadow: msgspec.Raw | None = None
    parts: tuple[tuple[str, "Value"], ...] = ()

    def member_of(self, owner: str, name: str) -> Member | None:
        """Return the member of a shape in which this value stands under a FHIRPath name; None where there is none."""
        known = shape(owner)
        if name in known.choices:
            name += self.kind[:1].upper() + self.kind[1:] if self.kind else "-"
        return known.members.get(name)

    def piece(self, member: Member, path: str) -> Piece | None:
        """Return the value as JSON for a member; None where only `shadow` has something. Raises Invalid."""
        if self.kind or member.primitive:
            return self.plain
        if member.shape == RESOURCE:
            raise misfit(
                "patch.value",
                path,
                "リソースは part.resource に入れてください。",
                "A resource goes into part.resource.",
            )
        made: dict[str, Piece] = {}
        for name, value in self.parts:
            inner = value.member_of(member.shape, name)
            if inner is None:
                raise no_member(path, name)
            put(made, inner, value, path)
        return made


@dataclass(frozen=True, slots=True)
class Change:
    """One operation. `place`: where it stands in the Parameters."""

    type: str
    path: str
    place: str
    name: str = ""
    value: Value = Value("")
    index: int = 0
    source: int = 0
    destination: int = 0


def put(owner: dict[str, Piece], member: Member, value: Value, path: str) -> None:
    """Give an object a value under a member; a repeating one gets it at its end. Raises Invalid where it is taken."""
    piece = value.piece(member, path)
    if not member.element.array:
        if member.name in owner or "_" + member.name in owner:
            raise misfit(
                "patch.taken", path,
                f"{member.name} はすでにあります。replace を使ってください。",
                f"{member.name} is there already; use replace.",
            )  # fmt: skip
        if piece is not None:
            owner[member.name] = piece
        if value.shadow is not None:
            owner["_" + member.name] = value.shadow
        return
    items = opened(owner.get(member.name, []))
    if isinstance(items, list):
        owner[member.name] = [*items, NULL if piece is None else piece]
        pad(owner, member.name, len(items), value.shadow)


def pad(owner: dict[str, Piece], name: str, before: int, shadow: Piece | None) -> None:
    """Keep `_name` in step with an item that was put into `name` behind `before` others."""
    shadows = member_of(owner, "_" + name)
    if shadow is None and not isinstance(shadows, list):
        return
    kept = shadows if isinstance(shadows, list) else []
    kept += [NULL] * (before - len(kept))
    kept.insert(before, NULL if shadow is None else shadow)
    owner["_" + name] = kept


def no_member(path: str, name: str) -> Malformed:
    """Return the refusal of a name that an element does not have, or not for a value of this type."""
    shown = name[:64]
    return unreadable(
        path,
        f"この要素に {shown} はないか、value の型が合いません。",
        f"This element has no {shown}, or not of the value's type.",
    )


def read(parameters: Resource) -> list[Change]:
    """Return the operations of a Parameters resource. Raises Malformed, TooCostly."""
    if parameters.type != "Parameters":
        raise unreadable(
            "resourceType",
            "FHIRPath Patch は Parameters リソースで送ります (JSON Patch は application/json-patch+json)。",
            "A FHIRPath Patch is a Parameters resource (a JSON Patch is application/json-patch+json).",
        )
    try:
        listed = msgspec.json.decode(parameters.body, type=_Parameters).parameter
        if len(listed) > MOST:
            raise too_many()
        return [_change(one, f"Parameters.parameter[{number}]") for number, one in enumerate(listed)]
    except msgspec.ValidationError as error:
        raise unreadable(
            "Parameters.parameter",
            "Parameters の形が正しくありません。",
            f"The Parameters are misshapen: {error}.",
        ) from None


class _Parameters(msgspec.Struct):
    parameter: list[dict[str, msgspec.Raw]] = []


def _change(said: dict[str, msgspec.Raw], place: str) -> Change:
    if _text(said.get("name")) != "operation":
        raise unreadable(f"{place}.name", "name は operation です。", "The name is operation.")
    parts = dict(_values(said))
    kind = _text(parts["type"].plain) if "type" in parts else ""
    missing = [name for name in _NEEDS.get(kind, ("type",)) if name not in parts]
    if kind not in TYPES or missing:
        wanted = ", ".join(missing) if kind in TYPES else "|".join(TYPES)
        raise unreadable(
            place, f"操作 {kind[:20]} に必要なものがありません: {wanted}", f"The operation {kind[:20]} lacks: {wanted}."
        )  # fmt: skip
    return Change(
        kind, _text(parts["path"].plain), place, _text(parts["name"].plain) if "name" in parts else "",
        parts.get("value", Value("")), *(_number(parts, name) for name in ("index", "source", "destination")),
    )  # fmt: skip


def _number(parts: dict[str, Value], name: str) -> int:
    return _NUMBER.decode(parts[name].plain or b'""') if name in parts else 0


def _text(raw: msgspec.Raw | None) -> str:
    return "" if raw is None else _TEXT.decode(raw)


def _values(said: dict[str, msgspec.Raw]) -> list[tuple[str, Value]]:
    listed: Sequence[dict[str, msgspec.Raw]] = _PARTS.decode(said["part"]) if "part" in said else ()
    return [(_text(one.get("name")), _value(one)) for one in listed]


def _value(said: dict[str, msgspec.Raw]) -> Value:
    if "resource" in said:
        return Value(RESOURCE, said["resource"])
    names = {name.removeprefix("_") for name in said if name.lstrip("_").startswith("value")}
    if len(names) > 1:
        raise msgspec.ValidationError("a part has one value")
    for name in names:
        return Value(name.removeprefix("value"), said.get(name), said.get("_" + name))
    return Value("", parts=tuple(_values(said)))
