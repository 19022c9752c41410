"""A CodeSystem compiled: its concepts in columns, its hierarchy, and what its properties mean. Pure.

Source: https://hl7.org/fhir/R4/codesystem.html, http://hl7.org/fhir/R4/codesystem-concept-properties.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kakehashi.terms.columns import Concepts, Detail
from kakehashi.terms.packing import Fold, Gathered, Json, Packed, members, text

_STANDARD = "http://hl7.org/fhir/concept-properties#"
_MEANINGS = ("parent", "child", "inactive", "notSelectable", "status")
_PAST = frozenset({"retired", "inactive", "withdrawn"})  # of the property `status`
_KEPT = ("display", "definition", "designation", "property")
_HEAD = (
    "url",
    "version",
    "name",
    "title",
    "status",
    "date",
    "language",
    "content",
    "hierarchyMeaning",
    "supplements",
)
PARTIAL = ("example", "fragment")


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A code system that was loaded."""

    head: Mapping[str, object]
    concepts: Concepts

    @classmethod
    def of(cls, packed: Packed) -> "CodeSystem":
        """Return the code system that was compiled."""
        return cls(packed.head, packed.lists[0])

    @property
    def url(self) -> str:
        """Its canonical URL, without version: the `system` of its codes."""
        return text(self.head.get("url"))

    @property
    def version(self) -> str:
        """Its business version, "" for none."""
        return text(self.head.get("version"))

    @property
    def language(self) -> str:
        """The language of its displays, "" where it does not say."""
        return text(self.head.get("language"))

    @property
    def name(self) -> str:
        """What people call it."""
        return text(self.head.get("name")) or text(self.head.get("title")) or self.url

    @property
    def content(self) -> str:
        """How much of it is here: complete, fragment, example, supplement or not-present."""
        return text(self.head.get("content")) or "complete"

    @property
    def cyclic(self) -> list[str]:
        """Some codes that lie below themselves, or below such; the hierarchy then means nothing."""
        found = self.head.get("cyclic")
        return [str(code) for code in found] if isinstance(found, list) else []

    @property
    def properties(self) -> frozenset[str]:
        """The codes of the properties that it declares or uses."""
        found = self.head.get("properties")
        return frozenset(str(code) for code in found) if isinstance(found, list) else frozenset()


def compiled(tree: Json, fold: Fold) -> Packed:
    """Return a CodeSystem resource, compiled. What is not as R4 wants it is passed over."""
    meaning = _meanings(tree)
    gathered, upward, downward = Gathered.empty(), [], []
    exact = tree.get("caseSensitive") is not False
    known: dict[str, int] = {}
    used: set[str] = set()
    for concept, parent in _walk(tree.get("concept")):
        code = text(concept.get("code"))
        if not code:
            continue
        said = _values(concept)
        used.update(name for name, _ in said)
        number = gathered.add(
            code,
            {name: concept[name] for name in _KEPT if name in concept},
            words=words(code, concept, fold),
            inactive=_is_past(said, meaning),
            abstract=any(meaning.get(name) == "notSelectable" and value == "true" for name, value in said),
        )
        known.setdefault(code, number)
        if parent in known:
            gathered.parents[number].append(known[parent])
        upward += [(number, value) for name, value in said if meaning.get(name) == "parent"]
        downward += [(value, number) for name, value in said if meaning.get(name) == "child"]
    for number, code in upward:
        if code in known:
            gathered.parents[number].append(known[code])
    for code, number in downward:
        if code in known:
            gathered.parents[known[code]].append(number)
    concepts, astray = gathered.columns(exact=exact)
    declared = [text(one.get("code")) for one in members(tree.get("property"))]
    head = {name: tree[name] for name in _HEAD if name in tree}
    head |= {"properties": sorted({*declared, *used}), "cyclic": astray[:10], "exact": exact}
    return Packed(head, (concepts,))


def words(code: str, concept: Json, fold: Fold) -> str:
    """Return what a filter looks through for a concept: its code, display and designations, folded."""
    said = [code, text(concept.get("display"))]
    said += [text(one.get("value")) for one in members(concept.get("designation"))]
    return " ".join(fold(one) for one in said if one)


def values_of(detail: Detail, name: str) -> list[str]:
    """Return the values of a property of a concept, as text."""
    return [value for code, value in _values(detail) if code == name]


def plain(one: Json) -> str:
    """Return the value[x] of a property as text: a Coding's code, `true`, `12`."""
    for name, value in one.items():
        if name.startswith("value"):
            match value:
                case bool():
                    return "true" if value else "false"
                case dict():
                    return text(value.get("code"))
                case _:
                    return str(value)
    return ""


def _values(concept: Json) -> list[tuple[str, str]]:
    return [(text(one.get("code")), plain(one)) for one in members(concept.get("property"))]


def _meanings(tree: Json) -> dict[str, str]:
    """What the property codes of a system mean: by the URI that it declares, else by HL7's own names."""
    meaning = {name: name for name in _MEANINGS}
    for one in members(tree.get("property")):
        uri = text(one.get("uri"))
        if uri.startswith(_STANDARD):
            meaning[text(one.get("code"))] = uri[len(_STANDARD) :]
    return meaning


def _is_past(said: Iterable[tuple[str, str]], meaning: Mapping[str, str]) -> bool:
    return any(
        (meaning.get(name) == "inactive" and value == "true")
        or (meaning.get(name) == "status" and value in _PAST)
        for name, value in said
    )


def _walk(listed: object) -> Iterator[tuple[Json, str]]:
    """Yield each concept with the code of the one that it is nested under ("" at the top), parents first."""
    waiting = [(one, "") for one in reversed(members(listed))]
    while waiting:
        concept, parent = waiting.pop()
        yield concept, parent
        code = text(concept.get("code"))
        waiting += [(one, code) for one in reversed(members(concept.get("concept")))]
