"""`_summary` and `_elements`: parts of a resource, marked SUBSETTED; the members that stay keep their bytes.

Source: https://hl7.org/fhir/R4/search.html#summary, #elements
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import msgspec

from kakehashi.faces.api.summary import summarised
from kakehashi.fhir.definitions import Element, load

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TAGS = msgspec.json.Decoder(list[msgspec.Raw])
_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SUBSETTED = msgspec.Raw(
    b'{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}'
)


@dataclass(frozen=True, slots=True)
class Subset:
    """What of a resource is wanted. summary: "true", "text", "data" or "false"; elements: names, dotted or not."""

    summary: str = "false"
    elements: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether everything is wanted."""
        return self.summary not in ("true", "text", "data") and not self.elements

    def of(self, resource_type: str, body: bytes) -> bytes:
        """Return the part of a resource that is wanted; the very bytes when it is the whole."""
        if self.whole:
            return body
        members = _MEMBERS.decode(body)
        if self.summary == "true" and not self.elements:
            cut = summarised(resource_type, members)
            left = {
                name: cut.get(name, value)
                for name, value in members.items()
                if name in cut or name in _ALWAYS
            }
        else:
            kept = self._kept(resource_type)
            left = {
                name: value for name, value in members.items() if name in _ALWAYS or kept(name.lstrip("_"))
            }
        left["meta"] = _marked(left["meta"])
        return msgspec.json.encode(left)

    def _kept(self, resource_type: str) -> Callable[[str], bool]:
        if self.summary == "data":
            return lambda name: name != "text"
        names = set(_mandatory(resource_type))
        if self.elements:
            own = (one.removeprefix(f"{resource_type}.").partition(".")[0] for one in self.elements)
            names |= {name for one in own for name in _spelled(resource_type, one)}
        else:
            names.add("text")
        return names.__contains__


def _marked(meta: msgspec.Raw) -> msgspec.Raw:
    members = _MEMBERS.decode(meta)
    tags = _TAGS.decode(members["tag"]) if "tag" in members else []
    members["tag"] = msgspec.Raw(msgspec.json.encode([*tags, _SUBSETTED]))
    return msgspec.Raw(msgspec.json.encode(members))


def _elements(resource_type: str) -> list[Element]:
    """The elements right under the resource."""
    structure = load().structures[resource_type]
    return [one for one in structure.elements if one.path.count(".") == 1]


def _names(element: Element) -> list[str]:
    """The member names that an element has in JSON."""
    if not element.choice:
        return [element.name]
    return [element.name + kind.code[:1].upper() + kind.code[1:] for kind in element.types]


@cache
def _mandatory(resource_type: str) -> frozenset[str]:
    wanted = (one for one in _elements(resource_type) if one.min or one.modifier)
    return frozenset(name for one in wanted for name in _names(one))


@cache
def _spelled(resource_type: str, name: str) -> frozenset[str]:
    wanted = (one for one in _elements(resource_type) if one.name == name)
    return frozenset({name, *(spelled for one in wanted for spelled in _names(one))})
