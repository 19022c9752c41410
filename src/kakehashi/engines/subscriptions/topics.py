"""A SubscriptionTopic, as R4 carries it: a Basic with the extensions that R5's elements have become. Pure.

Sources: https://hl7.org/fhir/R5/subscriptiontopic.html, https://hl7.org/fhir/versions.html#extensions,
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/topic-discovery.html.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kakehashi.fhir.parse import Tree
from kakehashi.fhir.types import NUMBER

TYPES = "http://hl7.org/fhir/fhir-types"
_ELEMENT = re.compile(
    r"http://hl7\.org/fhir/(?:4\.3|5\.0)/StructureDefinition/extension-SubscriptionTopic\.(\w+)"
)
INTERACTIONS = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Trigger:
    """What sets an event off. Searches without the type; "" for none. `for_…`: what a test that cannot be made is."""

    type: str
    interactions: frozenset[str]
    current: str = ""
    previous: str = ""
    for_create: bool | None = None
    for_delete: bool | None = None
    both: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: its canonical, what triggers it, and which parameters may narrow it, by type ("" for any)."""

    url: str
    triggers: tuple[Trigger, ...]
    filters: dict[str, set[str]] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()  # what it asks for that this server does not do

    def may_filter(self, resource_type: str, name: str) -> bool:
        """Say whether a subscriber may narrow by a parameter; a topic that lists none leaves it open."""
        if not self.filters:
            return True
        return name in self.filters.get(resource_type, set()) | self.filters.get("", set())


def topic_of(tree: Tree) -> Topic | None:
    """Return the topic that a Basic is, None where it is none."""
    codings = tree.get("code", {}).get("coding", ())
    if not any(one.get("system") == TYPES and one.get("code") == "SubscriptionTopic" for one in codings):
        return None
    url, triggers, filters, beyond = "", [], dict[str, set[str]](), []
    for element, one in _elements(tree):
        if element == "url":
            url = str(_value(one))
        elif element == "resourceTrigger":
            triggers.append(_trigger(one))
            beyond += [name for name in ("fhirPathCriteria",) if any(_parts(one, name))]
        elif element == "eventTrigger":
            beyond.append(element)
        elif element == "canFilterBy":
            types = [_type(_value(part)) for part in _parts(one, "resource")] or [""]
            for kind in types:
                filters.setdefault(kind, set()).update(
                    str(_value(part)) for part in _parts(one, "filterParameter")
                )
    beyond += [one.type for one in triggers if one.type not in NUMBER]
    return Topic(url, tuple(triggers), filters, tuple(beyond)) if url else None


def _elements(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for one in tree.get("extension", ()):
        if found := _ELEMENT.fullmatch(str(one.get("url", ""))):
            yield found[1], one


def _trigger(one: Tree) -> Trigger:
    told = [str(_value(part)) for part in _parts(one, "supportedInteraction")]
    criteria = next(iter(_parts(one, "queryCriteria")), {})
    said = {str(part.get("url")): _value(part) for part in criteria.get("extension", ())}
    kind = next((_type(_value(part)) for part in _parts(one, "resource")), "")
    return Trigger(
        kind,
        INTERACTIONS & set(told) if told else INTERACTIONS,
        _search(kind, said.get("current")),
        _search(kind, said.get("previous")),
        _counts(said.get("resultForCreate")),
        _counts(said.get("resultForDelete")),
        said.get("requireBoth") is True,
    )


def _parts(one: Tree, name: str) -> Iterator[Tree]:
    return (part for part in one.get("extension", ()) if part.get("url") == name)


def _value(one: Tree) -> Any:
    return next((value for key, value in one.items() if key.startswith("value")), "")


def _type(uri: Any) -> str:
    return str(uri).rpartition("/")[2]


def _search(kind: str, text: Any) -> str:
    """The search without its type: both `status=final` and `Observation?status=final` are written."""
    return str(text or "").removeprefix(f"{kind}?").removeprefix("?")


def _counts(code: Any) -> bool | None:
    return {"test-passes": True, "test-fails": False}.get(str(code))
