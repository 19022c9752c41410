"""JSON Patch. Source: RFC 6902; in FHIR: https://hl7.org/fhir/R4/http.html#patch"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from kakehashi.fhir.decode import decoded
from kakehashi.fhir.patches.pieces import Document, NoSuchPlace, Piece, place_in, same, written
from kakehashi.fhir.patches.refusals import MOST, misfit, nowhere, too_large, too_many, unreadable

_OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
_WITH_VALUE, _WITH_FROM = ("add", "replace", "test"), ("move", "copy")
_ESCAPE = re.compile(r"~(?![01])")
_DEEPEST = 254  # steps of a pointer: JSON nests no deeper here
_COPIED = 10_000_000  # bytes that the copies of one patch may make
END = "-"


class _Said(msgspec.Struct):
    op: str
    path: str
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="from")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `path` and `source` as they were written, `steps` and `origin` the same read."""

    op: str
    path: str
    steps: tuple[str, ...]
    value: msgspec.Raw
    source: str = ""
    origin: tuple[str, ...] = ()


def read(body: bytes) -> list[Operation]:
    """Return the operations that a body of application/json-patch+json lists. Raises Malformed, TooCostly."""
    listed = decoded(body)
    if isinstance(listed, list) and len(listed) > MOST:
        raise too_many()
    try:
        said = _LIST.decode(body)
    except msgspec.ValidationError as error:
        raise unreadable(
            "",
            "JSON Patch は op・path と、op に応じて value か from を持つ操作の配列です。",
            f"A JSON Patch is an array of operations with op, path and, by op, value or from: {error}.",
        ) from None
    return [_operation(one, f"[{number}]") for number, one in enumerate(said)]


def apply(operations: Sequence[Operation], body: bytes) -> bytes:
    """Return the body with the operations carried out, in order. Raises Invalid, TooCostly; then nothing is done."""
    document = Document(body)
    copied = 0
    for one in operations:
        try:
            copied += _applied(document, one)
        except NoSuchPlace:
            raise nowhere(one.path) from None
        if copied > _COPIED:
            raise too_large()
    return document.body


def _operation(said: _Said, place: str) -> Operation:
    if said.op not in _OPERATIONS:
        raise unreadable(
            f"{place}.op", f"op は {'、'.join(_OPERATIONS)} のどれかです。", f"op is one of {', '.join(_OPERATIONS)}."
        )  # fmt: skip
    if said.op in _WITH_VALUE and said.value is msgspec.UNSET:
        raise unreadable(place, f"{said.op} には value が必要です。", f"{said.op} needs a value.")
    if said.op in _WITH_FROM and said.source is msgspec.UNSET:
        raise unreadable(place, f"{said.op} には from が必要です。", f"{said.op} needs from.")
    source = said.source if isinstance(said.source, str) and said.op in _WITH_FROM else ""
    value = said.value if isinstance(said.value, msgspec.Raw) else msgspec.Raw(b"null")
    return Operation(
        said.op, said.path, _steps(said.path, f"{place}.path"), value, source, _steps(source, f"{place}.from")
    )


def _steps(pointer: str, place: str) -> tuple[str, ...]:
    """Read a JSON Pointer. Raises Malformed."""
    if (pointer and not pointer.startswith("/")) or _ESCAPE.search(pointer) or pointer.count("/") > _DEEPEST:
        raise unreadable(
            place, '場所は "/name/0/given" の形 (JSON Pointer) で書いてください。',
            'Write the place as a JSON Pointer, such as "/name/0/given".',
        )  # fmt: skip
    return tuple(one.replace("~1", "/").replace("~0", "~") for one in pointer.split("/")[1:])


def _applied(document: Document, one: Operation) -> int:
    """Carry out one operation and return how many bytes it copied."""
    match one.op:
        case "add":
            _add(document, one.steps, one.value)
        case "remove":
            _remove(document, one.steps)
        case "replace":
            _replace(document, one.steps, one.value)
        case "test":
            _test(document, one)
        case "move":
            _move(document, one)
        case _:
            copy = written(document.at(one.origin))
            _add(document, one.steps, msgspec.Raw(copy))
            return len(copy)
    return 0


def _add(document: Document, pointer: Sequence[str], value: Piece) -> None:
    if not pointer:
        document.root = value
        return
    *way, last = pointer
    match document.at(way):
        case dict() as members:
            members[last] = value
        case list() as items:
            items.insert(len(items) if last == END else place_in(len(items), last), value)
        case _:
            raise NoSuchPlace


def _remove(document: Document, pointer: Sequence[str]) -> Piece:
    found = document.at(pointer)
    if not pointer:
        raise NoSuchPlace
    *way, last = pointer
    match document.at(way):
        case dict() as members:
            del members[last]
        case list() as items:
            del items[int(last)]
    return found


def _replace(document: Document, pointer: Sequence[str], value: Piece) -> None:
    document.at(pointer)
    if not pointer:
        document.root = value
        return
    *way, last = pointer
    match document.at(way):
        case dict() as members:
            members[last] = value
        case list() as items:
            items[int(last)] = value


def _move(document: Document, one: Operation) -> None:
    if one.steps == one.origin:
        document.at(one.origin)
        return
    if one.steps[: len(one.origin)] == one.origin:
        raise misfit(
            "patch.path", one.path,
            "自分自身の中へは移動できません。", "Nothing can be moved into itself.",
        )  # fmt: skip
    _add(document, one.steps, _remove(document, one.origin))


def _test(document: Document, one: Operation) -> None:
    if not same(written(document.at(one.steps)), bytes(one.value)):
        raise misfit(
            "patch.test", one.path,
            "test の値が登録されている値と異なります。現在の版を読み直してください。",
            "The value of test is not what is stored; read the current version again.",
        )  # fmt: skip


_LIST = msgspec.json.Decoder(list[_Said])
