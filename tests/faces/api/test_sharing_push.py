"""FHIR push of the sharing service: registering, replacing, withdrawing; the inbox; and no other way around it."""

import sys
from pathlib import Path
from typing import Any

import pytest
from api_words import KAEDE, SAKURA, Caller, Region, ids, rules

from kakehashi.core.actors import Institution, InstitutionType

sys.path.append(str(Path(__file__).parents[2] / "services" / "sharing"))
from builders import CLINIC, MEMBER, collection, condition, conditions, deletion, lab, labs, put, referral

from kakehashi.store import institutions

AOBA = Institution(9, CLINIC, "青葉診療所", InstitutionType.CLINIC)
PUSH = "/sharing/bundles"


@pytest.fixture(scope="module")
async def aoba(region: Region) -> Caller:
    async with region.db.transaction() as tx:
        await institutions.put(tx, AOBA)
    return await region.caller(AOBA)


def numbered(tree: Any, number: str) -> Any:
    """A submission under another Bundle.identifier."""
    put(tree, "identifier.value", f"{SAKURA.code}^2026^{number}")
    return tree


@pytest.mark.parametrize("door", [PUSH, "/fhir/Bundle", "/fhir"])
async def test_each_door_registers_replaces_and_withdraws(sakura: Caller, midori: Caller, door: str) -> None:
    tree = conditions()
    first = await sakura.post(door, tree)
    assert first.status_code == 201, first.text
    bundle = first.headers["location"].rpartition("/")[2]
    assert ids((await sakura.get("/fhir/Condition")).json())
    assert ids((await midori.get("/fhir/Condition")).json()) == []
    assert (await sakura.get(f"/fhir/Bundle/{bundle}")).status_code in (
        200,
        404,
    )  # a submission itself is not read
    assert (await sakura.post(door, tree)).status_code == 200
    gone = await sakura.post(door, deletion())
    assert gone.status_code in (200, 204)
    assert ids((await sakura.get("/fhir/Condition")).json()) == []
    assert (await sakura.post(door, deletion())).status_code == 404


async def test_a_lost_reply_to_a_push_is_given_again(sakura: Caller) -> None:
    first = await sakura.post(PUSH, labs(), idempotency_key="push-1")
    again = await sakura.post(PUSH, labs(), idempotency_key="push-1")
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.status_code == 201
    other = await sakura.post(PUSH, numbered(labs(), "else"), idempotency_key="push-1")
    assert (other.status_code, rules(other)) == (422, ["store.idempotency-key"])


async def test_the_same_finding_under_a_new_bundle_identifier_is_refused(sakura: Caller) -> None:
    assert (await sakura.post(PUSH, numbered(conditions(), "one"))).status_code == 201
    twice = await sakura.post(PUSH, numbered(conditions(), "two"))
    assert (twice.status_code, set(rules(twice))) == (422, {"C1.submission.new-identifier"})
    assert (await sakura.post(PUSH, numbered(conditions(), "one"))).status_code == 200


async def test_parts_of_a_submission_are_changed_by_the_submission_only(sakura: Caller) -> None:
    await sakura.post(PUSH, numbered(labs(), "parts"))
    found = (await sakura.get("/fhir/Observation?_count=1")).json()["entry"][0]["resource"]
    path = f"/fhir/Observation/{found['id']}"
    for answer in (await sakura.put(path, found), await sakura.delete(path)):
        assert (answer.status_code, rules(answer)) == (409, ["record.of-submission"])
    put_bundle = await sakura.put("/fhir/Bundle/any", {**conditions(), "id": "any"})
    assert (put_bundle.status_code, rules(put_bundle)) == (400, ["sharing.put"])


async def test_a_referral_waits_in_the_inbox_of_its_addressee_alone(
    region: Region, sakura: Caller, aoba: Caller, midori: Caller
) -> None:
    sent = await sakura.post(PUSH, referral())
    assert sent.status_code == 201, sent.text
    reference = "Bundle/" + sent.headers["location"].rpartition("/")[2]
    [waiting] = (await aoba.get("/sharing/inbox")).json()["documents"]
    assert (waiting["reference"], waiting["fetchable"]) == (reference, False)
    assert (await aoba.get(f"/fhir/{reference}")).status_code == 404
    assert (await sakura.post(f"{PUSH}?consent=oral", referral())).status_code == 200
    [ready] = (await aoba.get("/sharing/inbox")).json()["documents"]
    assert (ready["fetchable"], ready["sender"]["name"]) == (True, SAKURA.name)
    assert (await aoba.get(f"/fhir/{reference}")).json()["type"] == "document"
    assert (await midori.get(f"/fhir/{reference}")).status_code == 404
    assert (await midori.get("/sharing/inbox")).json()["documents"] == []


async def test_what_breaks_the_guide_is_refused_with_every_rule_and_place(
    region: Region, sakura: Caller
) -> None:
    tree = conditions()
    put(tree, "entry.1.resource.identifier")
    wrong = await sakura.post(PUSH, numbered(tree, "wrong"))
    assert wrong.status_code == 422
    assert all("expression" in one or "location" in one for one in wrong.json()["issue"])
    pharmacy = await region.caller(KAEDE)
    assert (await pharmacy.post(PUSH, conditions())).status_code in (403, 422)
    assert MEMBER not in wrong.text
    two_kinds = numbered(collection("Observation", lab(), condition()), "two-kinds")
    assert (await sakura.post(PUSH, two_kinds)).status_code == 422
