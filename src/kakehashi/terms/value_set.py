"""A ValueSet compiled: its rules as they are, but for the codes that it lists, which go into columns. Pure.

Source: https://hl7.org/fhir/R4/valueset.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kakehashi.terms.code_system import words
from kakehashi.terms.columns import Concepts
from kakehashi.terms.packing import Fold, Gathered, Json, Packed, members, text

_NOT_KEPT = ("compose", "expansion", "text", "contained", "meta", "id", "resourceType")
_IMPLICIT = "?fhir_vs"
SUPPLEMENT = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"


@dataclass(frozen=True, slots=True)
class Filter:
    """One `filter` of an include."""

    property: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Include:
    """One include or exclude: of a system all, listed or filtered codes, and what is in all these value sets."""

    system: str
    version: str
    listed: Concepts | None
    filters: tuple[Filter, ...]
    value_sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A value set that was loaded. `said`: its own facts, as an expansion repeats them."""

    said: Mapping[str, object]
    include: tuple[Include, ...]
    exclude: tuple[Include, ...]
    inactive: bool  # whether codes that are no longer active belong to it

    @property
    def url(self) -> str:
        """Its canonical URL, without version; "" where it has none."""
        return text(self.said.get("url"))

    @property
    def version(self) -> str:
        """Its business version, "" for none."""
        return text(self.said.get("version"))

    @property
    def supplements(self) -> list[str]:
        """The canonicals of the supplements that it wants to be used."""
        marks = members(self.said.get("extension"))
        return [text(one.get("valueCanonical")) for one in marks if one.get("url") == SUPPLEMENT]

    @classmethod
    def of(cls, packed: Packed) -> "ValueSet":
        """Return the value set that was compiled."""
        head = packed.head
        include, exclude = (
            tuple(_include(one, packed.lists) for one in head[name]) for name in ("include", "exclude")
        )
        return cls(head["said"], include, exclude, head["inactive"])


def compiled(tree: Json, fold: Fold) -> Packed:
    """Return a ValueSet resource, compiled. One that is an expansion only means the codes of the expansion."""
    compose = tree.get("compose")
    if not isinstance(compose, dict):
        compose = {"include": _expanded(tree.get("expansion"))}
    lists: list[Concepts] = []
    head: Json = {}
    for name in ("include", "exclude"):
        head[name] = [_rule(one, lists, fold) for one in members(compose.get(name))]
    head["inactive"] = compose.get("inactive") is not False
    head["said"] = {name: value for name, value in tree.items() if name not in _NOT_KEPT}
    head |= {name: tree[name] for name in ("url", "version", "status", "date") if name in tree}
    return Packed(head, tuple(lists))


def implicit(canonical: str) -> Json | None:
    """Return the ValueSet that a URL such as `http://snomed.info/sct?fhir_vs=isa/404684003` stands for, if it is one.

    Only all codes (`?fhir_vs`) and what lies below a code (`?fhir_vs=isa/…`). Source: https://hl7.org/fhir/R4/snomedct.html#implicit
    """
    system, sign, rest = canonical.partition(_IMPLICIT)
    if not sign:
        return None
    include: Json = {"system": system}
    if rest.startswith("=isa/") and len(rest) > len("=isa/"):
        include["filter"] = [{"property": "concept", "op": "is-a", "value": rest[len("=isa/") :]}]
    elif rest:
        return None
    return {
        "resourceType": "ValueSet",
        "url": canonical,
        "status": "active",
        "compose": {"include": [include]},
    }


def _rule(one: Json, lists: list[Concepts], fold: Fold) -> Json:
    """An include as it is kept: its listed codes become the number of a list."""
    kept = {name: value for name, value in one.items() if name != "concept"}
    if listed := members(one.get("concept")):
        gathered = Gathered.empty()
        for concept in listed:
            code = text(concept.get("code"))
            if not code:
                continue
            said: Json = {name: concept[name] for name in ("display", "designation") if name in concept}
            gathered.add(
                code,
                said,
                words=words(code, concept, fold),
                inactive=concept.get("inactive") is True,
                abstract=concept.get("abstract") is True,
            )
        lists.append(gathered.columns()[0])
        kept["listed"] = len(lists) - 1
    return kept


def _include(one: Json, lists: tuple[Concepts, ...]) -> Include:
    number = one.get("listed")
    filters = tuple(
        Filter(text(each.get("property")), text(each.get("op")), text(each.get("value")))
        for each in members(one.get("filter"))
    )
    named = one.get("valueSet")
    return Include(
        text(one.get("system")),
        text(one.get("version")),
        lists[number] if isinstance(number, int) else None,
        filters,
        tuple(map(text, named)) if isinstance(named, list) else (),
    )


def _expanded(expansion: object) -> list[Json]:
    """The codes of an expansion as includes, one for each run of codes of one system."""
    found: list[Json] = []
    for one in _contained(expansion.get("contains") if isinstance(expansion, dict) else None):
        if not text(one.get("code")):
            continue  # a heading
        system, version = text(one.get("system")), text(one.get("version"))
        if not found or (found[-1]["system"], found[-1].get("version", "")) != (system, version):
            found.append({"system": system, **({"version": version} if version else {}), "concept": []})
        found[-1]["concept"].append(one)
    return found


def _contained(listed: object) -> Iterator[Json]:
    waiting = list(reversed(members(listed)))
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(members(one.get("contains")))
