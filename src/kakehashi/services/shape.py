"""The shape that every service has: what it is called, what law it stands on, what it takes and who may do what."""

from dataclasses import dataclass

from kakehashi.core.actors import Actor, InstitutionType, Role
from kakehashi.core.kinds import Kind


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done in a service, and who may do it. `roles` empty would mean nobody."""

    name: str
    ja: str
    en: str
    roles: frozenset[Role]
    institutions: frozenset[InstitutionType]

    def open_to(self, actor: Actor) -> bool:
        """Say whether the declaration lets an actor of this role, at this type of institution, do it."""
        return actor.role in self.roles and actor.institution.type in self.institutions


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

    def operation(self, name: str) -> Operation:
        """Return the operation of that name. Raises KeyError."""
        return {one.name: one for one in self.operations}[name]
