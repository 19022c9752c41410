"""Chains and `_has`, and that what the window hides changes no answer."""

import pytest
from search_engines import Found, held, in_memory, in_postgresql
from search_spec import Spec

from kakehashi.core.kinds import Kind
from kakehashi.core.window import Pane, Window
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Observation?subject:Patient.name=山田", {"o1"}),
        ("Observation?patient.name=山田", {"o1"}),
        ("Observation?patient.organization.name=桜台", {"o1"}),
        ("Observation?patient.name=林", {"o2"}),
        ("Patient?_has:Observation:patient:code=718-7", {"p1"}),
        ("Organization?_has:Patient:organization:_has:Observation:patient:code=718-7", {"h"}),
        ("Observation?patient._has:Observation:patient:code=718-7", {"o1"}),
        ("Patient?_has:Observation:subject:code=A", {"p2"}),
    ],
)
async def test_links_lead_from_resource_to_resource(search: Spec, asked: str, found: set[str]) -> None:
    search.given("Organization", "id | name\nh | 桜台総合病院")
    search.given(
        "Patient",
        """
        id | name | managingOrganization
        p1 | [{"family": "山田"}] | {"reference": "Organization/h"}
        p2 | [{"family": "林"}] |
    """,
    )
    search.given(
        "Observation",
        """
        id | subject | code
        o1 | {"reference": "Patient/p1"} | {"coding": [{"code": "718-7"}]}
        o2 | {"reference": "Patient/p2"} | {"coding": [{"code": "A"}]}
    """,
    )
    assert await search(asked) == found


PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "山田"}]}
LAB = {
    "resourceType": "Observation",
    "id": "lab",
    "subject": {"reference": "Patient/p"},
    "code": {"coding": [{"code": "HIV"}]},
}
WITHOUT_LAB = Window((Pane(Kind.PATIENT.bit | Kind.VITAL.bit),))
WITH_LAB = Window((Pane(Kind.PATIENT.bit | Kind.LAB.bit),))
ROWS = [held(PATIENT, kind=Kind.PATIENT), held(LAB, kind=Kind.LAB)]


async def _both(store: Database, window: Window, resource_type: str, name: str, value: str) -> Found:
    query = parse_query(resource_type, [(name, value)])
    found = in_memory(ROWS, query, window)
    assert await in_postgresql(store, ROWS, query, window) == found
    return found


@pytest.mark.parametrize(
    "pair", [("_has:Observation:patient:code", "HIV"), ("_has:Observation:patient:code:not", "A")]
)
async def test_a_hidden_result_does_not_tell_on_its_patient(store: Database, pair: tuple[str, str]) -> None:
    """With the same data, who may see the result finds the patient by it; who may not, does not."""
    assert (await _both(store, WITH_LAB, "Patient", *pair)).ids == ["p"]
    hidden = await _both(store, WITHOUT_LAB, "Patient", *pair)
    assert (hidden.ids, hidden.total) == ([], 0)


async def test_a_hidden_patient_is_no_link_of_a_chain(store: Database) -> None:
    only_lab = Window((Pane(Kind.LAB.bit),))
    assert (await _both(store, only_lab, "Observation", "subject:Patient.name", "山田")).ids == []
    assert (await _both(store, WITH_LAB, "Observation", "subject:Patient.name", "山田")).ids == ["lab"]
