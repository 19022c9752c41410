"""Searches by value sets and hierarchies: `:in`, `:not-in`, `:below`, `:above`. Codes and people are made up."""

from itertools import count

import pytest
from api_words import Caller, Region, lab
from terminology_words import DISEASES, HEART, diseases, of, value_set

from kakehashi.core.actors import Role
from kakehashi.trust.signin import setup

_CODES = ("E", "E10", "E11", "E11.2", "N", "N18", "I50")
_NUMBERS = count(1)


@pytest.fixture(scope="module", autouse=True)
async def loaded(region: Region) -> Caller:
    operator = await region.caller(setup.OPERATOR, Role.OPERATOR)
    await operator.made(diseases())
    await operator.made(value_set(HEART, {"system": DISEASES, "concept": [{"code": "I50"}]}))
    await operator.made(value_set("http://example.jp/fhir/ValueSet/kidney", of("is-a", "N")))
    return operator


@pytest.fixture
async def ill(sakura: Caller, taro: str) -> str:
    """A synthetic patient with each of the diseases once."""
    for code in _CODES:
        coding = {"system": DISEASES, "code": code}
        await sakura.made(
            {"resourceType": "Condition", "subject": {"reference": taro}, "code": {"coding": [coding]},
             "clinicalStatus": {"coding": [{
                 "system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}
        )  # fmt: skip
    return taro


async def found(caller: Caller, person: str, query: str) -> list[str]:
    answer = await caller.get(f"/fhir/Condition?patient={person}&{query}")
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return sorted(one["resource"]["code"]["coding"][0]["code"] for one in entries)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        (f"code:below={DISEASES}|E11", ["E11", "E11.2"]),
        (f"code:below={DISEASES}|N", ["E11.2", "N", "N18"]),
        (f"code:above={DISEASES}|E11.2", ["E", "E11", "E11.2", "N"]),
        (f"code:in={HEART}", ["I50"]),
        (f"code:not-in={HEART}", ["E", "E10", "E11", "E11.2", "N", "N18"]),
        ("code:in=http://example.jp/fhir/ValueSet/kidney", ["E11.2", "N", "N18"]),
        (f"code:in={HEART},http://example.jp/fhir/ValueSet/kidney", ["E11.2", "I50", "N", "N18"]),
        (f"code:in={DISEASES}?fhir_vs=isa/E11", ["E11", "E11.2"]),
        (f"code:below={DISEASES}|E11&code:not-in=http://example.jp/fhir/ValueSet/kidney", ["E11"]),
        ("patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender&code=I50", ["I50"]),
        ("clinical-status:in=http://hl7.org/fhir/ValueSet/condition-clinical&code=E", ["E"]),
    ],
)
async def test_records_by_what_terminology_says_of_their_codes(
    sakura: Caller, ill: str, query: str, codes: list[str]
) -> None:
    assert await found(sakura, ill, query) == codes


async def test_a_value_set_by_its_id(sakura: Caller, loaded: Caller, ill: str) -> None:
    name = await loaded.made(
        value_set(f"http://example.jp/fhir/ValueSet/own-{next(_NUMBERS)}", of("=", "E10", "code"))
    )
    assert await found(sakura, ill, f"code:in=ValueSet/{name}") == ["E10"]


async def test_a_hidden_record_is_not_found_by_terms_either(midori: Caller, ill: str) -> None:
    assert await found(midori, ill, f"code:below={DISEASES}|E") == []


@pytest.mark.parametrize(
    "query",
    [
        "code:in=http://example.jp/none",
        "code:in=ValueSet/none",
        "code:below=urn:none|E",
        f"code:below={DISEASES}|E99",
        "code:below=E",
    ],
)
async def test_what_terminology_does_not_know_is_refused_and_named(
    sakura: Caller, taro: str, query: str
) -> None:
    answer = await sakura.get(f"/fhir/Condition?patient={taro}&{query}")
    assert 400 <= answer.status_code < 500 and answer.status_code != 404
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_a_token_that_may_not_read_value_sets_cannot_search_by_them(region: Region, taro: str) -> None:
    narrow = await region.caller(scope="system/Condition.rs")
    assert (await narrow.get(f"/fhir/Condition?patient={taro}&code:in={HEART}")).status_code == 403
    assert (await narrow.get(f"/fhir/Condition?patient={taro}&code={DISEASES}|E")).status_code == 200


async def test_a_condition_of_a_write_takes_codes_only(sakura: Caller, taro: str) -> None:
    answer = await sakura.post("/fhir/Observation", lab(taro), if_none_exist=f"code:in={HEART}")
    assert answer.status_code == 400 and "system|code" in answer.text
