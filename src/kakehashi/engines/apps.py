"""What an app is told of whom it is about: the Patient it may read, and who uses it. Through the window.

A human has a Patient at each institution. An app is told the one that the institution it is used at wrote, else the
newest that may be seen. Source: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

from dataclasses import replace
from datetime import datetime

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import NotFound
from kakehashi.core.kinds import Kind
from kakehashi.engines.house import House
from kakehashi.engines.records import look
from kakehashi.engines.records.asked import Asked
from kakehashi.engines.records.search import search
from kakehashi.search.parse import parse_query
from kakehashi.store import accounts
from kakehashi.store.rows import Row
from kakehashi.trust import roles

_NOT_SEEN = (
    "この人の患者基本情報は、いまのあなたに開いている範囲にありません。",
    "No Patient of this person is within what is open to you now.",
)


async def context_of(house: House, asked: Asked, person: int, encounter: str = "") -> dict[str, str]:
    """Return `patient` (and `encounter`) as an app is told them. Raises NotFound where the window shows no Patient."""
    kinds = Kind.PATIENT.bit | (Kind.VISIT.bit if encounter else 0)
    rows = (await look.record(house, asked, person, kinds=kinds)).rows
    patients = [row for row in rows if row.type == "Patient"]
    if not patients:
        raise NotFound(*_NOT_SEEN, rule="apps.patient")
    told = {"patient": max(patients, key=lambda row: _fitness(row, asked.actor)).id}
    if any(row.type == "Encounter" and row.id == encounter for row in rows):
        told["encounter"] = encounter
    return told


async def user_of(house: House, asked: Asked, address: str) -> str:
    """Return the address of the resource that stands for who uses an app (`fhirUser`), "" where there is none.

    A person: the Patient of their own record, whomever they act for now. Staff: the one Practitioner of their
    institution that bears their licence number or user id. `address`: our public one.
    """
    found = await (_own_patient if asked.actor.role is Role.PERSON else _own_practitioner)(house, asked)
    return f"{address}/fhir/{found}" if found else ""


async def _own_patient(house: House, asked: Asked) -> str:
    async with house.db.transaction() as tx:
        account = await accounts.by_id(tx, asked.actor.subject)
    if account is None or account.person is None:
        return ""
    own = replace(asked, actor=replace(asked.actor, person=account.person, acts_for=""))
    try:
        return f"Patient/{(await context_of(house, own, account.person))['patient']}"
    except NotFound:
        return ""


async def _own_practitioner(house: House, asked: Asked) -> str:
    actor = asked.actor
    async with house.db.transaction() as tx:
        account = await accounts.by_id(tx, actor.subject)
    known_by = ",".join(filter(None, (actor.licence, account.login if account else "")))
    if not known_by or not roles.permits(actor, "search", resource_type="Practitioner"):
        return ""
    query = parse_query("Practitioner", [("identifier", known_by)], at=asked.at)
    rows = (await search(house, asked, query)).rows
    own = [row.id for row in rows if row.custodian == actor.institution.key]
    return f"Practitioner/{own[0]}" if len(own) == 1 else ""


def _fitness(row: Row, actor: Actor) -> tuple[bool, datetime]:
    return row.custodian == actor.institution.key, row.changed_at
