"""What clinosim gets wrong is mended or dropped, and counted. Resources are shaped as version 0.6.5 writes them."""

from collections import Counter
from typing import Any

import pytest

from kakehashi.samples import systems
from kakehashi.samples.repair import ROUNDS_A_DAY, repaired
from kakehashi.samples.trees import codes_of

ALLERGEN = "http://jpfhir.jp/fhir/core/CodeSystem/JP_JfagyFoodAllergen_CS"


def mended(resource: dict[str, Any]) -> dict[str, Any] | None:
    return next(repaired([{"id": "1"} | resource], Counter()), None)


def vital(hour: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": str(hour),
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"text": "脈拍"},
        "effectiveDateTime": f"2026-01-05T{hour:02d}:00:00+09:00",
        "valueQuantity": {"value": 70},
    }


def test_a_placeholder_allergen_becomes_the_allergen_that_the_words_name():
    found = mended(
        {
            "resourceType": "AllergyIntolerance",
            "code": {"text": "小麦", "coding": [{"system": ALLERGEN, "code": "00F", "display": "食品"}]},
        }
    )
    assert found and found["code"]["coding"][0] == {
        "system": ALLERGEN,
        "code": "J9FA15000000",
        "display": "小麦",
    }


def test_no_known_allergy_is_dropped_because_it_is_written_as_a_resolved_one():
    tally: Counter[str] = Counter()
    given = {"resourceType": "AllergyIntolerance", "id": "1", "code": {"text": "アレルギー歴なし"}}
    assert list(repaired([given], tally)) == []
    assert tally == {"dropped: allergy without a known allergen": 1}


@pytest.mark.parametrize("code", ["bacterial_pneumonia", "O42.9"])
def test_a_diagnosis_without_a_name_is_dropped_whatever_stands_for_its_code(code: str):
    tally: Counter[str] = Counter()
    coding = {"system": systems.ICD10, "code": code, "display": "(display unavailable)"}
    named = {"resourceType": "Condition", "id": "2", "code": {"text": "細菌性肺炎"}}
    given = {"resourceType": "Condition", "id": "1", "code": {"coding": [coding], "text": coding["display"]}}
    assert list(repaired([given, named], tally)) == [named]
    assert tally == {"dropped: diagnosis without a name": 1}


def test_a_laboratory_result_loses_the_short_code_keeps_loinc_and_gains_the_core_code():
    found = mended(
        {
            "resourceType": "Observation",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {
                "text": "カリウム",
                "coding": [
                    {"system": "urn:oid:1.2.392.200119.4.1005", "code": "3H015"},
                    {"system": "http://loinc.org", "code": "2823-3"},
                ],
            },
            "valueQuantity": {"value": 4.2, "unit": "mmol/L"},
        }
    )
    assert found and list(codes_of(found["code"])) == ["2823-3", "3H015000002327201"]


def test_a_tumour_marker_loses_the_coding_that_has_no_code():
    tally: Counter[str] = Counter()
    loinc = {"system": "http://loinc.org", "display": "PSA"}
    given = {
        "resourceType": "Observation",
        "id": "1",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"text": "PSA", "coding": [loinc | {"code": ""}, loinc | {"code": "2857-1"}]},
        "valueQuantity": {"value": 1.2},
    }
    [found] = repaired([given], tally)
    assert found["code"]["coding"] == [loinc | {"code": "2857-1"}]
    assert tally["mended: coding without a code"] == 1


def test_crp_is_told_in_milligrams_a_decilitre():
    quantity = {"value": 164.1, "unit": "mg/L", "code": "mg/L"}
    found = mended(
        {
            "resourceType": "Observation",
            "category": [{"coding": [{"code": "laboratory"}]}],
            "code": {"text": "C反応性蛋白(CRP)"},
            "valueQuantity": quantity,
            "referenceRange": [{"high": quantity | {"value": 1.4}}],
        }
    )
    assert found and found["valueQuantity"] == {"value": 16.41, "unit": "mg/dL", "code": "mg/dL"}
    assert found["referenceRange"][0]["high"]["value"] == 0.14


def test_a_drug_code_under_the_wrong_system_becomes_no_code():
    found = mended(
        {
            "resourceType": "MedicationRequest",
            "medicationCodeableConcept": {
                "text": "アスピリン",
                "coding": [{"system": "http://medis.or.jp/CodeSystem/master-HOT7", "code": "1143001"}],
            },
        }
    )
    assert found and list(codes_of(found["medicationCodeableConcept"])) == ["NOCODED"]


@pytest.mark.parametrize(
    ("dosage", "left"),
    [
        ({"text": "皮下注"}, None),  # mad-1: a dosage needs a dose or a rate
        ({"doseAndRate": [{"doseQuantity": {"value": 5}}], "timing": {}}, {"dose": {"value": 5}}),
    ],
)
def test_what_was_given_has_a_dose_or_no_dosage_at_all(dosage: dict[str, Any], left: dict[str, Any] | None):
    found = mended(
        {
            "resourceType": "MedicationAdministration",
            "medicationCodeableConcept": {"text": "x"},
            "dosage": dosage,
        }
    )
    assert found and found.get("dosage") == left


def test_four_rounds_of_a_vital_sign_a_day_are_kept():
    tally: Counter[str] = Counter()
    assert len(list(repaired([vital(hour) for hour in range(24)], tally))) == ROUNDS_A_DAY
    assert tally["dropped: more than four rounds a day"] == 24 - ROUNDS_A_DAY


def test_a_type_that_says_nothing_new_is_left_out_and_counted():
    tally: Counter[str] = Counter()
    assert list(repaired([{"resourceType": "CareTeam", "id": "1"}], tally)) == []
    assert tally == {"left out: CareTeam": 1}
