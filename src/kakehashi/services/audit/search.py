"""Searching the log. Whoever searches leaves an entry too; persons appear under a mark that names nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

import orjson

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.look import Asked
from kakehashi.people.folding import fold_name
from kakehashi.services.audit.rules import Finding, Look, unusual
from kakehashi.store import desk_log, institutions, log_append, reach
from kakehashi.store.reach import WHOLE_LOG
from kakehashi.trust import roles
from kakehashi.trust.roles import LICENSED, Interaction
from kakehashi.trust.signin import refusals

PAGE = 100  # entries
LONGEST = timedelta(days=31)  # of one search
_MOST_LOOKS = 20_000  # looks that one review takes in; older ones are reviewed with an earlier period
LOOKING = ("view", "read", "vread", "search", "history", "export", "person.find", "eligibility")
_AT_WORK = tuple(sorted(role.value for role in (*LICENSED, Role.CLERK, Role.INSURER, Role.MUNICIPALITY)))


@dataclass(frozen=True, slots=True)
class Asking:
    """What is searched for. `action`: how it begins."""

    start: datetime
    end: datetime
    institution: int | None = None
    action: str = ""
    below: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as an auditor reads it. `who`: a name, a system's id, "" for a person; `person`: a mark or ""."""

    seq: int
    at: datetime
    who: str
    role: str
    institution: int
    action: str
    what: str
    because: str
    reason: str
    count: int
    person: str


_NUMBERS = re.compile(r"[:/][^+]*")  # which consent, whose log: the basis is said, not whom it names


def mark_of(person: int) -> str:
    """Return a mark that is the same for the same person and names nobody; "" for person 0."""
    return blake2b(str(person).encode(), digest_size=4, person=b"auditmark").hexdigest() if person else ""


async def search(house: House, asked: Asked, asking: Asking) -> list[Line]:
    """Return a page of entries, newest first. Raises Refused; the search is logged."""
    roles.require(asked.actor, Interaction.LOG_READ)
    own = _reach(asked)
    async with house.db.transaction() as db:
        await reach.open_on(db, WHOLE_LOG)
        rows = await desk_log.search(
            db,
            asking.start,
            asking.end,
            institution=asking.institution if own is None else own,
            action=asking.action,
            below=asking.below,
            most=PAGE,
        )
        said = [(row, orjson.loads(row["entry"])) for row in rows]
        names = await desk_log.account_names(db, {one["who"] for _, one in said})
        note = Note(asked.actor, "log.search", "Log", "audit", asked.request)
        await log_append.append(db, note, (), at=asked.at)
    return [
        Line(
            row["seq"], row["at"], _who(one["who"], one["role"], names), one["role"], one["institution"], one["action"],
            one["what"], _basis(one), one["reason"], one["count"], mark_of(row["person"]),
        )
        for row, one in said
    ]  # fmt: skip


async def review(
    house: House, asked: Asked, start: datetime, end: datetime
) -> tuple[list[Finding], dict[str, str]]:
    """Return the unusual looks of a period and the names of who looked, by account. Raises Refused; logged."""
    roles.require(asked.actor, Interaction.LOG_READ)
    own = _reach(asked)
    async with house.db.transaction() as db:
        await reach.open_on(db, WHOLE_LOG)
        rows = await desk_log.looks(db, start, end, actions=LOOKING, roles=_AT_WORK, most=_MOST_LOOKS)
        said = [(row, orjson.loads(row["entry"])) for row in rows]
        said = [(row, one) for row, one in said if own in (None, one["institution"])]
        names = await desk_log.account_names(db, {one["who"] for _, one in said})
        families = await desk_log.families(db, {row["person"] for row, _ in said})
        types = {one.key: one.type for one in await institutions.every(db)}
        await log_append.append(
            db, Note(asked.actor, "log.review", "Log", "audit", asked.request), (), at=asked.at
        )
    found = unusual(
        [
            Look(
                row["seq"], row["at"], one["who"], one["institution"],
                types.get(one["institution"], InstitutionType.OPERATOR), one["action"], row["person"],
                families.get(row["person"], ""), _family(names.get(one["who"], "")),
            )
            for row, one in said
        ]
    )  # fmt: skip
    return found, names


def _reach(asked: Asked) -> int | None:
    """The operator's auditor reads everything, an institution's its own."""
    place = asked.actor.institution
    return None if place.type is InstitutionType.OPERATOR else place.key


def _basis(entry: Mapping[str, str]) -> str:
    """On what an act rested, without the numbers of persons and consents; of a refused sign-in, from which network."""
    because = entry["because"]
    return because if entry["action"] == refusals.ACTION else _NUMBERS.sub("", because)


def _who(account: str, role: str, names: dict[str, str]) -> str:
    """Staff by name, a system by its id; a person's own account stays unnamed, else their mark would name them."""
    return "" if role == Role.PERSON.value else names.get(account, account)


def _family(name: str) -> str:
    """The surname, folded: what stands before the blank."""
    first, blank, _ = name.replace("　", " ").partition(" ")
    return fold_name(first) if blank else ""
