"""Synthetic people as Patient resources, and the institutions that register them."""

from datetime import UTC, datetime
from typing import Any

import orjson

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.fhir.parse import Resource, parse
from kakehashi.people.identifiers import LOCAL_PREFIX, MEMBER_SYSTEM

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MEMBER = "06139877:8740:32483467:02"
KANA = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"

NORTH = Institution(1, "1310000001", "北病院 (架空)", InstitutionType.HOSPITAL)
SOUTH = Institution(2, "1310000002", "南診療所 (架空)", InstitutionType.CLINIC)
EAST = Institution(3, "1310000003", "東病院 (架空)", InstitutionType.HOSPITAL)
OFFICE = Institution(0, "0000000000", "運用機関 (架空)", InstitutionType.OPERATOR)


def actor(institution: Institution = NORTH, role: Role = Role.SYSTEM) -> Actor:
    """Somebody who acts for an institution."""
    return Actor(f"{role.value}@{institution.key}", role, institution, Purpose.ADMINISTRATION)


OPERATOR = actor(OFFICE, Role.OPERATOR)


def patient(
    id: str = "a",  # noqa: A002
    *,
    name: str = "田中 健太",
    kana: str = "タナカ ケンタ",
    birth: str = "1980-04-01",
    sex: str = "male",
    address: str = "東京都板橋区大宮2丁目13-13",
    phone: str = "",
    member: str = "",
    number: str = "",
    at: Institution = NORTH,
    identifiers: tuple[tuple[str, str], ...] = (),
) -> Resource:
    """A Patient as an institution sends it; empty arguments leave the element out."""
    said = [*identifiers]
    if number:
        said.append((LOCAL_PREFIX + at.code, number))
    if member:
        said.append((MEMBER_SYSTEM, member))
    names = [_name(text, code) for text, code in ((name, "IDE"), (kana, "SYL")) if text]
    tree: dict[str, Any] = {
        "resourceType": "Patient",
        "id": id,
        "identifier": [{"system": system, "value": value} for system, value in said],
        "name": names,
        "gender": sex,
        "birthDate": birth,
        "address": [{"text": address}] if address else [],
        "telecom": [{"system": "phone", "value": phone}] if phone else [],
    }
    return parse(orjson.dumps({key: value for key, value in tree.items() if value}))


def _name(text: str, code: str) -> dict[str, Any]:
    family, _, given = text.partition(" ")
    parts: dict[str, Any] = {"text": text, "extension": [{"url": KANA, "valueCode": code}]}
    return parts | ({"family": family, "given": [given]} if given else {})
