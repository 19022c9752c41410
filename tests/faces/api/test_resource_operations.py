"""$meta, $diff, $lastn, compartments and `_revinclude=*`: what they tell, and to whom they tell nothing."""

import orjson
from api_words import Caller, Json, Region, ids, lab, link, rules

from kakehashi.core.actors import Role

TAG = {"system": "urn:example:tags", "code": "reviewed"}


def parameters(meta: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def told(answer: Json) -> Json:
    found: Json = answer.get("parameter", [{"valueMeta": {}}])[0]["valueMeta"]
    return found


async def test_labels_are_added_and_taken_away_and_nothing_else_changes(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    body = orjson.dumps(lab(taro)).replace(b"13.5", b"13.50")
    name = (await sakura.post("/fhir/Observation", body)).json()["id"]
    path = f"/fhir/Observation/{name}"
    for _ in range(2):
        added = await sakura.post(
            f"{path}/$meta-add", parameters({"tag": [TAG], "profile": ["urn:example:p"]})
        )
        assert told(added.json())["tag"] == [TAG]
    assert told((await sakura.get(f"{path}/$meta")).json())["profile"] == ["urn:example:p"]
    assert b'"value":13.50' in (await sakura.get(path)).content
    gone = await sakura.post(f"{path}/$meta-delete", parameters({"tag": [{**TAG, "display": "x"}]}))
    assert "tag" not in told(gone.json())
    assert told(gone.json())["profile"] == ["urn:example:p"]
    stale = await sakura.post(f"{path}/$meta-add", parameters({"tag": [TAG]}), if_match='W/"1"')
    assert (stale.status_code, rules(stale)) == (412, ["store.version"])
    assert (await sakura.post(f"{path}/$meta-add", {"resourceType": "Parameters"})).status_code == 400
    for theirs in (
        await midori.get(f"{path}/$meta"),
        await midori.post(f"{path}/$meta-add", parameters({"tag": [TAG]})),
    ):
        assert theirs.status_code == 404


async def test_what_is_in_use_is_told_of_what_the_asker_sees(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    mark = {"system": "urn:example:tags", "code": "only-sakura"}
    await sakura.made(lab(taro, meta={"tag": [mark]}))
    for path in ("/fhir/$meta", "/fhir/Observation/$meta"):
        assert mark in told((await sakura.get(path)).json()).get("tag", [])
        assert mark not in told((await midori.get(path)).json()).get("tag", [])


async def test_a_difference_is_the_patch_that_makes_it(sakura: Caller, midori: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    path = f"/fhir/Observation/{name}"
    await sakura.put(path, {**lab(taro, value=9.25), "id": name, "note": [{"text": "再検"}]})
    said = (await sakura.get(f"{path}/$diff")).json()
    assert len(said["parameter"]) == 2
    whole = f"/fhir/$diff?from=Observation/{name}/_history/1&to=Observation/{name}"
    assert (await sakura.get(whole)).json() == said
    other = await sakura.made(lab(taro))
    assert (await sakura.ask("PATCH", f"/fhir/Observation/{other}", said)).json()["valueQuantity"][
        "value"
    ] == 9.25
    alike = (await sakura.get(f"/fhir/$diff?from=Observation/{other}&to=Observation/{name}")).json()
    assert alike == {"resourceType": "Parameters"}
    assert (await sakura.get(f"/fhir/$diff?from={taro}&to=Observation/{name}")).status_code == 400
    assert (await sakura.get("/fhir/$diff?from=x&to=y")).status_code == 400
    assert (await sakura.get(f"/fhir/Observation/{other}/$diff?fromVersion=7")).status_code == 404
    theirs, none = await midori.get(f"{path}/$diff"), await midori.get("/fhir/Observation/none/$diff")
    assert (theirs.status_code, theirs.content) == (404, none.content)


async def test_the_last_of_each_code_come_newest_first(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    made = {
        (code, day): await sakura.made(lab(taro, code=code, on=f"2026-10-0{day}"))
        for code in ("lastn-a", "lastn-b") for day in (2, 1, 3)
    }  # fmt: skip
    found = (await sakura.get(f"/fhir/Observation/$lastn?subject={taro}&category=laboratory&max=2")).json()
    assert found["total"] == 4
    mine = [one for one in ids(found) if one in (made["lastn-a", 3], made["lastn-a", 2])]
    assert mine == [made["lastn-a", 3], made["lastn-a", 2]]
    assert made["lastn-a", 1] not in ids(found)
    one = (await sakura.get(f"/fhir/Observation/$lastn?patient={taro}&code=lastn-b")).json()
    assert ids(one) == [made["lastn-b", 3]]
    asked = {"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueString": taro}, {"name": "max", "valuePositiveInt": 3},
        {"name": "code", "valueString": "lastn-b"}]}  # fmt: skip
    assert len(ids((await sakura.post("/fhir/Observation/$lastn", asked)).json())) == 3
    assert ids((await midori.get(f"/fhir/Observation/$lastn?patient={taro}")).json()) == []
    for wrong in ("category=laboratory", f"patient={taro}&max=0", f"patient={taro}&shoe=9"):
        assert (await sakura.get(f"/fhir/Observation/$lastn?{wrong}")).status_code == 400
    assert (await sakura.get(f"/fhir/Condition/$lastn?patient={taro}")).status_code == 404
    clerk = await region.caller(role=Role.CLERK)
    assert ids((await clerk.get(f"/fhir/Observation/$lastn?patient={taro}")).json()) == []


async def test_a_compartment_is_searched_as_its_type_is(sakura: Caller, midori: Caller, taro: str) -> None:
    made = {await sakura.made(lab(taro, code="comp-1", on=f"2026-10-0{day}")) for day in (1, 2, 3)}
    await sakura.made(lab(taro, code="comp-2"))
    first = (await sakura.get(f"/fhir/{taro}/Observation?code=comp-1&_count=2")).json()
    rest = (await sakura.get(link(first) or "")).json()
    assert {*ids(first), *ids(rest)} == made
    form = await sakura.ask(
        "POST",
        f"/fhir/{taro}/Observation/_search",
        "code=comp-2",
        content_type="application/x-www-form-urlencoded",
    )
    assert len(ids(form.json())) == 1
    assert ids((await sakura.get(f"/fhir/{taro}/Patient")).json()) == []
    assert ids((await midori.get(f"/fhir/{taro}/Observation")).json()) == []
    assert (await sakura.get(f"/fhir/{taro}/Medication")).status_code == 400
    assert (await sakura.get("/fhir/Organization/x/Observation")).status_code == 400


async def test_everything_that_refers_to_a_page_comes_along(
    region: Region, sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    paper = await sakura.made(
        {"resourceType": "Flag", "status": "active", "code": {"text": "x"}, "subject": {"reference": taro}}
    )
    who = taro.removeprefix("Patient/")
    found = (await sakura.get(f"/fhir/Patient?_id={who}&_revinclude=*")).json()
    assert set(ids(found, "include")) == {name, paper}
    narrow = await region.caller(scope="system/Patient.rs system/Flag.rs")
    assert ids((await narrow.get(f"/fhir/Patient?_id={who}&_revinclude=*")).json(), "include") == [paper]


async def test_a_visit_comes_with_what_belongs_to_it(sakura: Caller, midori: Caller, taro: str) -> None:
    doctor = await sakura.made({"resourceType": "Practitioner", "name": [{"text": "見本 医師"}]})
    visit = await sakura.made({
        "resourceType": "Encounter", "status": "finished", "subject": {"reference": taro},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "participant": [{"individual": {"reference": f"Practitioner/{doctor}"}}],
    })  # fmt: skip
    inside = await sakura.made(lab(taro, encounter={"reference": f"Encounter/{visit}"}))
    await sakura.made(lab(taro))
    path = f"/fhir/Encounter/{visit}/$everything"
    assert set(ids((await sakura.get(path)).json())) == {visit, inside, doctor, taro.removeprefix("Patient/")}
    assert ids((await sakura.get(f"{path}?_type=Observation")).json()) == [inside]
    assert ids((await sakura.get(f"{path}?_since=2030-01-01")).json()) == []
    assert (await sakura.get(f"{path}?start=2026")).status_code == 400
    theirs, none = await midori.get(path), await midori.get("/fhir/Encounter/none/$everything")
    assert (theirs.status_code, theirs.content) == (404, none.content)
    assert (await sakura.get("/fhir/Observation/x/$everything")).status_code == 404


async def test_the_dates_of_care_narrow_a_record(sakura: Caller, taro: str) -> None:
    made = {day: await sakura.made(lab(taro, on=f"2026-09-0{day}")) for day in (1, 2, 3)}
    who = taro.removeprefix("Patient/")
    path = f"/fhir/{taro}/$everything"
    assert ids((await sakura.get(f"{path}?start=2026-09-02&end=2026-09-03")).json()) == [
        who,
        made[3],
        made[2],
    ]
    assert ids((await sakura.get(f"{path}?end=2026-09-01")).json()) == [who, made[1]]
    assert (await sakura.get(f"{path}?start=soon")).status_code == 400


async def test_several_types_are_searched_at_once_page_by_page(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    mark = {"meta": {"tag": [{"system": "urn:example:tags", "code": "many-types"}]}}
    labs = {await sakura.made(lab(taro, **mark)) for _ in range(3)}
    flag = {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": {"reference": taro},
        **mark,
    }
    flags = {await sakura.made(flag) for _ in range(2)}
    search = "_type=Observation,Flag&_tag=urn:example:tags|many-types"
    for count in (1, 2, 3, 50):
        seen: list[str] = []
        path: str | None = f"/fhir?{search}&_count={count}"
        while path:
            page = (await sakura.get(path)).json()
            assert len(ids(page)) <= count
            seen += ids(page)
            path = link(page)
        assert len(seen) == 5
        assert (set(seen[:3]), set(seen[3:])) == (labs, flags)
    form = await sakura.ask(
        "POST", "/fhir/_search", f"{search}&_summary=count", content_type="application/x-www-form-urlencoded"
    )
    assert form.json()["total"] == 5
    assert ids((await midori.get(f"/fhir?{search}")).json()) == []
    for wrong in ("_tag=x", "_type=Hat", f"{search}&status=final&category=x", f"{search}&_sort=_id"):
        assert (await sakura.get(f"/fhir?{wrong}")).status_code == 400
    narrow = await region.caller(scope="system/Flag.rs")
    assert (await narrow.get(f"/fhir?{search}")).status_code == 403
