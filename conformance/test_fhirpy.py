"""fhirpy, in both its forms: what its README shows, against a real server."""

import uuid
from typing import Any

import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

from persons import SYSTEM, observation, patient
from standing import Standing

pytestmark = pytest.mark.suite("fhirpy")


def made(client: Any, **body: Any) -> Any:
    """A resource of the client's own, not saved yet."""
    return client.resource(body["resourceType"], **{k: v for k, v in body.items() if k != "resourceType"})


@pytest.fixture
def sync(server: Standing, token: str) -> SyncFHIRClient:
    return SyncFHIRClient(server.base, authorization=f"Bearer {token}")


@pytest.fixture
def client(server: Standing, token: str) -> AsyncFHIRClient:
    return AsyncFHIRClient(server.base, authorization=f"Bearer {token}")


async def test_a_resource_is_saved_read_changed_and_deleted(client: AsyncFHIRClient) -> None:
    one = made(client, **patient("青木"))
    await one.save()
    assert one.id
    assert one.meta.versionId == "1"
    read = await client.reference("Patient", one.id).to_resource()
    assert read.serialize() == one.serialize()
    read["name"][0]["family"] = "赤木"
    await read.save()
    assert read.meta.versionId == "2"
    await one.refresh()
    assert one["name"][0]["family"] == "赤木"
    await one.delete()
    with pytest.raises(ResourceNotFound):
        await client.reference("Patient", one.id).to_resource()


async def test_what_has_not_changed_is_not_sent_again(client: AsyncFHIRClient) -> None:
    """fhirpy says the version in If-None-Match without quotes."""
    one = await made(client, **patient("青木")).save()
    before = one.serialize()
    assert (await one.refresh()).serialize() == before


async def test_some_fields_are_saved_by_patch(client: AsyncFHIRClient) -> None:
    one = await made(client, **patient("青木")).save()
    one["active"] = False
    await one.save(fields=["active"])
    assert (await client.get("Patient", one.id))["active"] is False
    await one.patch(gender="male", name=[{"family": "白木"}])
    told = await client.get("Patient", one.id)
    assert (told["gender"], told["name"], told["active"]) == ("male", [{"family": "白木"}], False)
    told = await client.patch("Patient", one.id, active=None)
    assert "active" not in told


async def test_a_search_is_sorted_counted_and_followed_over_its_pages(client: AsyncFHIRClient) -> None:
    who = await made(client, **patient("頁")).save()
    for value in range(7):
        await made(client, **observation(f"Patient/{who.id}", value)).save()
    found = client.resources("Observation").search(patient=who.to_reference())
    assert await found.count() == 7
    assert len(await found.limit(3).fetch()) == 3
    everything = await found.sort("-value-quantity").limit(3).fetch_all()
    assert [one["valueQuantity"]["value"] for one in everything] == [6, 5, 4, 3, 2, 1, 0]
    assert (await found.sort("value-quantity").first())["valueQuantity"]["value"] == 0
    some = await found.elements("status").limit(1).fetch()
    assert "valueQuantity" not in some[0]


async def test_searches_are_chained_included_and_modified(client: AsyncFHIRClient) -> None:
    family = f"鎖{uuid.uuid4().hex[:8]}"
    who = await made(client, **patient(family)).save()
    one = await made(client, **observation(f"Patient/{who.id}")).save()
    results = client.resources("Observation")
    assert [one.id for one in await results.search(subject__Patient__family=family).fetch()] == [one.id]
    bundle = await results.search(_id=one.id).include("Observation", "subject").fetch_raw()
    assert [one.resource.id for one in bundle.entry] == [one.id, who.id]
    people = client.resources("Patient")
    bundle = await people.search(_id=who.id).revinclude("Observation", "subject").fetch_raw()
    assert {one.resource.id for one in bundle.entry} == {one.id, who.id}
    assert await people.search(family__exact=family).count() == 1
    assert await people.search(family__exact=family, gender__not=["male", "other"]).count() == 1
    assert await people.search(family__contains=family[1:6]).count() == 1
    assert await people.search(family=family, birthdate__gt="2000").count() == 0
    assert await people.search(general_practitioner__Organization__name="無い").count() == 0
    assert (await people.search(family=family).get()).id == who.id


async def test_conditional_create_update_patch_and_delete(client: AsyncFHIRClient) -> None:
    body = patient("条件")
    number = body["identifier"][0]["value"]
    found = client.resources("Patient").search(identifier=f"{SYSTEM}|{number}")
    first, new = await found.get_or_create(made(client, **body))
    again, new_again = await found.get_or_create(made(client, **body))
    assert (new, new_again, again.id) == (True, False, first.id)
    changed, new = await found.update(made(client, **{**body, "gender": "male"}))
    assert (new, changed.id, changed["gender"]) == (False, first.id, "male")
    assert (await found.patch(gender="other"))["gender"] == "other"
    await made(client, **body).save()
    with pytest.raises(MultipleResourcesFound):
        await found.get_or_create(made(client, **body))
    with pytest.raises(MultipleResourcesFound):
        await found.get()
    only = client.resources("Patient").search(_id=first.id)
    _, status = await only.delete()
    assert status == 204
    assert await only.count() == 0


async def test_a_transaction_and_operations_are_executed(client: AsyncFHIRClient) -> None:
    name = f"urn:uuid:{uuid.uuid4()}"
    told = await client.execute(
        "",
        data={
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "fullUrl": name,
                    "resource": patient("取引"),
                    "request": {"method": "POST", "url": "Patient"},
                },
                {"resource": observation(name), "request": {"method": "POST", "url": "Observation"}},
            ],
        },
    )
    assert [one.response.status[:3] for one in told.entry] == ["201", "201"]
    who = client.reference("Patient", told.entry[0].response.location.split("/")[-3])
    everything = await who.execute("$everything", method="get")
    assert {one.resource.resourceType for one in everything.entry} == {"Patient", "Observation"}
    last = await client.resources("Observation").execute(
        "$lastn", method="get", params={"patient": f"Patient/{who.id}", "category": "vital-signs"}
    )
    assert last.type == "searchset"


async def test_validity_is_asked_for_and_mistakes_are_told(client: AsyncFHIRClient) -> None:
    assert await made(client, **patient()).is_valid()
    wrong = made(client, **patient(gender="unknwon"))
    assert not await wrong.is_valid()
    with pytest.raises(OperationOutcome) as told:
        await wrong.is_valid(raise_exception=True)
    assert told.value.resource["issue"][0]["expression"] == ["Patient.gender"]
    with pytest.raises(OperationOutcome):
        await wrong.save()


def test_the_sync_client_does_the_same(sync: SyncFHIRClient) -> None:
    one = made(sync, **patient("同期"))
    one.save()
    for value in range(5):
        made(sync, **observation(f"Patient/{one.id}", value)).save()
    found = sync.resources("Observation").search(patient=one)
    assert found.count() == 5
    assert len(found.limit(2).fetch_all()) == 5
    assert found.sort("-value-quantity").first()["valueQuantity"]["value"] == 4
    one.patch(active=False)
    assert sync.reference("Patient", one.id).to_resource()["active"] is False
    body = patient("同期")
    again = sync.resources("Patient").search(identifier=body["identifier"][0]["value"])
    first, new = again.get_or_create(made(sync, **body))
    second, new_again = again.get_or_create(made(sync, **body))
    assert (new, new_again, first.id) == (True, False, second.id)
    first.delete()
    with pytest.raises(ResourceNotFound):
        sync.reference("Patient", first.id).to_resource()
