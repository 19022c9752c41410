"""search by GET and POST: matches, links, inclusions, pages, totals; and what the window keeps out of each."""

import pytest
from api_words import MIDORI, SAKURA, Caller, Region, ids, lab, link, patient, rules

from kakehashi.core.actors import Role


async def test_get_and_post_find_the_same(sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro, code="4548-4"))
    by_get = await sakura.get(f"/fhir/Observation?code=http://loinc.org|4548-4&patient={taro}")
    form = f"code=http://loinc.org|4548-4&patient={taro}"
    by_post = await sakura.post(
        "/fhir/Observation/_search", form, content_type="application/x-www-form-urlencoded"
    )
    assert ids(by_get.json()) == [name]
    assert by_get.content == by_post.content
    assert by_get.json()["total"] == 1


async def test_pages_neither_skip_nor_repeat_while_more_comes_in(sakura: Caller, taro: str) -> None:
    made = {await sakura.made(lab(taro, on=f"2026-10-{day:02}")) for day in range(1, 8)}
    seen: list[str] = []
    path: str | None = f"/fhir/Observation?subject={taro}&_sort=-date&_count=3"
    while path:
        page = (await sakura.get(path)).json()
        seen += ids(page)
        path = link(page)
        await sakura.made(lab(taro, on="2026-11-20"))
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


async def test_a_cursor_is_good_for_its_caller_and_its_search_only(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    for day in (1, 2, 3):
        await sakura.made(lab(taro, on=f"2026-10-{day:02}"))
    following = str(link((await sakura.get(f"/fhir/Observation?subject={taro}&_count=1")).json()))
    assert (await sakura.get(following)).status_code == 200
    assert (await midori.get(following)).status_code == 400
    assert (await sakura.get(following.replace("subject", "patient"))).status_code == 400
    assert (await sakura.get("/fhir/Observation?_cursor=AAAA")).status_code == 400


async def test_chains_and_reverse_chains_and_inclusions(sakura: Caller) -> None:
    who = "Patient/" + await sakura.made(patient("S-chain", family="連鎖"))
    name = await sakura.made(lab(who, code="718-7"))
    assert ids((await sakura.get("/fhir/Observation?subject:Patient.family=連鎖")).json()) == [name]
    reverse = (await sakura.get("/fhir/Patient?_has:Observation:patient:code=718-7&family=連鎖")).json()
    assert ids(reverse) == [who.removeprefix("Patient/")]
    page = (await sakura.get(f"/fhir/Observation?_id={name}&_include=Observation:subject")).json()
    assert ids(page, "include") == [who.removeprefix("Patient/")]
    back = (await sakura.get(f"/fhir/{who.replace('/', '?_id=')}&_revinclude=Observation:subject")).json()
    assert ids(back, "include") == [name]


async def test_an_inclusion_goes_on_only_when_told_to_iterate(sakura: Caller, taro: str) -> None:
    first = await sakura.made(lab(taro))
    second = await sakura.made(lab(taro, derivedFrom=[{"reference": f"Observation/{first}"}]))
    third = await sakura.made(lab(taro, derivedFrom=[{"reference": f"Observation/{second}"}]))
    once = (await sakura.get(f"/fhir/Observation?_id={third}&_include=Observation:derived-from")).json()
    on = (await sakura.get(f"/fhir/Observation?_id={third}&_include:iterate=Observation:derived-from")).json()
    assert ids(once, "include") == [second]
    assert ids(on, "include") == [second, first]


async def test_what_is_not_understood_is_told_or_refused(sakura: Caller) -> None:
    lenient = (await sakura.get("/fhir/Patient?shoe-size=9")).json()
    assert lenient["entry"][-1]["search"]["mode"] == "outcome"
    assert "shoe-size" not in lenient["link"][0]["url"]
    strict = await sakura.get("/fhir/Patient?shoe-size=9", prefer="handling=strict")
    assert (strict.status_code, rules(strict)) == (400, ["search.parameter"])
    assert (await sakura.get("/fhir/Patient?birthdate=yesterday")).status_code == 400


async def test_totals_and_counts(sakura: Caller, taro: str) -> None:
    for _ in range(3):
        await sakura.made(lab(taro))
    page = (await sakura.get(f"/fhir/Observation?subject={taro}&_count=1")).json()
    assert "total" not in page
    assert (await sakura.get(f"/fhir/Observation?subject={taro}&_count=1&_total=accurate")).json()[
        "total"
    ] == 3
    counted = (await sakura.get(f"/fhir/Observation?subject={taro}&_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (3, False)


@pytest.mark.parametrize("search", [
    "Observation?subject={who}", "Observation?_id={name}", "Observation?subject:Patient.family=見本",
    "Patient?_has:Observation:patient:code=718-7", "Patient?_id={patient}&_revinclude=Observation:subject",
    "Observation?subject={who}&_summary=count", "Observation?_total=accurate",
])  # fmt: skip
async def test_another_institution_finds_nothing_of_it(
    sakura: Caller, midori: Caller, taro: str, search: str
) -> None:
    name = await sakura.made(lab(taro))
    who = taro.removeprefix("Patient/")
    there = (await midori.get("/fhir/" + search.format(who=taro, name=name, patient=who))).json()
    nowhere = (
        await midori.get("/fhir/" + search.format(who="Patient/none", name="none", patient="none"))
    ).json()
    assert (there.get("total"), there.get("entry")) == (nowhere.get("total"), nowhere.get("entry"))
    assert not there.get("entry")


async def test_a_token_reaches_the_types_of_its_scopes_only(
    region: Region, sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    narrow = await region.caller(SAKURA, scope="system/Observation.rs")
    assert ids((await narrow.get(f"/fhir/Observation?_id={name}")).json()) == [name]
    page = (await narrow.get(f"/fhir/Observation?_id={name}&_include=Observation:subject")).json()
    assert ids(page, "include") == []
    for refused in (
        "/fhir/Patient", f"/fhir/{taro}", "/fhir/Observation?subject:Patient.family=見本", f"/fhir/{taro}/$everything",
        "/fhir/Observation?_has:Condition:evidence-detail:code=x",
    ):  # fmt: skip
        assert (await narrow.get(refused)).status_code == 403, refused
    assert (await narrow.post("/fhir/Observation", lab(taro))).status_code == 403


async def test_a_doctor_sees_another_institutions_record_under_consent_only(
    region: Region, sakura: Caller, midori: Caller
) -> None:
    member = "01234567:記号:77:00"
    who = "Patient/" + await sakura.made(patient("S-cons", member=member, family="同意"))
    there = "Patient/" + await midori.made(patient("M-cons", member=member, family="同意"))
    name = await sakura.made(lab(who))
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    paths = [
        f"/fhir/Observation/{name}",
        f"/fhir/Observation/{name}/_history",
        f"/fhir/Observation/{name}/_history/1",
    ]
    for path in paths:
        assert (await doctor.get(path)).status_code == 404
    assert ids((await doctor.get(f"/fhir/Observation?subject={who}")).json()) == []
    assert name not in ids((await doctor.get(f"/fhir/{there}/$everything")).json())
    await region.consent(there.removeprefix("Patient/"), MIDORI)
    for path in paths:
        assert (await doctor.get(path)).status_code == 200
    assert ids((await doctor.get(f"/fhir/Observation?subject={who}")).json()) == [name]
    assert name in ids((await doctor.get(f"/fhir/{there}/$everything")).json())
    assert (await midori.get(paths[0])).status_code == 404  # the institution's system is nobody's doctor


async def test_a_page_of_none_counts_and_a_quantity_may_name_no_unit(sakura: Caller, taro: str) -> None:
    """R4: `_count=0` is `_summary=count`; HAPI's client writes `5||` for a number of any unit."""
    for value in (1, 2, 3):
        await sakura.made(lab(taro, value=value))
    counted = (await sakura.get(f"/fhir/Observation?subject={taro}&_count=0")).json()
    assert (counted["total"], "entry" in counted) == (3, False)
    above = (await sakura.get(f"/fhir/Observation?subject={taro}&value-quantity=gt1||")).json()
    assert len(ids(above)) == 2
    for wrong in ("1|", "1|http://unitsofmeasure.org|", "1|||"):
        answer = await sakura.get(f"/fhir/Observation?subject={taro}&value-quantity={wrong}")
        assert answer.status_code == 400
