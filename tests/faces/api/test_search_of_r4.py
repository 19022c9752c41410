"""R4's search, parameter by parameter, asked of the running server: one row for each thing that a searcher may say.

A small world of made-up people: 桜台 (the asker) wrote all of it. Source: https://hl7.org/fhir/R4/search.html
"""

from itertools import count
from typing import Any

import pytest
from api_words import Caller, ids, link, patient, rules

Json = dict[str, Any]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_NUMBERS = count(1)


def _coded(code: str, text: str = "") -> Json:
    return {"coding": [{"system": LOINC, "code": code}], **({"text": text} if text else {})}


def _quantity(value: float, code: str = "mm[Hg]") -> Json:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


class World:
    """What was stored, by short names; answers are told in these names."""

    def __init__(self, caller: Caller) -> None:
        self.caller, self.ids, self.names = caller, dict[str, str](), dict[str, str]()

    async def add(self, name: str, body: Json) -> str:
        made = await self.caller.made(body)
        self.ids[name], self.names[made] = made, name
        return made

    def path(self, text: str) -> str:
        """Put ids in the place of short names in braces."""
        for name, own in self.ids.items():
            text = text.replace("{" + name + "}", own)
        return "/fhir/" + text

    async def ask(self, text: str, mode: str = "match") -> list[str]:
        answer = await self.caller.get(self.path(text))
        assert answer.status_code == 200, answer.text
        return [self.names[one] for one in ids(answer.json(), mode)]


async def _people(world: World) -> None:
    made = next(_NUMBERS)
    whole = {"resourceType": "Organization", "name": "架空医療財団"}
    top = await world.add("top", whole)
    ward = {
        "resourceType": "Organization",
        "name": "架空病院",
        "partOf": {"reference": f"Organization/{top}"},
    }
    hospital = await world.add("hospital", ward)
    managed = {"managingOrganization": {"reference": f"Organization/{hospital}"}}
    for name, family, given, born in (
        ("a", "山田", "太郎", "1950-02-03"),
        ("b", "山本", "花子", "1985-12-31"),
    ):
        person = patient(f"R4-{made}-{name}", family=family) | managed
        person["name"] = [{"family": family, "given": [given], "text": f"{family} {given}"}]
        await world.add(name, person | {"birthDate": born, "gender": "male" if name == "a" else "female"})


async def _records(world: World) -> None:
    a, b = ({"reference": f"Patient/{world.ids[name]}"} for name in "ab")
    visit = {"resourceType": "Encounter", "status": "finished", "subject": a, "class": {"code": "AMB"},
             "period": {"start": "2024-02-01T09:00:00+09:00", "end": "2024-02-10T17:00:00+09:00"}}  # fmt: skip
    during = {"encounter": {"reference": f"Encounter/{await world.add('visit', visit)}"}}
    component = [
        {"code": _coded("8480-6"), "valueQuantity": _quantity(150)},
        {"code": _coded("8462-4"), "valueQuantity": _quantity(90)},
    ]
    final = {"resourceType": "Observation", "status": "final"}
    pressure = await world.add("pressure", {
        **final, **during, "code": _coded("85354-9", "血圧"), "subject": a, "component": component,
        "effectiveDateTime": "2024-02-05T10:30:00+09:00", "note": [{"text": "かるてに胃癌の既往とあり"}],
    })  # fmt: skip
    await world.add("sugar", {
        **final, "code": _coded("2339-0", "血糖"), "subject": a, "valueQuantity": _quantity(5.4, "mmol/L"),
        "effectivePeriod": {"start": "2024-02-01", "end": "2024-02-29"},
        "text": {"status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>尿と<b>血</b>の検査</p></div>'},
        "derivedFrom": [{"reference": f"Observation/{pressure}"}],
    })  # fmt: skip
    await world.add("blood", {
        **final, "status": "preliminary", "code": _coded("718-7", "ヘモグロビン"), "subject": b,
        "valueQuantity": _quantity(13.52, "g/dL"), "effectiveDateTime": "2024-03",
        "performer": [{"identifier": {"system": "urn:x:staff", "value": "77"}}],
        "note": [{"text": "Warfarin 5mg を継続。胃癌の所見なし、胃癌の既往なし"}],
    })  # fmt: skip
    await world.add("order", {
        "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": b,
        "code": _coded("718-7"), "occurrenceTiming": {"event": ["2024-04-01", "2024-04-08"]},
    })  # fmt: skip
    await world.add("list", {
        "resourceType": "List", "status": "current", "mode": "working",
        "entry": [{"item": {"reference": f"Observation/{world.ids[name]}"}} for name in ("sugar", "blood")],
    })  # fmt: skip
    await world.add("ill", _condition(a, "active"))
    await world.add("well", _condition(a, "resolved"))
    url = "http://example.jp/fhir/ValueSet/r4-search"
    await world.add("set", {"resourceType": "ValueSet", "status": "active", "url": url})


def _condition(subject: Json, status: str) -> Json:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {
        "resourceType": "Condition", "subject": subject, "code": {"text": "胃癌"},
        "clinicalStatus": {"coding": [{"system": system, "code": status}]},
    }  # fmt: skip


@pytest.fixture(scope="module")
async def world(sakura: Caller) -> World:
    made = World(sakura)
    await _people(made)
    await _records(made)
    return made


OF_A = "patient=Patient/{a}"
OF_BOTH = "patient=Patient/{a},Patient/{b}"
ASKED: list[tuple[str, str]] = [
    # strings
    ("Patient?_id={a},{b}&name=山", "a b"), ("Patient?_id={a},{b}&name=やまだ", ""),
    ("Patient?_id={a},{b}&name:contains=花", "b"),
    ("Patient?_id={a},{b}&family:exact=山田", "a"), ("Patient?_id={a},{b}&family:exact=山", ""),
    ("Patient?_id={a},{b}&name=山田太郎", "a"), ("Patient?_id={a},{b}&email:missing=true", "a b"),
    # tokens
    (f"Observation?{OF_BOTH}&code={LOINC}|718-7", "blood"), (f"Observation?{OF_BOTH}&code=718-7,2339-0", "sugar blood"),
    (f"Observation?{OF_BOTH}&code={LOINC}|", "pressure sugar blood"), (f"Observation?{OF_BOTH}&code=|718-7", ""),
    (f"Observation?{OF_BOTH}&code:not=718-7", "pressure sugar"),
    (f"Observation?{OF_BOTH}&code:text=血", "pressure sugar"),
    (f"Observation?{OF_BOTH}&status:not=final", "blood"),
    (f"Observation?{OF_BOTH}&value-quantity:missing=true", "pressure"),
    (f"Observation?{OF_BOTH}&status:in=http://hl7.org/fhir/ValueSet/observation-status", "pressure sugar blood"),
    (f"Observation?{OF_BOTH}&status:not-in=http://hl7.org/fhir/ValueSet/observation-status", ""),
    # references
    ("Observation?subject:Patient={b}", "blood"), ("Observation?subject=Patient/{b}", "blood"),
    ("Observation?patient={b}", "blood"),
    (f"Observation?{OF_BOTH}&performer:identifier=urn:x:staff|77", "blood"),
    ("Observation?encounter={visit}", "pressure"),
    ("Patient?_id={a},{b}&organization:below=Organization/{top}", "a b"),
    ("Patient?_id={a}&organization:below=none", ""),
    ("Patient?_id={a},{b}&organization:above={hospital}", "a b"), ("Patient?_id={a}&organization:above={top}", ""),
    # dates, against a moment, a period, a month, a Timing
    (f"Observation?{OF_BOTH}&date=2024-02", "pressure sugar"), (f"Observation?{OF_BOTH}&date=2024-02-05", "pressure"),
    (f"Observation?{OF_BOTH}&date=2024-02-05T10:30:00%2B09:00", "pressure"),
    (f"Observation?{OF_BOTH}&date=2024", "pressure sugar blood"),
    (f"Observation?{OF_BOTH}&date=ne2024-02", "blood"), (f"Observation?{OF_BOTH}&date=gt2024-02-28", "sugar blood"),
    (f"Observation?{OF_BOTH}&date=ge2024-03", "blood"), (f"Observation?{OF_BOTH}&date=lt2024-02-02", "sugar"),
    (f"Observation?{OF_BOTH}&date=le2024-02", "pressure sugar"), (f"Observation?{OF_BOTH}&date=sa2024-02-20", "blood"),
    (f"Observation?{OF_BOTH}&date=eb2024-03", "pressure sugar"),
    (f"Observation?{OF_BOTH}&date=ap2024-02-10", "pressure sugar blood"),
    ("ServiceRequest?subject=Patient/{b}&occurrence=2024-04-08", "order"),
    ("ServiceRequest?subject=Patient/{b}&occurrence=2024-04-02", ""),
    ("Encounter?subject=Patient/{a}&date=gt2024-02-05", "visit"), ("Encounter?subject=Patient/{a}&date=2024-02-05", ""),
    # quantities: the written precision counts
    (f"Observation?{OF_BOTH}&value-quantity=13.5", "blood"), (f"Observation?{OF_BOTH}&value-quantity=13.50", ""),
    (f"Observation?{OF_BOTH}&value-quantity=13.52|{UCUM}|g/dL", "blood"),
    (f"Observation?{OF_BOTH}&value-quantity=13.52||g/dL", "blood"),
    (f"Observation?{OF_BOTH}&value-quantity=13.52|{UCUM}|mg/dL", ""),
    (f"Observation?{OF_BOTH}&value-quantity=gt5.4", "blood"),
    (f"Observation?{OF_BOTH}&value-quantity=ge5.4", "sugar blood"),
    (f"Observation?{OF_BOTH}&value-quantity=ap14", "blood"),
    (f"Observation?{OF_BOTH}&value-quantity=lt10", "sugar"), (f"Observation?{OF_BOTH}&value-quantity=ne5.4", "blood"),
    # composites: of items, of the resource, with alternatives
    (f"Observation?{OF_A}&component-code-value-quantity={LOINC}|8480-6$gt140", "pressure"),
    (f"Observation?{OF_A}&component-code-value-quantity=8462-4$gt140", ""),
    (f"Observation?{OF_BOTH}&code-value-quantity=718-7$13.5||g/dL", "blood"),
    (f"Observation?{OF_BOTH}&combo-code-value-quantity=8480-6$150,2339-0$lt6", "pressure sugar"),
    # chains and the way back, nested
    ("Observation?_id={pressure},{blood}&subject:Patient.family=山田", "pressure"),
    ("Observation?_id={pressure},{blood}&patient.organization.partof.name=架空医療財団", "pressure blood"),
    ("Observation?_id={sugar}&derived-from:Observation.encounter.subject:Patient.organization.partof:Organization.name=架空",
    "sugar"),
    ("Patient?_id={a},{b}&_has:Observation:patient:code=718-7", "b"),
    ("Organization?_id={hospital}&_has:Patient:organization:_has:Observation:patient:code=718-7", "hospital"),
    ("Encounter?_id={visit}&patient._has:Observation:patient:code=2339-0", "visit"),
    ("Patient?_id={a},{b}&_has:Observation:patient:derived-from:Observation.code=85354-9", "a"),
    ("Patient?_id={a},{b}&_has:Encounter:patient:date=2024", "a"),
    # URIs
    ("ValueSet?_id={set}&url=http://example.jp/fhir/ValueSet/r4-search", "set"),
    ("ValueSet?_id={set}&url:below=http://example.jp/fhir", "set"),
    ("ValueSet?_id={set}&url:above=http://example.jp/fhir/ValueSet/r4-search/1", "set"),
    ("ValueSet?_id={set}&url:below=http://example.jp/fhi", ""),
    # _filter
    (f"Observation?{OF_BOTH}&_filter=code eq {LOINC}|718-7 or value-quantity lt 10", "sugar blood"),
    ("Observation?_filter=patient re Patient/{a} and not (code eq 2339-0)", "pressure"),
    ("Observation?_filter=subject:Patient.name co 花 and subject.birthdate gt 1980", "blood"),
    ("Patient?_filter=_id eq {a} and _has:Observation:patient:date po 2024-02-20", "a"),
    (f"Observation?{OF_BOTH}&_filter=status in http://hl7.org/fhir/ValueSet/observation-status",
     "pressure sugar blood"),
    (f"Observation?{OF_BOTH}&_filter=status ni http://hl7.org/fhir/ValueSet/observation-status", ""),
    # words: one and two letters, width and kana folded, phrases, alternatives, what must not be there
    (f"Observation?{OF_BOTH}&_content=血", "pressure sugar"),
    (f"Observation?{OF_BOTH}&_content=胃癌", "pressure blood"),
    (f"Observation?{OF_BOTH}&_content=カルテ", "pressure"), (f"Observation?{OF_BOTH}&_content=ｶﾙﾃ", "pressure"),
    (f"Observation?{OF_BOTH}&_content=胃癌 warf", "blood"), (f"Observation?{OF_BOTH}&_content=arfarin", ""),
    (f"Observation?{OF_BOTH}&_content=胃癌 -Warfarin", "pressure"),
    (f'Observation?{OF_BOTH}&_content="warfarin ５ｍｇ"', "blood"),
    (f"Observation?{OF_BOTH}&_content=（糖 or Warfarin） and not 既往", "sugar"),
    (f"Observation?{OF_BOTH}&_content=糖,カルテ", "pressure sugar"),
    (f"Observation?{OF_BOTH}&_text=尿", "sugar"), (f"Observation?{OF_BOTH}&_text=血の検", "sugar"),
    (f"Observation?{OF_BOTH}&_text=胃癌", ""),
    ("Patient?_id={a},{b}&_has:Observation:patient:_text=尿", "a"),
    ("Observation?_id={blood}&patient._content=花子", "blood"),
    # lists
    ("Observation?_list={list}", "sugar blood"), ("Observation?_list=none", ""),
    ("Observation?_list={list}&code=718-7", "blood"),
    (f"Condition?{OF_A}&_list=$current-problems", "ill"),
    # columns
    ("Observation?_id={sugar}&_lastUpdated=ge2020", "sugar"), ("Observation?_id={sugar}&_lastUpdated=lt2020", ""),
    ("Observation?_id={sugar}&_contained=false&_containedType=container", "sugar"),
    ("Patient/{a}/Observation?code=85354-9", "pressure"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "found"), ASKED)
async def test_what_is_asked_for_is_found(world: World, asked: str, found: str) -> None:
    assert sorted(await world.ask(asked)) == sorted(found.split())


@pytest.mark.parametrize(("asked", "found"), [
    (f"Observation?{OF_BOTH}&_sort=date", "sugar pressure blood"),
    (f"Observation?{OF_BOTH}&_sort=-date", "blood pressure sugar"),
    (f"Observation?{OF_BOTH}&_sort=status,-value-quantity", "sugar pressure blood"),
    (f"Observation?{OF_BOTH}&_content=胃癌&_sort=-_score", "blood pressure"),
    (f"Observation?{OF_BOTH}&_content=胃癌&_sort=_score", "pressure blood"),
])  # fmt: skip
async def test_answers_come_in_the_order_asked_for(world: World, asked: str, found: str) -> None:
    assert await world.ask(asked) == found.split()


@pytest.mark.parametrize(("asked", "found"), [
    ("Observation?_id={pressure}&_include=Observation:encounter", "visit"), ("Observation?_id={blood}&_include=*", "b"),
    ("Observation?_id={sugar}&_include=Observation:derived-from&_include:iterate=Observation:encounter",
    "pressure visit"),
    ("Observation?_id={sugar}&_include=Observation:subject:Group", ""),
    ("Observation?_id={sugar}&_include=Observation:subject:Patient", "a"),
    ("Patient?_id={b}&_revinclude=ServiceRequest:subject", "order"),
    ("Patient?_id={a}&_revinclude=Encounter:subject&_revinclude:iterate=Observation:encounter", "visit pressure"),
    ("Patient?_id={b}&_include=Patient:organization&_include:iterate=Organization:partof", "hospital top"),
])  # fmt: skip
async def test_what_belongs_to_it_is_brought_along(world: World, asked: str, found: str) -> None:
    assert sorted(await world.ask(asked, "include")) == sorted(found.split())


@pytest.mark.parametrize("path", ["Observation/_search", "Patient/{a}/Observation/_search", "_search"])
async def test_a_form_asks_what_an_address_asks(world: World, path: str) -> None:
    form = f"patient=Patient/{world.ids['a']}&_filter=code eq 85354-9" + (
        "&_type=Observation" if path == "_search" else ""
    )
    answer = await world.caller.post(world.path(path), form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200, answer.text
    assert ids(answer.json()) == [world.ids["pressure"]]


@pytest.mark.parametrize("prefer", ["handling=lenient", "handling=strict", ""])
async def test_what_is_unknown_is_passed_over_unless_handling_is_strict(world: World, prefer: str) -> None:
    said = {"prefer": prefer} if prefer else {}
    answer = await world.caller.get(world.path("Observation?_id={sugar}&shoe=9"), **said)
    if prefer == "handling=strict":
        assert (answer.status_code, rules(answer)) == (400, ["search.parameter"])
    else:
        assert ids(answer.json()) == [world.ids["sugar"]]
        assert "shoe" not in answer.json()["link"][0]["url"]


@pytest.mark.parametrize("prefer", ["handling=lenient", "handling=strict"])
@pytest.mark.parametrize(("asked", "rule"), [
    ("Observation?_filter=code eq", "search.filter"), ("Observation?_filter=code gt 5", "search.filter.operator"),
    ("Observation?_filter=shoe eq 5", "search.parameter"), ("Observation?_content=(", "search.value"),
    ("Patient?name:below=x", "search.modifier"),
    ("Observation?_contained=both", "search.not-supported"),
    ("Patient?_list=$current-problems", "search.not-supported"),
    ("Observation?subject.subject.subject.shoe=5", "search.parameter"), ("Observation?date=2024-13", "search.value"),
    ("Observation?_content=" + "+".join("a" * 21), "search.cost"),
])  # fmt: skip
async def test_what_cannot_be_meant_is_refused_however_it_is_handled(
    world: World, prefer: str, asked: str, rule: str
) -> None:
    answer = await world.caller.get(world.path(asked), prefer=prefer)
    assert (answer.status_code, rules(answer)) == (422 if rule == "search.cost" else 400, [rule]), answer.text


async def test_each_match_of_words_has_its_score_and_no_other_entry_has_one(world: World) -> None:
    path = world.path(
        f"Observation?{OF_BOTH}&_content=胃癌&_sort=-_score&_include=Observation:encounter&_summary=true"
    )
    entries = (await world.caller.get(path)).json()["entry"]
    scores = [one["search"].get("score") for one in entries]
    assert [one["search"]["mode"] for one in entries] == ["match", "match", "include"]
    assert 1 > scores[0] > scores[1] > 0
    assert scores[2] is None
    plain = (await world.caller.get(world.path(f"Observation?{OF_BOTH}&code=718-7"))).json()
    assert "score" not in plain["entry"][0]["search"]


@pytest.mark.parametrize(
    "asked", ["_sort=-date", "_sort=-_score&_content=頁", "_content=頁", "_filter=code eq 99-9"]
)
async def test_pages_stay_as_they_are_while_others_write(sakura: Caller, asked: str) -> None:
    who = "Patient/" + await sakura.made(patient(f"R4-page-{next(_NUMBERS)}"))
    note = {"note": [{"text": "頁をめくる"}], "code": _coded("99-9")}
    body = {"resourceType": "Observation", "status": "final", "subject": {"reference": who}, **note}
    made = {await sakura.made(body | {"effectiveDateTime": f"2026-10-{day:02}"}) for day in range(1, 8)}
    seen: list[str] = []
    path: str | None = f"/fhir/Observation?subject={who}&_count=2&{asked}"
    while path:
        page = (await sakura.get(path)).json()
        seen += ids(page)
        path = link(page)
        await sakura.made(body | {"effectiveDateTime": "2026-11-20"})
    assert len(seen) == len(set(seen))
    assert made <= set(seen)
