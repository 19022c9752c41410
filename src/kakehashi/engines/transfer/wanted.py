"""What a job is for and how far it is: values that are kept as JSON with the job, and the steps that an export takes.

Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.engines.records.asked import PERSONS

Level = Literal["system", "patient", "group"]
Section = Literal["output", "deleted", "error"]
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
BEFORE_ALL = (-1, -(2**63))  # before every (person, rid)
BEHIND_NOBODY = (0, 2**63 - 1)  # before the rows of every person, behind those about nobody
_MILLISECOND = timedelta(milliseconds=1)


class Export(msgspec.Struct, frozen=True):
    """What an export is asked for. `filters`: for a type, searches of which one must find a resource.

    `patients`: ids of Patients that it is about, None where nobody is named. `elements`: names, with or without a type.
    """

    request: str  # the address that asked
    level: Level
    types: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    elements: tuple[str, ...] = ()
    filters: dict[str, tuple[str, ...]] = {}
    patients: tuple[str, ...] | None = None

    def span(self, began: datetime) -> tuple[datetime, datetime]:
        """Return from and before when what is wanted was stored: after `since`, until the job began to read."""
        low = EARLIEST if self.since is None else _whole(self.since) + _MILLISECOND
        last = began if self.until is None else min(self.until, began)
        return low, _whole(last) + _MILLISECOND

    def elements_of(self, resource_type: str) -> tuple[str, ...]:
        """Return the elements that are wanted of a type; none: all of them."""
        mine = [
            one.removeprefix(f"{resource_type}.")
            for one in self.elements
            if not one[0].isupper() or one.startswith(f"{resource_type}.")
        ]
        return tuple(mine)

    @property
    def first(self) -> tuple[int, int]:
        """The place before the first row that is meant."""
        return BEFORE_ALL if self.level == "system" else BEHIND_NOBODY


class Import(msgspec.Struct, frozen=True):
    """What an import is asked for: files that were sent along or are to be fetched."""

    request: str
    inputs: tuple["Input", ...]


class Input(msgspec.Struct, frozen=True):
    """One file of NDJSON: `name` in the job's folder once it is here, `url` where it is fetched from ("": sent along).

    `type`: the type that every resource in it must have, "" for any.
    """

    name: str
    url: str = ""
    type: str = ""


class File(msgspec.Struct):
    """One file of a job: `count` lines and `bytes` of it are good, whatever lies behind them."""

    name: str
    type: str
    section: Section
    count: int = 0
    bytes: int = 0


class Place(msgspec.Struct, frozen=True):
    """How far a job is. `after`: the last row's keys, or a search's cursor in `cursor`; `count`: resources so far."""

    step: int = 0
    after: tuple[int, int] | None = None
    cursor: str = ""
    count: int = 0
    stored: dict[str, int] = {}  # of an import, by type
    offset: int = 0  # of an import: bytes of the input that are done
    line: int = 0


class Step(NamedTuple):
    """A part of an export: rows of types by their keys, matches of one type's filters, or deletions."""

    kind: Literal["rows", "matches", "deleted"]
    types: tuple[str, ...]
    patients: tuple[str, ...] | None


def steps_of(export: Export) -> list[Step]:
    """Return the steps of an export, the same each time: a job that is taken up again goes on by their number."""
    return list(_steps(export))


def _steps(export: Export) -> Iterator[Step]:
    plain = tuple(one for one in export.types if one not in export.filters)
    for patients in _batches(export.patients):
        if plain:
            yield Step("rows", plain, patients)
        for one in export.types:
            if one in export.filters:
                yield Step("matches", (one,), patients)
        if export.since is not None:
            yield Step("deleted", export.types, patients)


def _batches(patients: tuple[str, ...] | None) -> Iterator[tuple[str, ...] | None]:
    if patients is None:
        yield None
        return
    for start in range(0, len(patients), PERSONS):
        yield patients[start : start + PERSONS]


def _whole(at: datetime) -> datetime:
    """Return a moment in whole milliseconds: as finely as `transactionTime` and `lastUpdated` are told."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


class _Who(msgspec.Struct, frozen=True):
    subject: str
    role: Role
    purpose: Purpose
    institution: tuple[int, str, str, InstitutionType]
    person: int | None
    factors: int
    scopes: tuple[str, ...]
    acts_for: str = ""
    app: str = ""


def who(actor: Actor) -> str:
    """Return an actor as JSON; licence and rights are asked anew by whoever acts for them."""
    place = actor.institution
    said = _Who(
        actor.subject, actor.role, actor.purpose, (place.key, place.code, place.name, place.type),
        actor.person, actor.factors, actor.scopes, actor.acts_for, actor.app,
    )  # fmt: skip
    return msgspec.json.encode(said).decode()


def actor_of(text: str) -> Actor:
    """Return the actor that `who` wrote down."""
    said = msgspec.json.decode(text, type=_Who)
    return Actor(
        said.subject, said.role, Institution(*said.institution), said.purpose, person=said.person,
        factors=said.factors, scopes=said.scopes, acts_for=said.acts_for, app=said.app,
    )  # fmt: skip
