"""From a resource that was read to what the store keeps of it. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.kinds import Kind
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.facts import clinical_time, flags_of, kind_of
from kakehashi.fhir.index import index
from kakehashi.fhir.parse import Resource
from kakehashi.store.rows import Draft

_ADDRESS = re.compile(r"https?://.*/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})", re.ASCII)


def draft_of(
    resource: Resource, person: int, by: Actor, at: datetime, *,
    kind: Kind | None = None, addressee: int = 0, origin: int = 0,
) -> Draft:  # fmt: skip
    """Return what the store keeps of a resource: its flags, time and index, and its kind where that is not known."""
    return Draft(
        resource.type,
        resource.id or "",
        person,
        kind_of(resource) if kind is None else kind,
        by.institution.key,
        clinical_time(resource) or at,
        resource.body,
        index(resource),
        addressee,
        flags_of(resource),
        origin,
    )


def named(resource: Resource, name: str) -> Resource:
    """Return the resource under the id that the store gives it; the body gets it when it is stored."""
    if resource.id == name:
        return resource
    return Resource(resource.type, name, resource.body, {**resource.tree, "id": name})


def names_of(wishes: Iterable[tuple[Wanted, str]]) -> dict[str, str]:
    """Return what references to other entries of the same transaction become: fullUrl to `Type/id`.

    An entry under an address of another server is also meant by the relative reference that this address ends in.
    Source: https://hl7.org/fhir/R4/bundle.html#references
    """
    names: dict[str, str] = {}
    for wanted, name in wishes:
        if not wanted.full_url:
            continue
        names[wanted.full_url] = new = f"{wanted.type}/{name}"
        address = _ADDRESS.fullmatch(wanted.full_url)
        if address and wanted.method is Method.CREATE:
            names[address[1]] = new
    return names
