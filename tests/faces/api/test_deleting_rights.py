"""Who may delete is asked of the kind of what is stored: a DELETE says only its type."""

import pytest
from api_words import SAKURA, Caller, Region, lab

from kakehashi.core.actors import Role


@pytest.mark.parametrize(
    ("role", "may"), [(Role.PHARMACIST, False), (Role.NURSE, False), (Role.DOCTOR, True)]
)
async def test_nobody_deletes_what_they_could_not_write(
    region: Region, sakura: Caller, taro: str, role: Role, may: bool
) -> None:
    """A pharmacist writes what was handed out, and no results; not even of their own hospital."""
    name = await sakura.made(lab(taro))
    caller = await region.caller(SAKURA, role)
    for address in (f"/fhir/Observation/{name}", f"/fhir/Observation?_id={name}"):
        answer = await caller.delete(address)
        assert (answer.status_code < 300) is may, answer.text
        assert may or answer.status_code == 403
    assert (await sakura.get(f"/fhir/Observation/{name}")).status_code == (410 if may else 200)


async def test_a_pharmacist_deletes_what_was_handed_out(region: Region, sakura: Caller, taro: str) -> None:
    body = {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "subject": {"reference": taro},
        "medicationCodeableConcept": {"text": "見本錠"},
    }
    name = await sakura.made(body)
    pharmacist = await region.caller(SAKURA, Role.PHARMACIST)
    assert (await pharmacist.delete(f"/fhir/MedicationDispense/{name}")).status_code == 204
