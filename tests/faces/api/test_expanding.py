"""$expand: what codes a value set means, told as FHIR tells it. The classification of diseases is made up."""

import pytest
from api_words import Caller, Region
from terminology_words import (
    ALL,
    DISEASES,
    HEART,
    METABOLIC,
    ask,
    codes,
    diseases,
    listed,
    of,
    parameters,
    told,
    value_set,
)

from kakehashi.core.actors import Role
from kakehashi.store import reach
from kakehashi.trust.signin import setup


@pytest.fixture(scope="module", autouse=True)
async def loaded(region: Region) -> Caller:
    """The operator loads the classification and three value sets."""
    operator = await region.caller(setup.OPERATOR, Role.OPERATOR)
    await operator.made(diseases())
    for one in (
        value_set(ALL, {"system": DISEASES}),
        value_set(METABOLIC, of("is-a", "E"), title="代謝"),
        value_set(
            HEART,
            {"system": DISEASES, "concept": [{"code": "I50", "display": "心臓の不全"}, {"code": "gone"}]},
        ),
    ):
        await operator.made(one)
    return operator


async def test_a_set_of_a_whole_system_has_its_codes_in_their_order(sakura: Caller) -> None:
    whole = await told(sakura, "ValueSet/$expand", url=ALL)
    assert listed(whole) == ["E", "E10", "E11", "E11.2", "E14", "N", "N18", "I50"]
    assert whole["url"] == ALL and whole["expansion"]["total"] == 8
    assert {"name": "version", "valueUri": f"{DISEASES}|2026"} in whole["expansion"]["parameter"]
    assert whole["expansion"]["identifier"].startswith("urn:uuid:")
    first, *_ = whole["expansion"]["contains"]
    assert first == {"system": DISEASES, "abstract": True, "code": "E", "display": "代謝の疾患"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("糖尿", ["E10", "E11", "E11.2"]),
        ("とうにょう", ["E14"]),  # ﾄｳﾆｮｳﾋﾞｮｳ however it is written
        ("トウニョウビョウ", ["E14"]),
        ("腎", ["E11.2", "N", "N18"]),
        ("2型 糖尿病", ["E11", "E11.2"]),  # every word, of whatever width
        ("diab type", ["E10", "E11"]),  # beginnings of words, in a designation
        ("iabetes", []),  # Latin letters not from the middle of a word
        ("e11", ["E11", "E11.2"]),
        ("ない", []),
    ],
)
async def test_a_filter_finds_japanese_anywhere_and_latin_words_by_their_beginning(
    sakura: Caller, words: str, found: list[str]
) -> None:
    assert await codes(sakura, url=ALL, filter=words) == found


async def test_pages_neither_skip_nor_repeat(sakura: Caller) -> None:
    whole = await codes(sakura, url=ALL)
    paged = [
        one for start in range(0, 8, 3) for one in await codes(sakura, url=ALL, offset=str(start), count="3")
    ]
    assert paged == whole
    page = (await told(sakura, "ValueSet/$expand", url=ALL, offset="3", count="3"))["expansion"]
    assert (page["offset"], page["total"], len(page["contains"])) == (3, 8, 3)
    empty = (await told(sakura, "ValueSet/$expand", url=ALL, count="0"))["expansion"]
    assert empty["total"] == 8 and "contains" not in empty


async def test_inactive_and_abstract_codes_are_marked_and_can_be_left_out(sakura: Caller) -> None:
    whole = (await told(sakura, "ValueSet/$expand", url=ALL))["expansion"]["contains"]
    assert [one["code"] for one in whole if one.get("inactive")] == ["E14"]
    assert [one["code"] for one in whole if one.get("abstract")] == ["E"]
    assert "E14" not in await codes(sakura, url=ALL, activeOnly="true")
    assert "E" not in await codes(sakura, url=ALL, excludeNotForUI="true")


async def test_designations_and_the_language_of_displays(sakura: Caller) -> None:
    [one] = (await told(sakura, "ValueSet/$expand", url=ALL, filter="e10", includeDesignations="true"))[
        "expansion"
    ]["contains"]
    assert one["designation"] == [{"language": "en", "value": "Type 1 diabetes mellitus"}]
    [one] = (await told(sakura, "ValueSet/$expand", url=ALL, filter="e10"))["expansion"]["contains"]
    assert "designation" not in one and one["display"] == "１型糖尿病"
    [one] = (await told(sakura, "ValueSet/$expand", url=ALL, filter="e10", displayLanguage="en"))[
        "expansion"
    ]["contains"]
    assert one["display"] == "Type 1 diabetes mellitus"
    [one] = (await told(sakura, "ValueSet/$expand", url=ALL, filter="e10", designation="urn:ietf:bcp:47|fr"))[
        "expansion"
    ]["contains"]
    assert "designation" not in one
    [one] = (await told(sakura, "ValueSet/$expand", url=ALL, filter="n18", displayLanguage="en"))[
        "expansion"
    ]["contains"]
    assert one["display"] == "慢性腎臓病"  # there is no English one


async def test_a_hierarchy_is_nested_where_that_is_asked_for(sakura: Caller) -> None:
    whole = (await told(sakura, "ValueSet/$expand", url=METABOLIC, excludeNested="false"))["expansion"][
        "contains"
    ]
    assert [one["code"] for one in whole] == ["E"]
    assert [one["code"] for one in whole[0]["contains"]] == ["E10", "E11", "E14"]
    assert [one["code"] for one in whole[0]["contains"][1]["contains"]] == ["E11.2"]
    assert await codes(sakura, url=METABOLIC) == ["E", "E10", "E11", "E11.2", "E14"]


async def test_listed_codes_come_with_the_sets_own_names_and_only_if_the_system_has_them(
    sakura: Caller,
) -> None:
    whole = (await told(sakura, "ValueSet/$expand", url=HEART))["expansion"]["contains"]
    assert whole == [{"system": DISEASES, "code": "I50", "display": "心臓の不全"}]
    assert await codes(sakura, url=HEART, filter="心臓") == ["I50"]
    assert await codes(sakura, url=HEART, filter="heart") == ["I50"]  # the system's name still counts


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (of("is-a", "E11"), ["E11", "E11.2"]),
        (of("is-a", "N"), ["N", "N18", "E11.2"]),  # E11.2 has two parents
        (of("descendent-of", "E11"), ["E11.2"]),
        (of("is-not-a", "E"), ["N", "N18", "I50"]),
        (of("generalizes", "E11.2"), ["E", "E11", "E11.2", "N"]),
        (of("regex", "E1[01]"), ["E10", "E11"]),
        (of("=", "I50", "code"), ["I50"]),
        (of("in", "I50, E10,nothing"), ["E10", "I50"]),
        (of("not-in", "E,E10,E11,E11.2,E14"), ["N", "N18", "I50"]),
        (of("=", "chronic", "class"), ["E10", "E11"]),
        (of("in", "acute,chronic", "class"), ["E10", "E11"]),
        (of("not-in", "chronic", "class"), ["E", "E11.2", "E14", "N", "N18", "I50"]),
        (of("exists", "true", "class"), ["E10", "E11"]),
        (of("exists", "false", "class"), ["E", "E11.2", "E14", "N", "N18", "I50"]),
        (of("regex", "chr.*", "class"), ["E10", "E11"]),
        (of("=", "E", "parent"), ["E10", "E11", "E14"]),
        (of("=", "E11.2", "child"), ["E11", "N"]),
        (of("exists", "false", "parent"), ["E", "N", "I50"]),
        (of("regex", ".*糖尿病", "display"), ["E10", "E11"]),
        (of("=", "インスリン依存性", "definition"), ["E10"]),
    ],
)
async def test_filters_of_a_value_set_that_is_sent_along(
    sakura: Caller, rule: dict, found: list[str]
) -> None:
    answer = await sakura.post(
        "/fhir/ValueSet/$expand", parameters(valueSet=value_set("http://example.jp/vs", rule))
    )
    assert answer.status_code == 200, answer.text
    assert sorted(listed(answer.json())) == sorted(found)


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (of("is-a", "E99"), "E99"),
        (of("is-a", "E", "class"), "concept"),
        (of("regex", "("), "RE2"),
        (of("=", "x", "colour"), "colour"),
        (of("exists", "perhaps", "class"), "true"),
    ],
)
async def test_a_filter_that_cannot_be_applied_is_refused_and_says_why(
    sakura: Caller, rule: dict, what: str
) -> None:
    answer = await sakura.post("/fhir/ValueSet/$expand", value_set("http://example.jp/vs", rule))
    assert answer.status_code == 422 and what in answer.text
    assert "terminology.filter" in answer.text


async def test_sets_are_united_intersected_and_taken_away(sakura: Caller) -> None:
    both = value_set(
        "u",
        {"valueSet": [METABOLIC]},
        {"valueSet": [HEART]},
        {"system": DISEASES, "concept": [{"code": "E10"}]},
    )
    assert listed((await sakura.post("/fhir/ValueSet/$expand", both)).json()) == [
        "E",
        "E10",
        "E11",
        "E11.2",
        "E14",
        "I50",
    ]
    common = value_set("u", {"valueSet": [METABOLIC], **of("is-a", "N")})
    assert listed((await sakura.post("/fhir/ValueSet/$expand", common)).json()) == ["E11.2"]
    less = value_set("u", {"system": DISEASES}, compose={"exclude": [of("is-a", "E"), {"valueSet": [HEART]}]})
    assert listed((await sakura.post("/fhir/ValueSet/$expand", less)).json()) == ["N", "N18"]
    active = value_set("u", {"valueSet": [METABOLIC]}, compose={"inactive": False})
    assert "E14" not in listed((await sakura.post("/fhir/ValueSet/$expand", active)).json())


async def test_a_set_that_includes_itself_is_refused(sakura: Caller, loaded: Caller) -> None:
    one, other = (f"http://example.jp/fhir/ValueSet/circle-{n}" for n in (1, 2))
    await loaded.made(value_set(one, {"valueSet": [other]}))
    await loaded.made(value_set(other, {"valueSet": [one]}))
    answer = await ask(sakura, "ValueSet/$expand", url=one)
    assert answer.status_code == 422 and "terminology.cycle" in answer.text


async def test_an_instance_is_expanded_by_its_id_until_it_is_deleted(sakura: Caller, loaded: Caller) -> None:
    name = await loaded.made(value_set("http://example.jp/fhir/ValueSet/by-id", of("is-a", "N")))
    for answer in (
        await sakura.get(f"/fhir/ValueSet/{name}/$expand?filter=慢性"),
        await sakura.post(f"/fhir/ValueSet/{name}/$expand", parameters(filter="慢性")),
    ):
        assert listed(answer.json()) == ["N18"]
    assert (await sakura.get(f"/fhir/ValueSet/{name}-no/$expand")).status_code == 404
    await loaded.delete(f"/fhir/ValueSet/{name}")
    assert (await sakura.get(f"/fhir/ValueSet/{name}/$expand")).status_code == 410
    assert (
        await ask(sakura, "ValueSet/$expand", url="http://example.jp/fhir/ValueSet/by-id")
    ).status_code == 404


async def test_a_changed_system_changes_the_expansion_at_once(sakura: Caller, loaded: Caller) -> None:
    system, url = "http://example.jp/fhir/CodeSystem/changing", "http://example.jp/fhir/ValueSet/changing"
    made = {"resourceType": "CodeSystem", "url": system, "status": "active", "content": "complete"}
    name = await loaded.made({**made, "concept": [{"code": "a"}]})
    await loaded.made(value_set(url, {"system": system}))
    assert await codes(sakura, url=url) == ["a"]
    assert await codes(sakura, url=url) == ["a"]  # from memory
    again = {**made, "id": name, "concept": [{"code": "a"}, {"code": "b"}]}
    assert (await loaded.put(f"/fhir/CodeSystem/{name}", again)).status_code == 200
    assert await codes(sakura, url=url) == ["a", "b"]
    newer = {**made, "version": "2", "concept": [{"code": "c"}]}
    await loaded.made(newer)  # a second resource with the same URL: the newest version is meant
    assert await codes(sakura, url=url) == ["c"]


async def test_versions_of_a_system_by_default_by_force_and_checked(sakura: Caller, loaded: Caller) -> None:
    system, url = "http://example.jp/fhir/CodeSystem/versions", "http://example.jp/fhir/ValueSet/versions"
    made = {"resourceType": "CodeSystem", "url": system, "content": "complete"}
    await loaded.made({**made, "status": "active", "version": "1.9", "concept": [{"code": "nine"}]})
    await loaded.made({**made, "status": "active", "version": "1.10", "concept": [{"code": "ten"}]})
    await loaded.made({**made, "status": "draft", "version": "2.0", "concept": [{"code": "draft"}]})
    await loaded.made(value_set(url, {"system": system}, version="1"))
    await loaded.made(value_set(url, {"system": system, "version": "1.9"}, version="2"))
    assert await codes(sakura, url=url, valueSetVersion="1") == [
        "ten"
    ]  # 1.10 is after 1.9, and a draft is no release
    assert await codes(sakura, url=f"{url}|1") == ["ten"]
    assert await codes(sakura, url=url) == ["nine"]  # version 2 of the set names one
    assert await codes(sakura, url=url, valueSetVersion="1", system_version=f"{system}|2.0") == ["draft"]
    assert await codes(sakura, url=url, valueSetVersion="2", system_version=f"{system}|2.0") == ["nine"]
    assert await codes(sakura, url=url, valueSetVersion="2", force_system_version=f"{system}|2.0") == [
        "draft"
    ]
    assert (
        await ask(sakura, "ValueSet/$expand", url=url, check_system_version=f"{system}|1.10")
    ).status_code == 422
    assert await codes(sakura, url=url, check_system_version=f"{system}|1.9") == ["nine"]
    assert await codes(sakura, url=url, exclude_system=system) == []
    assert (await ask(sakura, "ValueSet/$expand", url=url, valueSetVersion="3")).status_code == 404


async def test_implicit_sets_of_a_system(sakura: Caller) -> None:
    assert len(await codes(sakura, url=f"{DISEASES}?fhir_vs")) == 8
    assert await codes(sakura, url=f"{DISEASES}?fhir_vs=isa/E11") == ["E11", "E11.2"]
    assert (await ask(sakura, "ValueSet/$expand", url=f"{DISEASES}?fhir_vs=ecl/x")).status_code == 404


async def test_sets_of_r4_itself_are_known(sakura: Caller) -> None:
    found = await codes(sakura, url="http://hl7.org/fhir/ValueSet/administrative-gender")
    assert sorted(found) == ["female", "male", "other", "unknown"]


async def test_a_system_that_is_not_here_is_named(sakura: Caller) -> None:
    absent = value_set("u", {"system": "http://loinc.org"})
    answer = await sakura.post("/fhir/ValueSet/$expand", absent)
    assert answer.status_code == 422 and "http://loinc.org" in answer.text
    assert answer.json()["issue"][0]["code"] == "not-found"
    enumerated = value_set(
        "u", {"system": "http://loinc.org", "concept": [{"code": "718-7", "display": "Hb"}]}
    )
    assert listed((await sakura.post("/fhir/ValueSet/$expand", enumerated)).json()) == ["718-7"]


async def test_a_supplement_is_no_code_system_but_names_codes_where_a_set_asks_for_it(
    sakura: Caller, loaded: Caller
) -> None:
    extra = "http://example.jp/fhir/CodeSystem/diseases-fr"
    await loaded.made(
        {"resourceType": "CodeSystem", "url": extra, "status": "active", "content": "supplement",
         "supplements": DISEASES,
         "concept": [{"code": "I50", "designation": [{"language": "fr", "value": "Insuffisance cardiaque"}]}]}
    )  # fmt: skip
    alone = await sakura.post("/fhir/ValueSet/$expand", value_set("u", {"system": extra}))
    assert alone.status_code == 422
    mark = [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-supplement", "valueCanonical": extra}]
    asked = parameters(valueSet=value_set("u", of("=", "I50", "code"), extension=mark), displayLanguage="fr")
    answer = (await sakura.post("/fhir/ValueSet/$expand", asked)).json()
    assert answer["expansion"]["contains"][0]["display"] == "Insuffisance cardiaque"
    unknown = [{**mark[0], "valueCanonical": f"{extra}-none"}]
    refused = await sakura.post(
        "/fhir/ValueSet/$expand", value_set("u", of("=", "I50", "code"), extension=unknown)
    )
    assert refused.status_code == 404  # without it the answer would be another


async def test_a_hierarchy_that_runs_in_a_circle_is_refused_where_it_is_asked_for(
    sakura: Caller, loaded: Caller
) -> None:
    system = "http://example.jp/fhir/CodeSystem/circle"
    concepts = [
        {"code": one, "property": [{"code": "parent", "valueCode": other}]} for one, other in ("ab", "ba")
    ]
    await loaded.made(
        {"resourceType": "CodeSystem", "url": system, "status": "active", "content": "complete",
         "property": [{"code": "parent", "type": "code"}], "concept": [*concepts, {"code": "c"}]}
    )  # fmt: skip
    assert sorted(await codes(sakura, url=f"{system}?fhir_vs")) == ["a", "b", "c"]
    answer = await ask(sakura, "ValueSet/$expand", url=f"{system}?fhir_vs=isa/a")
    assert answer.status_code == 422 and "terminology.cycle" in answer.text


async def test_the_definition_comes_along_where_it_is_wanted(sakura: Caller) -> None:
    assert "compose" not in await told(sakura, "ValueSet/$expand", url=METABOLIC)
    whole = await told(sakura, "ValueSet/$expand", url=METABOLIC, includeDefinition="true")
    assert whole["compose"]["include"][0]["filter"][0]["value"] == "E" and whole["title"] == "代謝"


async def test_a_set_that_is_only_an_expansion_means_its_codes(sakura: Caller) -> None:
    heading = {
        "display": "heading",
        "abstract": True,
        "contains": [{"system": "urn:s", "code": "1", "display": "one"}],
    }
    sent = {
        "resourceType": "ValueSet",
        "status": "active",
        "expansion": {"timestamp": "2026-01-01", "contains": [heading]},
    }
    assert listed((await sakura.post("/fhir/ValueSet/$expand", sent)).json()) == ["1"]


async def test_too_many_codes_for_one_answer_are_too_costly(sakura: Caller, loaded: Caller) -> None:
    system = "http://example.jp/fhir/CodeSystem/many"
    await loaded.made(
        {"resourceType": "CodeSystem", "url": system, "status": "active", "content": "complete",
         "concept": [{"code": f"c{number}"} for number in range(10_001)]}
    )  # fmt: skip
    answer = await ask(sakura, "ValueSet/$expand", url=f"{system}?fhir_vs")
    assert answer.status_code == 422 and answer.json()["issue"][0]["code"] == "too-costly"
    assert len(await codes(sakura, url=f"{system}?fhir_vs", count="20000")) == 10_000
    assert await codes(sakura, url=f"{system}?fhir_vs", count="20000", offset="10000") == ["c10000"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 400),
        ({"url": "http://example.jp/none"}, 404),
        ({"url": ALL, "count": "many"}, 400),
        ({"url": ALL, "activeOnly": "yes"}, 400),
        ({"url": ALL, "context": "Patient.gender"}, 400),
        ({"url": ALL, "date": "2020-01-01"}, 400),
        ({"url": ALL, "colour": "red"}, 400),
        ({"url": ALL, "system_version": "1"}, 400),
        ({"url": ALL, "_format": "json"}, 200),
    ],
)
async def test_what_cannot_be_read_or_is_not_done_is_refused(
    sakura: Caller, given: dict, status: int
) -> None:
    assert (await ask(sakura, "ValueSet/$expand", **given)).status_code == status


async def test_other_types_and_other_bodies_have_no_expansion(sakura: Caller) -> None:
    assert (await sakura.get("/fhir/Observation/$expand")).status_code == 404
    wrong = await sakura.post("/fhir/ValueSet/$expand", {"resourceType": "Patient"})
    assert wrong.status_code == 400 and "Parameters / ValueSet" in wrong.text


async def test_a_token_that_may_read_value_sets_only_sees_no_code_system(
    region: Region, sakura: Caller
) -> None:
    narrow = await region.caller(scope="system/ValueSet.rs")
    assert (await ask(narrow, "ValueSet/$expand", url=ALL)).status_code == 403
    wide = await region.caller(scope="system/ValueSet.rs system/CodeSystem.r")
    assert (await ask(wide, "ValueSet/$expand", url=ALL)).status_code == 200


async def test_the_look_is_logged_with_what_was_used(region: Region, sakura: Caller) -> None:
    await told(sakura, "ValueSet/$expand", url=METABOLIC)
    await told(sakura, "ValueSet/$expand", url=METABOLIC)
    async with region.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        entries = await tx.fetch("SELECT convert_from(entry, 'UTF8') FROM log ORDER BY seq DESC LIMIT 2")
    for (entry,) in entries:
        assert '"what":"ValueSet/$expand"' in entry
        assert '"ValueSet/' in entry and '"CodeSystem/' in entry
        assert METABOLIC not in entry


async def test_in_a_batch_and_in_xml(sakura: Caller) -> None:
    request = {"method": "GET", "url": f"ValueSet/$expand?url={METABOLIC}&filter=e10"}
    posted_too = {
        "request": {"method": "POST", "url": "ValueSet/$expand"},
        "resource": parameters(url=METABOLIC, filter="e10"),
    }
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": request}, posted_too]}
    entries = (await sakura.post("/fhir", batch)).json()["entry"]
    assert [listed(entry["resource"]) for entry in entries] == [["E10"], ["E10"]]
    answer = await sakura.get(
        f"/fhir/ValueSet/$expand?url={METABOLIC}&filter=e10", accept="application/fhir+xml"
    )
    assert answer.status_code == 200 and '<code value="E10"/>' in answer.text
    asked = (
        '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="url"/>'
        f'<valueUri value="{METABOLIC}"/></parameter><parameter><name value="count"/><valueInteger value="1"/>'
        "</parameter></Parameters>"
    )
    posted = await sakura.post("/fhir/ValueSet/$expand", asked, content_type="application/fhir+xml")
    assert listed(posted.json()) == ["E"]


@pytest.mark.parametrize(
    "query", ["offset=&filter=a", "count=&offset=", "activeOnly=&count=2", "count=2&count=x"]
)
async def test_what_is_given_empty_or_twice_harms_nothing(sakura: Caller, query: str) -> None:
    made = await sakura.made({"resourceType": "ValueSet", "status": "draft"})
    assert (await sakura.get(f"/fhir/ValueSet/{made}/$expand?{query}")).status_code in (200, 400, 422)
