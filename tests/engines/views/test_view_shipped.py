"""The views that ship compile without a warning, and find what Japanese records say. All persons are synthetic."""

from typing import Any

import pytest

from kakehashi.engines.views.shipped import shipped
from kakehashi.engines.views.tables import schema_of
from kakehashi.fhir.views.compiling import view_of
from kakehashi.terms import japan

JP = japan.JP


@pytest.mark.parametrize("name", shipped())
def test_a_view_that_ships_is_whole(name: str) -> None:
    view = view_of(shipped()[name])
    assert view.name == name and view.title and not view.warnings
    assert view.columns[0].name == "key"
    assert len(schema_of(view)) == len(view.columns)


def rows_of(name: str, tree: dict[str, Any]) -> list[dict[str, Any]]:
    view = view_of(shipped()[name])
    return [dict(zip((one.name for one in view.columns), row, strict=True)) for row in view.rows(tree)]


def coded(system: str, code: str) -> dict[str, Any]:
    return {
        "coding": [{"system": "http://other", "code": "-"}, {"system": system, "code": code}],
        "text": "見本",
    }


LABORATORY = [
    {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}
        ]
    }
]


@pytest.mark.parametrize(
    "system", sorted({*japan.JLAC10_ALIASES, *(one for one in japan.LAB_CORE if "JLAC10" in one)})
)
def test_a_laboratory_result_has_its_jlac10_whatever_the_system_is_called(system: str) -> None:
    lab = {
        "resourceType": "Observation", "id": "o", "category": LABORATORY, "code": coded(system, "3F077000002327101"),
        "subject": {"reference": "Patient/p"}, "valueQuantity": {"value": 142, "unit": "mg/dL"},
    }  # fmt: skip
    [row] = rows_of("jp_lab_results", lab)
    assert (row["jlac10"], row["patient"], row["value"], row["unit"]) == (
        "3F077000002327101",
        "Patient/p",
        142,
        "mg/dL",
    )
    assert rows_of("jp_lab_results", {**lab, "category": []}) == []


def test_medicines_have_the_codes_of_yj_and_hot() -> None:
    codes = [
        {"system": japan.YJ, "code": "2149044F1028"},
        {"system": "http://medis.or.jp/CodeSystem/master-HOT9", "code": "103835401"},
    ]
    order = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "medicationCodeableConcept": {"coding": codes, "text": "見本錠"},
    }
    [row] = rows_of("jp_prescriptions", order)
    assert (row["yj"], row["hot9"], row["hot7"], row["medicine"]) == (
        "2149044F1028",
        "103835401",
        None,
        "見本錠",
    )


@pytest.mark.parametrize("system", sorted(japan.ICD10))
def test_conditions_have_their_icd10(system: str) -> None:
    [row] = rows_of("jp_conditions", {"resourceType": "Condition", "id": "c", "code": coded(system, "E113")})
    assert (row["icd10"], row["disease"]) == ("E113", "見本")


def test_a_patient_has_names_in_kanji_and_kana() -> None:
    def name(family: str, kind: str) -> dict[str, Any]:
        return {
            "family": family,
            "text": f"{family} 花",
            "extension": [{"url": japan.NAME_REPRESENTATION, "valueCode": kind}],
        }

    identifier = [{"system": japan.MEMBER_ID, "value": "00000000:1:2:00"}]
    tree = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": identifier,
        "name": [name("ミホン", "SYL"), name("見本", "IDE")],
    }
    [row] = rows_of("jp_patients", tree)
    found = (row["family"], row["name_kana"], row["member_id"], row["key"])
    assert found == ("見本", "ミホン 花", "00000000:1:2:00", "Patient/p")
