"""$lookup, $validate-code, $subsumes and $translate over a made-up classification of diseases."""

from typing import Any

import pytest
from api_words import Caller, Region
from terminology_words import (
    ALL,
    DISEASES,
    HEART,
    MAP,
    OLD,
    ask,
    diseases,
    of,
    parameters,
    to_old,
    told,
    value_set,
    values,
)

from kakehashi.core.actors import Role
from kakehashi.faces.api import terminology
from kakehashi.trust.signin import setup

LOINC = "http://loinc.org"


@pytest.fixture(scope="module", autouse=True)
async def loaded(region: Region) -> Caller:
    operator = await region.caller(setup.OPERATOR, Role.OPERATOR)
    await operator.made(diseases())
    await operator.made(value_set(ALL, {"system": DISEASES}))
    await operator.made(
        value_set(HEART, {"system": DISEASES, "concept": [{"code": "I50", "display": "心臓の不全"}]})
    )
    await operator.made(to_old())
    return operator


def properties(answer: dict[str, Any]) -> dict[str, list[Any]]:
    """The values of the properties of a look-up, by code."""
    found: dict[str, list[Any]] = {}
    for one in answer["parameter"]:
        if one["name"] == "property":
            parts = {
                part["name"]: next(v for k, v in part.items() if k.startswith("value"))
                for part in one["part"]
            }
            found.setdefault(parts["code"], []).append(parts["value"])
    return found


class TestLookup:
    async def test_a_code_is_told_with_names_properties_and_relatives(self, sakura: Caller) -> None:
        answer = await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E11")
        assert values(answer, "name") == "SampleDiseases" and values(answer, "version") == "2026"
        assert values(answer, "display") == "２型糖尿病"
        found = properties(answer)
        assert (found["parent"], found["child"], found["class"]) == (["E"], ["E11.2"], ["chronic"])
        assert found["inactive"] == [False]
        assert [one["name"] for one in answer["parameter"]].count("designation") == 1

    async def test_several_parents_headings_definitions_and_retired_codes(self, sakura: Caller) -> None:
        kidney = properties(await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E11.2"))
        assert kidney["parent"] == ["E11", "N"]
        heading = properties(await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E"))
        assert heading["notSelectable"] == [True] and heading["child"] == ["E10", "E11", "E14"]
        assert properties(await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E14"))[
            "inactive"
        ] == [True]
        first = properties(await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E10"))
        assert first["definition"] == ["インスリン依存性"]

    async def test_only_the_properties_that_are_asked_for(self, sakura: Caller) -> None:
        answer = await told(
            sakura, "CodeSystem/$lookup", system=DISEASES, code="E11", property=["parent", "lang.en"]
        )
        assert list(properties(answer)) == ["parent"]
        assert [one["name"] for one in answer["parameter"]] == [
            "name",
            "version",
            "display",
            "designation",
            "property",
        ]
        assert list(
            properties(
                await told(sakura, "CodeSystem/$lookup", system=DISEASES, code="E11", property="child")
            )
        ) == ["child"]

    async def test_by_coding_in_another_language_and_by_version(self, sakura: Caller) -> None:
        coding = {"system": DISEASES, "code": "E11", "version": "2026"}
        answer = (
            await sakura.post("/fhir/CodeSystem/$lookup", parameters(coding=coding, displayLanguage="en"))
        ).json()
        assert values(answer, "display") == "Type 2 diabetes mellitus"
        old = {**coding, "version": "1999"}
        assert (await sakura.post("/fhir/CodeSystem/$lookup", parameters(coding=old))).status_code == 404

    @pytest.mark.parametrize(
        ("given", "status"),
        [
            ({"system": DISEASES, "code": "E99"}, 404),
            ({"system": LOINC, "code": "718-7"}, 404),
            ({"code": "E11"}, 400),
            ({"system": DISEASES}, 400),
            ({"system": DISEASES, "code": "e11"}, 404),  # case matters in this system
        ],
    )
    async def test_what_is_not_there(self, sakura: Caller, given: dict[str, str], status: int) -> None:
        assert (await ask(sakura, "CodeSystem/$lookup", **given)).status_code == status

    async def test_where_case_does_not_matter(self, sakura: Caller, loaded: Caller) -> None:
        system = "http://example.jp/fhir/CodeSystem/no-case"
        await loaded.made(diseases(url=system, caseSensitive=False))
        assert (
            values(await told(sakura, "CodeSystem/$lookup", system=system, code="e11.2"), "display")
            == "２型糖尿病性腎症"
        )

    async def test_a_system_without_content_knows_no_code(self, sakura: Caller, loaded: Caller) -> None:
        system = "http://example.jp/fhir/CodeSystem/empty"
        await loaded.made(
            {"resourceType": "CodeSystem", "url": system, "status": "active", "content": "not-present"}
        )
        assert (await ask(sakura, "CodeSystem/$lookup", system=system, code="1")).status_code == 422

    async def test_who_may_not_read_code_systems_is_refused(self, region: Region) -> None:
        narrow = await region.caller(scope="system/ValueSet.rs")
        assert (await ask(narrow, "CodeSystem/$lookup", system=DISEASES, code="E11")).status_code == 403


class TestValidate:
    @pytest.mark.parametrize(
        ("given", "valid"),
        [
            ({"url": DISEASES, "code": "E11"}, True),
            ({"url": DISEASES, "code": "E99"}, False),
            ({"url": DISEASES, "code": "E11", "display": "2型糖尿病"}, True),  # of whatever width
            ({"url": DISEASES, "code": "E11", "display": "Type 2 diabetes mellitus"}, True),  # a designation
            ({"url": DISEASES, "code": "E11", "display": "高血圧"}, False),
            ({"url": DISEASES, "code": "E"}, True),
            ({"url": DISEASES, "code": "E", "abstract": "false"}, False),
            ({"url": DISEASES, "code": "E", "abstract": "true"}, True),
            ({"url": DISEASES, "code": "E14"}, True),
        ],
    )
    async def test_a_code_in_a_code_system(self, sakura: Caller, given: dict[str, str], valid: bool) -> None:
        answer = await told(sakura, "CodeSystem/$validate-code", **given)
        assert values(answer, "result") is valid
        assert ("message" in values(answer)) is not valid

    async def test_a_wrong_name_is_answered_with_the_right_one(self, sakura: Caller) -> None:
        answer = await told(sakura, "CodeSystem/$validate-code", url=DISEASES, code="E11", display="高血圧")
        assert values(answer, "display") == "２型糖尿病" and "高血圧" in values(answer, "message")

    @pytest.mark.parametrize(
        ("given", "valid"),
        [
            ({"system": DISEASES, "code": "I50"}, True),
            ({"system": DISEASES, "code": "E11"}, False),
            ({"system": LOINC, "code": "I50"}, False),
            ({"code": "I50"}, True),  # the set has it of one system only
            ({"system": DISEASES, "code": "I50", "display": "心臓の不全"}, True),  # the set's own name
            ({"system": DISEASES, "code": "I50", "display": "腎不全"}, False),
            ({"system": DISEASES, "code": "I50", "systemVersion": "2026"}, True),
            ({"system": DISEASES, "code": "I50", "systemVersion": "1999"}, False),
        ],
    )
    async def test_a_code_in_a_value_set(self, sakura: Caller, given: dict[str, str], valid: bool) -> None:
        assert values(await told(sakura, "ValueSet/$validate-code", url=HEART, **given), "result") is valid

    async def test_codings_and_concepts(self, sakura: Caller) -> None:
        good, bad = {"system": DISEASES, "code": "I50"}, {"system": DISEASES, "code": "E11"}
        for given, valid in (
            ({"coding": good}, True),
            ({"coding": bad}, False),
            ({"codeableConcept": {"coding": [bad, good]}}, True),
            ({"codeableConcept": {"coding": [bad]}}, False),
        ):
            answer = await sakura.post("/fhir/ValueSet/$validate-code", parameters(url=HEART, **given))
            assert values(answer.json(), "result") is valid
            of_system = await sakura.post(
                "/fhir/CodeSystem/$validate-code", parameters(url=DISEASES, **given)
            )
            assert values(of_system.json(), "result") is True

    async def test_of_an_instance_and_of_a_resource_that_is_sent(
        self, sakura: Caller, loaded: Caller
    ) -> None:
        name = await loaded.made(value_set("http://example.jp/fhir/ValueSet/kidney", of("is-a", "N")))
        for code, valid in (("N18", True), ("I50", False)):
            answer = await told(sakura, f"ValueSet/{name}/$validate-code", system=DISEASES, code=code)
            assert values(answer, "result") is valid
        system = await loaded.made(diseases(url="http://example.jp/fhir/CodeSystem/other"))
        assert values(await told(sakura, f"CodeSystem/{system}/$validate-code", code="N18"), "result") is True
        sent = parameters(valueSet=value_set("u", of("is-a", "N")), code="N18", system=DISEASES)
        assert values((await sakura.post("/fhir/ValueSet/$validate-code", sent)).json(), "result") is True
        own = {
            "resourceType": "CodeSystem",
            "url": "urn:own",
            "content": "complete",
            "concept": [{"code": "1"}],
        }
        of_own = await sakura.post("/fhir/CodeSystem/$validate-code", parameters(codeSystem=own, code="1"))
        assert values(of_own.json(), "result") is True

    async def test_a_part_of_a_system_says_that_it_is_a_part(self, sakura: Caller, loaded: Caller) -> None:
        system = "http://example.jp/fhir/CodeSystem/part"
        await loaded.made(diseases(url=system, content="fragment"))
        answer = await told(sakura, "CodeSystem/$validate-code", url=system, code="Z99")
        assert values(answer, "result") is False and "part" in values(answer, "message")

    async def test_what_cannot_be_said_is_not_said(self, sakura: Caller) -> None:
        mixed = value_set("u", {"system": LOINC}, {"system": DISEASES})
        for code, system, status in (("718-7", LOINC, 422), ("E11", DISEASES, 200), ("718-7", DISEASES, 200)):
            sent = parameters(valueSet=mixed, code=code, system=system)
            assert (await sakura.post("/fhir/ValueSet/$validate-code", sent)).status_code == status

    @pytest.mark.parametrize(
        "given", [{}, {"code": ""}, {"code": "1", "codeableConcept": {"coding": [{"code": "2"}]}}]
    )
    async def test_one_code_is_given_in_one_way(self, sakura: Caller, given: dict[str, Any]) -> None:
        answer = await sakura.post("/fhir/ValueSet/$validate-code", parameters(url=HEART, **given))
        assert answer.status_code == 400


class TestSubsumes:
    @pytest.mark.parametrize(
        ("first", "second", "outcome"),
        [
            ("E", "E11.2", "subsumes"),
            ("N", "E11.2", "subsumes"),
            ("E11.2", "E", "subsumed-by"),
            ("E11", "E11", "equivalent"),
            ("E10", "E11", "not-subsumed"),
            ("N18", "E11.2", "not-subsumed"),
        ],
    )
    async def test_two_codes(self, sakura: Caller, first: str, second: str, outcome: str) -> None:
        answer = await told(sakura, "CodeSystem/$subsumes", system=DISEASES, codeA=first, codeB=second)
        assert values(answer, "outcome") == outcome
        one, other = ({"system": DISEASES, "code": code} for code in (first, second))
        posted = await sakura.post("/fhir/CodeSystem/$subsumes", parameters(codingA=one, codingB=other))
        assert values(posted.json(), "outcome") == outcome

    async def test_of_an_instance(self, sakura: Caller, loaded: Caller) -> None:
        name = await loaded.made(diseases(url="http://example.jp/fhir/CodeSystem/mine"))
        answer = await told(sakura, f"CodeSystem/{name}/$subsumes", codeA="E", codeB="E10")
        assert values(answer, "outcome") == "subsumes"

    async def test_no_answer_where_the_hierarchy_means_something_else(
        self, sakura: Caller, loaded: Caller
    ) -> None:
        system = "http://example.jp/fhir/CodeSystem/parts"
        await loaded.made(diseases(url=system, hierarchyMeaning="part-of"))
        answer = await ask(sakura, "CodeSystem/$subsumes", system=system, codeA="E", codeB="E10")
        assert answer.status_code == 400 and "part-of" in answer.text

    @pytest.mark.parametrize(
        ("given", "status"),
        [
            ({"system": DISEASES, "codeA": "E", "codeB": "E99"}, 422),
            ({"system": DISEASES, "codeA": "E"}, 400),
            ({"codeA": "E", "codeB": "E10"}, 400),
            ({"system": LOINC, "codeA": "E", "codeB": "E10"}, 404),
        ],
    )
    async def test_what_cannot_be_compared(self, sakura: Caller, given: dict[str, str], status: int) -> None:
        assert (await ask(sakura, "CodeSystem/$subsumes", **given)).status_code == status

    async def test_codes_of_two_systems_are_not_compared(self, sakura: Caller) -> None:
        given = parameters(codingA={"system": DISEASES, "code": "E"}, codingB={"system": LOINC, "code": "E"})
        assert (await sakura.post("/fhir/CodeSystem/$subsumes", given)).status_code == 422


def matches(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Equivalence and code of each match."""
    found = []
    for one in answer["parameter"]:
        if one["name"] == "match":
            part = {each["name"]: each for each in one["part"]}
            found.append(
                (
                    part["equivalence"]["valueCode"],
                    part.get("concept", {}).get("valueCoding", {}).get("code", ""),
                )
            )
    return found


class TestTranslate:
    @pytest.mark.parametrize(
        ("code", "good", "found"),
        [
            ("E10", True, [("wider", "250")]),
            ("N18", False, [("unmatched", "")]),
            ("E14", True, [("inexact", "999")]),  # what the map says of codes that it does not have
            ("I50", True, [("wider", "428")]),  # the other target depends on a side
        ],
    )
    async def test_a_code(self, sakura: Caller, code: str, good: bool, found: list[tuple[str, str]]) -> None:
        answer = await told(sakura, "ConceptMap/$translate", url=MAP, system=DISEASES, code=code)
        assert values(answer, "result") is good and matches(answer) == found

    async def test_what_a_match_says(self, sakura: Caller) -> None:
        answer = await told(sakura, "ConceptMap/$translate", url=MAP, system=DISEASES, code="E10")
        part = {one["name"]: one for one in values(answer, "match")}
        assert part["concept"]["valueCoding"] == {"system": OLD, "code": "250", "display": "糖尿病"}
        assert part["source"]["valueUri"] == MAP

    async def test_backwards(self, sakura: Caller) -> None:
        answer = await told(sakura, "ConceptMap/$translate", url=MAP, system=OLD, code="250", reverse="true")
        assert matches(answer) == [("narrower", "E10"), ("narrower", "E11")]

    async def test_with_what_a_target_depends_on(self, sakura: Caller) -> None:
        given = parameters(url=MAP, coding={"system": DISEASES, "code": "I50"})
        side = {"coding": [{"code": "left"}]}
        given["parameter"].append(
            {"name": "dependency", "part": [
                {"name": "element", "valueUri": "http://example.jp/side"},
                {"name": "concept", "valueCodeableConcept": side}]}
        )  # fmt: skip
        answer = (await sakura.post("/fhir/ConceptMap/$translate", given)).json()
        assert matches(answer) == [("equivalent", "428.0"), ("wider", "428")]

    async def test_without_a_map_all_that_lead_from_the_system(self, sakura: Caller) -> None:
        answer = await told(sakura, "ConceptMap/$translate", system=DISEASES, code="E10")
        assert matches(answer) == [("wider", "250")]
        by_sets = {"system": DISEASES, "code": "E10", "source": ALL}
        assert matches(await told(sakura, "ConceptMap/$translate", **by_sets, target=f"{OLD}-all")) == [
            ("wider", "250")
        ]
        assert matches(await told(sakura, "ConceptMap/$translate", **by_sets, target="urn:other")) == []
        assert matches(await told(sakura, "ConceptMap/$translate", **by_sets, targetsystem="urn:other")) == []
        assert matches(await told(sakura, "ConceptMap/$translate", **by_sets, targetsystem=OLD)) == [
            ("wider", "250")
        ]

    async def test_of_an_instance_of_a_sent_map_and_of_a_concept(
        self, sakura: Caller, loaded: Caller
    ) -> None:
        name = await loaded.made({**to_old(), "url": f"{MAP}-2"})
        assert matches(await told(sakura, f"ConceptMap/{name}/$translate", system=DISEASES, code="E10")) == [
            ("wider", "250")
        ]
        concept = {"coding": [{"system": LOINC, "code": "1"}, {"system": DISEASES, "code": "E10"}]}
        given = parameters(conceptMap=to_old(), codeableConcept=concept)
        assert matches((await sakura.post("/fhir/ConceptMap/$translate", given)).json()) == [("wider", "250")]

    async def test_a_map_refers_to_another_for_what_it_lacks(self, sakura: Caller, loaded: Caller) -> None:
        url = "http://example.jp/fhir/ConceptMap/first"
        group = {
            "source": DISEASES,
            "target": OLD,
            "element": [{"code": "E10"}],
            "unmapped": {"mode": "other-map", "url": MAP},
        }
        await loaded.made({"resourceType": "ConceptMap", "url": url, "status": "active", "group": [group]})
        assert matches(await told(sakura, "ConceptMap/$translate", url=url, system=DISEASES, code="E11")) == [
            ("wider", "250")
        ]
        assert (
            matches(await told(sakura, "ConceptMap/$translate", url=url, system=DISEASES, code="E10")) == []
        )

    async def test_what_is_not_there(self, sakura: Caller) -> None:
        assert (
            await ask(sakura, "ConceptMap/$translate", url="urn:none", system=DISEASES, code="1")
        ).status_code == 404
        assert (await ask(sakura, "ConceptMap/$translate", url=MAP, code="E10")).status_code == 400
        nothing = await told(sakura, "ConceptMap/$translate", system="urn:none", code="1")
        assert values(nothing, "result") is False and "message" in values(nothing)

    async def test_who_may_not_read_maps_is_refused(self, region: Region) -> None:
        narrow = await region.caller(scope="system/ValueSet.rs")
        assert (
            await ask(narrow, "ConceptMap/$translate", url=MAP, system=DISEASES, code="1")
        ).status_code == 403


async def test_the_service_says_what_it_does(sakura: Caller) -> None:
    told_of = await told(sakura, "metadata", mode="terminology")
    assert told_of["resourceType"] == "TerminologyCapabilities" and told_of["expansion"]["paging"] is True
    assert "codeSystem" not in told_of  # it is open to all
    known = {one["name"] for one in told_of["expansion"]["parameter"]}
    assert known == {*terminology._EXPAND} - {"url", "valueSet", *terminology._NOT_DONE}
    statement = (await sakura.get("/fhir/metadata")).json()
    resources = {
        one["type"]: {o["name"] for o in one["operation"]} for one in statement["rest"][0]["resource"]
    }
    assert resources["ValueSet"] - resources["Basic"] == {"expand", "validate-code"}
    assert resources["CodeSystem"] - resources["Basic"] == {"lookup", "validate-code", "subsumes"}
    assert resources["ConceptMap"] - resources["Basic"] == {"translate"}
