"""Contained resources and the references to them (dom-2 to dom-5, ref-1), from what the walk gathered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kakehashi.core.errors import Problem
from kakehashi.fhir.validation import says


@dataclass(frozen=True, slots=True)
class Link:
    """A `#name` found in a resource."""

    name: str  # "" for a bare "#": the container
    targets: tuple[str, ...] | None  # types it may point at; None for a uri, which is no Reference
    place: str
    inside: int | None  # the contained resource that holds it


def contained_problems(tree: dict[str, Any], place: str, links: list[Link]) -> Iterator[Problem]:
    """Yield the problems of a resource's contained resources, and of local references without a target."""
    held = tree.get("contained")
    contained = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    types = {str(one.get("id")): str(one.get("resourceType")) for one in contained if "id" in one}
    yield from _dangling(types, links)
    called = {link.name for link in links if link.name}
    callers = {link.inside for link in links if not link.name}
    for number, one in enumerate(contained):
        at = f"{place}.contained[{number}]"
        if str(one.get("id")) not in called and number not in callers:
            yield says.by_hand(at, "dom-3", "Refer to the contained resource by #id from elsewhere.")
        yield from _forbidden(one, at)


def _dangling(types: dict[str, str], links: list[Link]) -> Iterator[Problem]:
    for link in links:
        if link.targets is None or (not link.name and link.inside is not None):
            continue
        if link.name not in types:
            yield says.by_hand(link.place, "ref-1", "There is no contained resource with this id.")
        elif link.targets and types[link.name] not in link.targets:
            yield says.reference_target(link.place, types[link.name], link.targets)


def _forbidden(one: dict[str, Any], at: str) -> Iterator[Problem]:
    held = one.get("meta")
    meta = held if isinstance(held, dict) else {}
    if "contained" in one:
        yield says.by_hand(f"{at}.contained", "dom-2", "A contained resource may not contain another.")
    if meta.keys() & {"versionId", "lastUpdated", "_versionId", "_lastUpdated"}:
        yield says.by_hand(f"{at}.meta", "dom-4", "A contained resource has no versionId and no lastUpdated.")
    if "security" in meta:
        yield says.by_hand(f"{at}.meta.security", "dom-5", "A contained resource has no security label.")
