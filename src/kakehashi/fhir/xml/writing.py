"""FHIR JSON to FHIR XML: closures made of the definitions, one for each kind of object, that write it in their order.

A writer returns what follows an element's name: its attributes, `>`, and its content. Numbers stay the text they were.
Source: https://hl7.org/fhir/R4/xml.html
"""

import json
import re
import threading
from collections.abc import Callable
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

from kakehashi.fhir.shapes import RESOURCE, Member, shape
from kakehashi.fhir.xml import says
from kakehashi.fhir.xml.collecting import collector_at_rest
from kakehashi.fhir.xml.divs import embedded
from kakehashi.fhir.xml.names import FHIR, Unfit

Object: TypeAlias = dict[str, Any]
Write: TypeAlias = Callable[[Any], str]
Fields: TypeAlias = dict[
    str, tuple[int, Write]
]  # by member: its place (an attribute's is below 0), and what writes it

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ODD = re.compile('[&<>"\x00-\x1f\ufffe\uffff]').search
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]").search  # XML has no way to write them
_ESCAPES = {
    '"': "&quot;",
    "\t": "&#9;",
    "\r": "&#13;",
    "\n": "&#10;",
}  # a parser would make blanks of the last three
_MADE: dict[str, Write] = {}
_MAKING = threading.RLock()


def xml_of(body: bytes) -> bytes:
    """Return the FHIR XML of a resource. `body`: FHIR JSON that parse() took, and that is valid R4.

    Raises Malformed for what XML cannot say: another shape than R4's, a character that XML has not.
    """
    try:
        with collector_at_rest(body):
            tree = json.loads(body, parse_float=str, parse_int=str)
            name = tree["resourceType"]
            return f'{_HEAD}<{name} xmlns="{FHIR}"{_writer(name)(tree)}</{name}>'.encode()
    except Unfit as unfit:
        raise says.refusal(unfit) from None
    except RecursionError:
        raise says.refusal(Unfit("deep", "")) from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise says.refusal(Unfit("structure", "")) from None


def _writer(name: str) -> Write:
    """Return the writer of a shape, made when first asked for."""
    return _MADE.get(name) or _made(name)


def _made(name: str) -> Write:
    with _MAKING:
        if name in _MADE:
            return _MADE[name]
        fields: Fields = {}
        besides: dict[str, Callable[[Object], str]] = {}
        _MADE[name] = write = _object(fields, besides)  # before it is filled: shapes hold one another
        known = shape(name)
        for place, element in enumerate(known.elements, 1):
            for member in known.named(element) if element.max != 0 else ():
                fields[member.name] = _field(member, place, resource=known.resource)
                if member.primitive:
                    fields["_" + member.name] = _SHADOWED
                    besides[member.name] = _beside(member)
        if known.resource:
            fields["resourceType"] = -1, lambda _: ""
        return write


def _object(fields: Fields, besides: dict[str, Callable[[Object], str]]) -> Write:
    def write(value: Object) -> str:
        head, parts, last = "", [], _FIRST
        for key, item in value.items():
            order, put = fields[key]
            if order < last:
                return _in_order(value, fields, besides)
            last = order
            if order > 0:
                parts.append(put(item))
            else:
                head += put(item)
        return f"{head}>{''.join(parts)}"

    return write


_FIRST = -2
_ATTRIBUTES = {"id": _FIRST, "url": -1}  # their places
_SHADOWED: tuple[int, Write] = (_FIRST - 1, str)
"""What stands beside a primitive is written with it: never by itself, and only in the slow way."""


def _in_order(value: Object, fields: Fields, besides: dict[str, Callable[[Object], str]]) -> str:
    """Write an object whose members come in another order, or have something beside them."""
    names = dict.fromkeys(key.removeprefix("_") for key in value)
    head, parts = "", []
    for key in sorted(names, key=lambda name: fields[name][0]):
        order, put = fields[key]
        if "_" + key in value:
            parts.append(besides[key](value))
        elif order > 0:
            parts.append(put(value[key]))
        else:
            head += put(value[key])
    return f"{head}>{''.join(parts)}"


def _field(member: Member, place: int, *, resource: bool) -> tuple[int, Write]:
    if member.element.path == "Extension.url" or (member.name == "id" and not resource):
        return _ATTRIBUTES[member.name], _attribute(member.name)
    write = _one(member)
    if not member.element.array:
        return place, write
    return place, _listed(write) if member.primitive else _many(write)


def _many(write: Write) -> Write:
    return lambda items: "".join(map(write, items))


def _listed(write: Write) -> Write:
    """Write primitives that repeat. A null has something beside it, and then the slow way writes them all anew."""
    return lambda items: "".join([write(one) for one in items if one is not None])


def _one(member: Member) -> Write:
    if member.shape == "xhtml":
        return embedded
    if member.primitive:
        return _boolean(member.name) if member.shape == "boolean" else _primitive(member.name)
    if member.shape == RESOURCE:
        return _resource(member.name)
    return _complex(member.name, _writer(member.shape))


def _attribute(name: str) -> Write:
    return lambda text: f' {name}="{_escaped(text)}"'


def _primitive(name: str) -> Write:
    head = f'<{name} value="'

    def write(text: str) -> str:
        return f'{head}{_escaped(text) if _ODD(text) else text}"/>'

    return write


def _boolean(name: str) -> Write:
    written = {True: f'<{name} value="true"/>', False: f'<{name} value="false"/>'}
    return written.__getitem__


def _complex(name: str, write: Write) -> Write:
    return lambda value: f"<{name}{write(value)}</{name}>"


def _resource(name: str) -> Write:
    def write(value: Object) -> str:
        kind = value["resourceType"]
        return f"<{name}><{kind}{_writer(kind)(value)}</{kind}></{name}>"

    return write


def _beside(member: Member) -> Callable[[Object], str]:
    """Return what writes a primitive together with its id and extensions, from the object that has them."""
    name = member.name

    def one(value: Any, shadow: Object | None) -> str:
        text = "" if value is None else f' value="{_escaped(_spelled(value))}"'
        inside = _writer("Element")(shadow or {})
        head, _, content = inside.partition(">")
        return f"<{name}{head}{text}>{content}</{name}>" if content else f"<{name}{head}{text}/>"

    def write(owner: Object) -> str:
        value, shadow = owner.get(name), owner["_" + name]
        if not member.element.array:
            return one(value, shadow)
        values, shadows = value or [], shadow or []
        longest = max(len(values), len(shadows))
        pairs = zip(_filled(values, longest), _filled(shadows, longest), strict=True)
        return "".join(one(*pair) for pair in pairs)

    return write


def _filled(items: list[Any], length: int) -> list[Any]:
    return items + [None] * (length - len(items))


def _spelled(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _escaped(text: str) -> str:
    if _NEVER(text):
        raise Unfit("character", "")
    return escape(text, _ESCAPES)
