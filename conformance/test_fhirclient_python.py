"""The SMART project's client for Python: its strict models read what we answer, and we read what they write."""

import pytest
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle, BundleEntry, BundleEntryRequest
from fhirclient.models.fhirdate import FHIRDate
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient

from persons import SYSTEM, observation, patient
from standing import CLIENT, Standing

pytestmark = pytest.mark.suite("fhirclient-python")


@pytest.fixture
def smart(server: Standing) -> FHIRClient:
    """A client with a token that it fetched itself, as SMART Backend Services want it."""
    client = FHIRClient(
        settings={
            "app_id": CLIENT,
            "api_base": server.base,
            "scope": "system/*.cruds",
            "jwt_token": server.assertion(),
        }
    )
    client.wants_patient = False
    client.prepare()
    client.authorize()
    assert client.ready
    return client


def test_the_capability_statement_is_read_and_names_where_to_sign_in(smart: FHIRClient) -> None:
    statement = smart.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    assert smart.server.auth.auth_type == "oauth2"


def test_a_patient_is_created_read_updated_and_deleted(smart: FHIRClient) -> None:
    one = Patient(patient("小林"))
    made = Patient(one.create(smart.server))
    assert made.name[0].family == "小林"
    read = Patient.read(made.id, smart.server)
    assert read.as_json() == made.as_json()
    read.birthDate = FHIRDate("1980-05-06")
    read.update(smart.server)
    assert Patient.read(made.id, smart.server).birthDate.isostring == "1980-05-06"
    read.delete(smart.server)
    with pytest.raises(Exception, match="410"):
        Patient.read(made.id, smart.server)


def test_searches_are_performed_page_by_page_with_what_they_include(smart: FHIRClient) -> None:
    who = Patient(Patient(patient("検索")).create(smart.server))
    for value in range(5):
        Observation(observation(f"Patient/{who.id}", value)).create(smart.server)
    search = Observation.where({"patient": who.id, "_count": "2", "_sort": "-value-quantity"})
    found = list(search.perform_resources_iter(smart.server))
    assert [one.valueQuantity.value for one in found] == [4, 3, 2, 1, 0]
    with_patient = Observation.where({"patient": who.id}).include("subject", Observation)
    pages = with_patient.perform_iter(smart.server)
    types = {entry.resource.resource_type for page in pages for entry in page.entry}
    assert types == {"Observation", "Patient"}
    query = {"identifier": f"{SYSTEM}|{who.identifier[0].value}"}
    assert [one.id for one in Patient.where(query).perform_resources_iter(smart.server)] == [who.id]
    between = {"patient": who.id, "value-quantity": {"$and": ["gt1", "lt4"]}}
    assert len(list(Observation.where(between).perform_resources_iter(smart.server))) == 2


def test_a_reference_is_followed(smart: FHIRClient) -> None:
    who = Patient(Patient(patient("参照")).create(smart.server))
    made = Observation(Observation(observation(f"Patient/{who.id}")).create(smart.server))
    assert Patient.read_from(made.subject.reference, smart.server).id == who.id


def test_a_transaction_is_posted(smart: FHIRClient) -> None:
    name = "urn:uuid:5f0c6d9e-4f2a-4e0a-9a43-0d2f6f0b1c11"
    bundle = Bundle({"type": "transaction"})
    bundle.entry = []
    for full_url, resource in ((name, Patient(patient("束"))), (None, Observation(observation(name)))):
        entry = BundleEntry()
        entry.fullUrl, entry.resource = full_url, resource
        entry.request = BundleEntryRequest({"method": "POST", "url": resource.resource_type})
        bundle.entry.append(entry)
    told = Bundle(smart.server.post_json("", bundle.as_json()).json())
    assert [one.response.status[:3] for one in told.entry] == ["201", "201"]


def test_what_is_refused_raises(smart: FHIRClient) -> None:
    wrong = Patient(patient("不可"))
    wrong.gender = "unknwon"
    with pytest.raises(Exception, match="422"):
        wrong.create(smart.server)
