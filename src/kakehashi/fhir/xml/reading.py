"""FHIR XML to FHIR JSON, in one pass of expat over the bytes; what is made grows as the elements come.

No DOCTYPE, so no entities and nothing fetched; depth is bounded, cost and memory are bounded by the body's length. A
refusal names the rule, the place in the resource and the line. Source: https://hl7.org/fhir/R4/xml.html
"""

import codecs
import re
from typing import Any
from xml.parsers import expat

import orjson

from kakehashi.core.errors import Malformed
from kakehashi.fhir.malformed import DEEPEST
from kakehashi.fhir.shapes import RESOURCE
from kakehashi.fhir.xml import says
from kakehashi.fhir.xml.collecting import collector_at_rest
from kakehashi.fhir.xml.divs import Spaces, cut_out, standing_alone
from kakehashi.fhir.xml.fields import Fields, Object, fields_of
from kakehashi.fhir.xml.names import XHTML, Unfit

_DIV = f"{XHTML} div"
_LAST = 1_000  # a place behind every element's
_TAG = re.compile(rb"<(?:[^\s:/>]+:)?([^\s/>]+)")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
_BLANK = " \t\r\n"  # XML's own; U+3000 is text


def json_of(body: bytes) -> bytes:
    """Return the FHIR JSON that says what the FHIR XML says, members in the order of the definitions.

    Raises Malformed for what is not XML, not FHIR's, in the wrong order, or an element or attribute that R4 does not
    have. Whether the resource keeps R4's rules is validation's question.
    """
    plain = body.removeprefix(codecs.BOM_UTF8)
    if plain[:2] in _UTF16:  # expat would read it, whatever it was told
        raise says.refusal(Unfit("encoding", "UTF-16"))
    reading = _Reading(plain)
    try:
        with collector_at_rest(plain):
            reading.parser.Parse(plain, True)
            return orjson.dumps(reading.root)
    except expat.ExpatError as error:
        raise says.broken(plain, error) from None
    except Unfit as unfit:
        raise reading.refusal(unfit) from None
    except orjson.JSONEncodeError:
        raise says.refusal(Unfit("deep", "")) from None
    finally:
        del reading.parser  # the two hold each other, and what was read with them


class _Reading:
    """One reading. `here`: what may come; `target`: what it is put into; `last`: the least place it may have."""

    __slots__ = (
        "_body",
        "_deep",
        "_spaces",
        "_start",
        "_stop",
        "here",
        "last",
        "parser",
        "root",
        "stack",
        "target",
    )

    def __init__(self, body: bytes) -> None:
        self.root: Object = {}
        self.target: Any = self.root
        self.here: Fields = fields_of(RESOURCE)
        self.last = 0
        self.stack: list[tuple[Fields, Any, int]] = []
        self._body, self._start, self._deep = body, 0, 0
        self._stop = 0, 0  # byte and line; expat goes on to the end behind what stopped it
        self._spaces: Spaces = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartNamespaceDeclHandler = self._declared
        self.parser.EndNamespaceDeclHandler = lambda _: self._spaces.pop()
        self._read_elements()

    def _read_elements(self) -> None:
        self.parser.StartElementHandler = self._opened
        self.parser.EndElementHandler = self._closed
        self.parser.CharacterDataHandler = self._text

    def _declared(self, prefix: str | None, uri: str | None) -> None:
        self._spaces.append((prefix or "", uri or ""))

    def _opened(self, name: str, attributes: list[str]) -> None:
        field = self.here.get(name)
        if field is None:
            self._open_div(name)
            return
        order, after, put = field
        if order < self.last:
            raise self._unfit("order", name)
        self.stack.append((self.here, self.target, after))
        if len(self.stack) > DEEPEST:
            raise self._unfit("deep", name)
        try:
            self.here, self.target = put(self.target, attributes)
        except Unfit as unfit:
            raise self._unfit(unfit.reason, unfit.name) from None
        self.last = 0

    def _closed(self, _: str) -> None:
        self.here, self.target, self.last = self.stack.pop()

    def _open_div(self, name: str) -> None:
        """Begin a narrative: up to its end nothing is looked at. Validation does that, as it does in JSON."""
        if name != _DIV or self.here is not fields_of("Narrative"):
            raise self._unfit("resource" if self.here is fields_of(RESOURCE) else "element", name)
        if "div" in self.target:
            raise self._unfit("order", name)
        self._start, self._deep = self.parser.CurrentByteIndex, 1
        self.parser.StartElementHandler = self._deeper
        self.parser.EndElementHandler = self._shallower
        self.parser.CharacterDataHandler = None

    def _deeper(self, _: str, __: list[str]) -> None:
        self._deep += 1

    def _shallower(self, _: str) -> None:
        self._deep -= 1
        if self._deep:
            return
        div = cut_out(self._body, self._start, self.parser.CurrentByteIndex)
        self.target["div"] = standing_alone(div, self._spaces).decode()
        self.last = _LAST
        self._read_elements()

    def _text(self, data: str) -> None:
        if data.strip(_BLANK):
            raise self._unfit("text")

    def _declaration(self, _: str, encoding: str | None, __: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "us-ascii"):
            raise self._unfit("encoding", encoding)

    def _doctype(self, *_: object) -> None:
        raise self._unfit("doctype")

    def _unfit(self, reason: str, name: str = "") -> Unfit:
        self._stop = self.parser.CurrentByteIndex, self.parser.CurrentLineNumber
        return Unfit(reason, name)

    def refusal(self, unfit: Unfit) -> Malformed:
        """Return why the reading stopped, with the place in the resource and the line."""
        owner, key = self.target[:2] if isinstance(self.target, tuple) else (self.target, "")
        steps = [*_steps(self.root, owner), *([key] if key else [])]
        at, line = self._stop
        if (
            unfit.reason in ("attribute", "value")
            and len(self.stack) > 1
            and (tag := _TAG.match(self._body, at))
        ):
            steps.append(tag[1].decode())
        return says.refusal(unfit, steps, line)


def _steps(root: Object, target: Object) -> list[str]:
    """Return the way to `target`: the last member of each object is the one that is being read."""
    node, steps = root, [str(root.get("resourceType", ""))]
    while node is not target and node:
        key, value = next(reversed(node.items()))
        step = key.removeprefix("_")
        if isinstance(value, list):
            step += f"[{len(value) - 1}]"
            value = value[-1]
        if not isinstance(value, dict):
            break
        steps.append(f"{step}:{value['resourceType']}" if "resourceType" in value else step)
        node = value
    return steps
