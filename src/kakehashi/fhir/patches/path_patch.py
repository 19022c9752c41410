"""FHIRPath Patch carried out: each path is asked of the resource as it is by then, and what stands there is changed.

Source: https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Sequence

import msgspec
import orjson

from kakehashi.core.errors import Invalid
from kakehashi.fhir.patches.path_reading import Change, no_member, pad, put
from kakehashi.fhir.patches.pieces import (
    NULL,
    Document,
    NoSuchPlace,
    Piece,
    member,
    opened,
    says_nothing,
    written,
)
from kakehashi.fhir.patches.places import Place, Tree, expression_of, parts_of
from kakehashi.fhir.patches.refusals import misfit, nowhere, too_large
from kakehashi.fhir.paths.nodes import Node, shape_of
from kakehashi.fhir.shapes import Member

_WALKED = 5_000_000  # bytes that one patch may have walked through: each operation walks the whole resource
_EMPTY = b"{}"  # an object without members, as it is written


def apply(changes: Sequence[Change], body: bytes) -> bytes:
    """Return the body with the operations carried out, in order. Raises Malformed, Invalid, UnknownPath, TooCostly."""
    walked = 0
    for one in changes:
        walked += len(body)
        if walked > max(_WALKED, len(body)):
            raise too_large()
        try:
            body = _Patch(body, one).done()
        except (NoSuchPlace, KeyError):
            raise nowhere(one.path) from None
    if any(one.type == "delete" for one in changes) and _EMPTY in body:
        return written(_filled(msgspec.Raw(body)) or {})
    return body


def _filled(piece: Piece) -> Piece | None:
    """Return a piece without the objects of which nothing is left: FHIR has no empty ones. None: nothing is left.

    Only after the last change: what one empties, another may fill.
    """
    if isinstance(piece, msgspec.Raw) and _EMPTY not in bytes(piece):
        return piece
    match opened(piece):
        case dict() as members:
            kept = {name: found for name, one in members.items() if (found := _filled(one)) is not None}
            return kept or None
        case list() as items:
            return [found for one in items if (found := _filled(one)) is not None] or None
        case other:
            return other


class _Patch:
    """One operation on one body."""

    def __init__(self, body: bytes, change: Change) -> None:
        self.document, self.change = Document(body), change
        self.tree = Tree(orjson.loads(body))
        self.expression = expression_of(change.path)

    def done(self) -> bytes:
        """Return the body afterwards."""
        match self.change.type:
            case "add":
                self._add()
            case "delete":
                self._delete()
            case "replace":
                self._replace()
            case "insert":
                self._insert()
            case _:
                self._move()
        return self.document.body

    def _found(self) -> list[tuple[Node, Place]]:
        return self.tree.find(self.expression, self.change.path)

    def _one(self) -> tuple[Node, Place]:
        found = self._found()
        if len(found) > 1:
            raise misfit(
                "patch.path", self.change.path,
                "path に複数の要素が合います。1つに絞ってください ([0] や where(…))。",
                "The path finds more than one element; make it find one, with [0] or where(…).",
            )  # fmt: skip
        if not found:
            raise NoSuchPlace
        return found[0]

    def _add(self) -> None:
        node, place = self._one()
        known = shape_of(node)
        if known is None:
            self._extend(place)
            return
        definition = self.change.value.member_of(known.name, self.change.name)
        if definition is None:
            raise no_member(self.change.path, self.change.name)
        put(self._object(place), definition, self.change.value, self.change.path)

    def _extend(self, place: Place) -> None:
        """Add to a primitive: its id or an extension, which JSON keeps beside it."""
        definition = self.change.value.member_of("Element", self.change.name)
        if definition is None:
            raise no_member(self.change.path, self.change.name)
        owner, name, number = self._owner(place)
        put(_beside(owner, "_" + name, number), definition, self.change.value, self.change.path)

    def _delete(self) -> None:
        if not self._found():
            return  # "if found"
        owner, name, number = self._owner(self._one()[1])
        if number is None:
            owner.pop(name, None)
            owner.pop("_" + name, None)
            return
        for each in (name, "_" + name):
            items = owner.get(each)
            if isinstance(items, list) and number < len(items):
                del items[number]
        _tidy(owner, name)

    def _replace(self) -> None:
        place = self._one()[1]
        owner, name, number = self._owner(place)
        old = self.tree.member_at(place)
        choice = old.element.name if old.element.choice else old.name
        new = self.change.value.member_of(self.tree.shape_at(place[: -1 if number is None else -2]), choice)
        if new is None:
            raise no_member(self.change.path, choice)
        piece = self.change.value.piece(new, self.change.path)
        if number is None:
            _exchange(owner, name, new.name, piece, self.change.value.shadow)
            return
        items, shadows = owner.get(name), owner.get("_" + name)
        if isinstance(items, list) and piece is not None:
            items[number] = piece
        if isinstance(shadows, list) and number < len(shadows):
            del shadows[number]
        pad(owner, name, number, self.change.value.shadow)
        _tidy(owner, name)

    def _insert(self) -> None:
        owner, definition, items = self._list()
        if not 0 <= self.change.index <= len(items):
            raise self._out_of_range("index")
        piece = self.change.value.piece(definition, self.change.path)
        if piece is None:
            raise no_member(self.change.path, definition.name)
        items.insert(self.change.index, piece)
        owner[definition.name] = items
        pad(owner, definition.name, self.change.index, self.change.value.shadow)

    def _move(self) -> None:
        owner, definition, items = self._list()
        source, destination = self.change.source, self.change.destination
        for name, number in (("source", source), ("destination", destination)):
            if not 0 <= number < len(items):
                raise self._out_of_range(name)
        items.insert(destination, items.pop(source))
        shadows = member(owner, "_" + definition.name)
        if isinstance(shadows, list):
            shadows += [NULL] * (len(items) - len(shadows))
            shadows.insert(destination, shadows.pop(source))

    def _list(self) -> tuple[dict[str, Piece], Member, list[Piece]]:
        """Return the list that the path means: who has it, its definition, and its items (none where there is none)."""
        found = self._found()
        if found:
            lists = {place[:-1] for _, place in found if isinstance(place[-1], int)}
            if len(lists) != 1 or not all(isinstance(place[-1], int) for _, place in found):
                raise self._no_list()
            way = lists.pop()
        else:
            way = self._empty()
        definition = self.tree.member_at(way)
        if not definition.element.array:
            raise self._no_list()
        owner = self._object(way[:-1])
        items = member(owner, definition.name)
        return owner, definition, items if isinstance(items, list) else []

    def _empty(self) -> Place:
        """Return where a list would stand of which there is nothing yet."""
        base, name = parts_of(self.expression)
        found = self.tree.find(base, self.change.path) if base is not None else []
        if len(found) != 1 or not name:
            raise NoSuchPlace
        return (*found[0][1], name)

    def _owner(self, place: Place) -> tuple[dict[str, Piece], str, int | None]:
        """Return the object in which an element stands, opened, with the element's name and its number in a list."""
        if not place:
            raise misfit(
                "patch.path", self.change.path,
                "リソース全体は置き換えられません。", "The resource as a whole cannot be replaced.",
            )  # fmt: skip
        number = place[-1] if isinstance(place[-1], int) else None
        way, name = (place[:-1], place[-1]) if number is None else (place[:-2], place[-2])
        owner = self._object(way)
        for each in (str(name), "_" + str(name)):
            member(owner, each)
        return owner, str(name), number

    def _object(self, place: Place) -> dict[str, Piece]:
        found = self.document.at(place)
        if not isinstance(found, dict):
            raise NoSuchPlace
        return found

    def _no_list(self) -> Invalid:
        return misfit(
            "patch.path", self.change.path,
            "path は1つの繰返し要素 (Patient.name など) を示してください。",
            "The path has to find one repeating element, such as Patient.name.",
        )  # fmt: skip

    def _out_of_range(self, name: str) -> Invalid:
        return misfit(
            "patch.index", self.change.path,
            f"{name} が要素の数を超えています。", f"{name} is beyond the number of elements.",
        )  # fmt: skip


def _exchange(owner: dict[str, Piece], old: str, new: str, piece: Piece | None, shadow: Piece | None) -> None:
    """Put a member (under another name, where its type changes) in the place of an old one; the order stays."""
    fresh: dict[str, Piece] = {}
    for name, value in owner.items():
        if name.removeprefix("_") != old:
            fresh[name] = value
        elif new not in fresh and "_" + new not in fresh:
            fresh |= {new: piece} if piece is not None else {}
            fresh |= {"_" + new: shadow} if shadow is not None else {}
    owner.clear()
    owner.update(fresh)


def _beside(owner: dict[str, Piece], name: str, number: int | None) -> dict[str, Piece]:
    """Return the object of a primitive's id and extensions, made where there is none yet."""
    shadows = member(owner, name)
    if number is None:
        made = shadows if isinstance(shadows, dict) else {}
        owner[name] = made
        return made
    kept = shadows if isinstance(shadows, list) else []
    kept += [NULL] * (number + 1 - len(kept))
    found = opened(kept[number])
    made = found if isinstance(found, dict) else {}
    kept[number] = made
    owner[name] = kept
    return made


def _tidy(owner: dict[str, Piece], name: str) -> None:
    """FHIR's JSON has no empty lists, and no `_name` that says nothing."""
    items, shadows = owner.get(name), owner.get("_" + name)
    if isinstance(shadows, list) and all(says_nothing(one) for one in shadows):
        del owner["_" + name]
    if items == []:
        del owner[name]
