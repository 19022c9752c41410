"""A ConceptMap compiled, and what it translates a code to. Pure.

Source: https://hl7.org/fhir/R4/conceptmap.html, https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kakehashi.terms.columns import Concepts
from kakehashi.terms.packing import Fold, Gathered, Json, Packed, members, text

_HEAD = (
    "url",
    "version",
    "name",
    "status",
    "date",
    "sourceUri",
    "sourceCanonical",
    "targetUri",
    "targetCanonical",
)
_NOT = frozenset({"unmatched", "disjoint"})  # equivalences that translate nothing
_TURNED = {"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}
_DEEPEST = 8  # maps that refer to another for what they lack


@dataclass(frozen=True, slots=True)
class Group:
    """One group. `forward`: by source code, the targets; `backward`: by target code, the sources."""

    source: str
    target: str
    forward: Concepts
    backward: Concepts
    unmapped: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """A concept map that was loaded."""

    head: Mapping[str, object]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, packed: Packed) -> "ConceptMap":
        """Return the map that was compiled."""
        lists = packed.lists
        groups = tuple(
            Group(one["source"], one["target"], lists[2 * n], lists[2 * n + 1], one["unmapped"])
            for n, one in enumerate(packed.head["groups"])
        )
        return cls(packed.head, groups)

    @property
    def url(self) -> str:
        """Its canonical URL, "" where it has none."""
        return text(self.head.get("url"))

    def value_set(self, side: str) -> str:
        """Return the value set that it maps from (`source`) or to (`target`), "" where it does not say."""
        named = text(self.head.get(f"{side}Uri")) or text(self.head.get(f"{side}Canonical"))
        return named.partition("|")[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """A code to be translated. `target`: only to this system; `reverse`: against the arrow.

    dependencies: values of the other elements that targets may depend on, by property.
    """

    system: str
    code: str
    target: str = ""
    reverse: bool = False
    dependencies: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One translation, and the canonical of the map it comes from."""

    equivalence: str
    system: str
    code: str
    display: str
    products: tuple[Json, ...]
    source: str

    @property
    def good(self) -> bool:
        """Whether it translates the code."""
        return self.equivalence not in _NOT and bool(self.code)


def compiled(tree: Json, fold: Fold) -> Packed:
    """Return a ConceptMap resource, compiled."""
    head: Json = {name: tree[name] for name in _HEAD if name in tree}
    head["groups"] = groups = []
    lists: list[Concepts] = []
    for one in members(tree.get("group")):
        forward: dict[str, Json] = {}
        backward: dict[str, Json] = {}
        for element in members(one.get("element")):
            code = text(element.get("code"))
            targets = members(element.get("target"))
            forward.setdefault(code, {"targets": []})["targets"] += targets
            for target in targets:
                back = {"code": code, "display": text(element.get("display")), "target": target}
                backward.setdefault(text(target.get("code")), {"sources": []})["sources"].append(back)
        lists += [_columns(forward), _columns(backward)]
        unmapped = one.get("unmapped")
        said = unmapped if isinstance(unmapped, dict) else {}
        groups.append(
            {
                "source": text(one.get("source")),
                "target": text(one.get("target")),
                "unmapped": {name: value for name, value in said.items() if isinstance(value, str)},
            }
        )
    return Packed(head, tuple(lists))


def translated(
    found: ConceptMap, asked: Asked, others: Mapping[str, ConceptMap | None], depth: int = 0
) -> list[Match]:
    """Return what a map makes of a code. `others`: maps that it may refer to for codes that it lacks, by canonical."""
    matches: list[Match] = []
    for group in found.groups:
        source, target = (group.target, group.source) if asked.reverse else (group.source, group.target)
        if source != asked.system or asked.target not in ("", target):
            continue
        own = list(_backward(found, group, asked) if asked.reverse else _forward(found, group, asked))
        if own or asked.reverse:
            matches += own
        elif not _knows(group, asked.code):
            matches += _unmapped(found, group, asked, others, depth)
    return matches


def further(found: ConceptMap) -> list[str]:
    """Return the canonicals of the maps that a map refers to for codes that it lacks."""
    return [
        group.unmapped["url"]
        for group in found.groups
        if group.unmapped.get("mode") == "other-map" and "url" in group.unmapped
    ]


def _columns(entries: Mapping[str, Json]) -> Concepts:
    gathered = Gathered.empty()
    for code, detail in entries.items():
        gathered.add(code, detail)
    return gathered.columns()[0]


def _knows(group: Group, code: str) -> bool:
    return group.forward.find(code) is not None


def _forward(found: ConceptMap, group: Group, asked: Asked) -> Iterator[Match]:
    place = group.forward.find(asked.code)
    if place is None:
        return
    for target in group.forward.detail(place)["targets"]:
        if _depends_well(target, asked.dependencies or {}):
            equivalence = text(target.get("equivalence")) or "equivalent"
            code, display = text(target.get("code")), text(target.get("display"))
            yield Match(
                equivalence, group.target, code, display, tuple(members(target.get("product"))), found.url
            )


def _backward(found: ConceptMap, group: Group, asked: Asked) -> Iterator[Match]:
    place = group.backward.find(asked.code)
    if place is None:
        return
    for one in group.backward.detail(place)["sources"]:
        said = text(one["target"].get("equivalence")) or "equivalent"
        if _depends_well(one["target"], asked.dependencies or {}):
            yield Match(_TURNED.get(said, said), group.source, one["code"], one["display"], (), found.url)


def _depends_well(target: Json, given: Mapping[str, str]) -> bool:
    """Whether everything that a target depends on was given so."""
    needed = members(target.get("dependsOn"))
    return all(given.get(text(one.get("property"))) == text(one.get("value")) for one in needed)


def _unmapped(
    found: ConceptMap, group: Group, asked: Asked, others: Mapping[str, ConceptMap | None], depth: int
) -> Sequence[Match]:
    """What a group says of codes that it does not have."""
    match group.unmapped.get("mode"):
        case "provided":
            return [Match("equal", group.target, asked.code, "", (), found.url)]
        case "fixed":
            said = group.unmapped
            return [
                Match("inexact", group.target, said.get("code", ""), said.get("display", ""), (), found.url)
            ]
        case "other-map":
            other = others.get(group.unmapped.get("url", ""))
            return translated(other, asked, others, depth + 1) if other and depth < _DEEPEST else []
    return []
