"""The shape that every service has: what it is called, what law it stands on, what it takes and who may do what."""

from dataclasses import dataclass

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done in a service, and who may do it. `roles` empty would mean nobody."""

    name: str
    ja: str
    en: str
    roles: frozenset[Role]
    institutions: frozenset[InstitutionType]


@dataclass(frozen=True, slots=True)
class Service:
    """A national system as a declaration."""

    name: str  # folder and path: "sharing"
    ja: str
    en: str
    law: str  # the legal source
    kinds: tuple[Kind, ...]  # kinds of record it takes or shows
    operations: tuple[Operation, ...]
    pages: tuple[str, ...]  # paths of its pages
