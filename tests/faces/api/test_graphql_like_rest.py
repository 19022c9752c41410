"""What $graphql tells is what the same reads and searches tell, whoever asks; what would take too much is refused."""

import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from api_words import MIDORI, Caller, Json, Region, lab, patient
from graphql_words import ask, data, rules_of, wrong
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kakehashi.core.actors import Role
from kakehashi.engines.graphql import answering, spending
from kakehashi.store import reach

sys.path.append(str(Path(__file__).parents[2] / "engines" / "graphql"))
from graphql_selecting import said, selected, without_resources

SEARCHES = [
    ("Observation", {"code": "eq-a"}),
    ("Observation", {"code": "eq-a,eq-b", "_sort": "-date"}),
    ("Observation", {"code": "eq-b", "_count": "1"}),
    ("Observation", {"code": "eq-a", "value-quantity": "gt11"}),
    ("Observation", {"code": "eq-a", "date": "ge2026-10-02"}),
    ("Observation", {"category": "laboratory", "code": "eq-b"}),
    ("Patient", {"family": "等しい"}),
    ("Patient", {"family": "等しい", "birthdate": "1970-01-01"}),
    ("Practitioner", {"name": "等しい"}),
    ("Condition", {"code": "eq-a"}),
]


class World:
    """Records of two institutions, and who asks for them."""

    def __init__(self, callers: dict[str, Caller], records: list[str]) -> None:
        self.callers, self.records = callers, records


@pytest.fixture(scope="module")
async def world(region: Region, sakura: Caller, midori: Caller) -> World:
    who = [
        "Patient/" + await sakura.made(patient("EQ1", family="等しい")),
        "Patient/"
        + await midori.made(
            patient("EQ2", family="等しい") | {"identifier": [{"system": "urn:x", "value": "EQ2"}]}
        ),
    ]
    doctor = {"resourceType": "Practitioner", "name": [{"text": "等しい 医師", "family": "等しい"}]}
    records = [*who, "Practitioner/" + await sakura.made(doctor), "Observation/none", "Patient/none"]
    for number, by in enumerate((sakura, midori)):
        for day in (1, 2, 3):
            body = lab(who[number], code="eq-ab"[:3] + "ab"[day % 2], value=10 + day, on=f"2026-10-0{day}")
            records.append("Observation/" + await by.made(body))
    person = await region.person_of(who[0].removeprefix("Patient/"))
    await region.consent(who[0].removeprefix("Patient/"), MIDORI)
    callers = {
        "system": sakura,
        "other system": midori,
        "consented doctor": await region.caller(MIDORI, Role.DOCTOR),
        "clerk": await region.caller(role=Role.CLERK),
        "auditor": await region.caller(role=Role.AUDITOR),
        "narrow": await region.caller(scope="system/Observation.rs"),
        "filtered": await region.caller(
            scope="system/Observation.rs?code=http://loinc.org|eq-a system/Patient.r system/Practitioner.s?name=x"
        ),
        "person": await region.caller(role=Role.PERSON, person=person),
    }
    return World(callers, records)


_SLOW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(st.data())
@_SLOW
async def test_a_list_is_what_the_search_finds(world: World, data: st.DataObject) -> None:
    caller = world.callers[data.draw(st.sampled_from(sorted(world.callers)))]
    kind, asked = data.draw(st.sampled_from(SEARCHES))
    rest = await caller.get(f"/fhir/{kind}?{urlencode(asked)}")
    arguments = ", ".join(
        f"{name.replace('-', '_')}: {value if name == '_count' else f'{chr(34)}{value}{chr(34)}'}"
        for name, value in asked.items()
    )
    found = [one["resource"] for one in rest.json().get("entry", [])] if rest.status_code == 200 else []
    whole = [without_resources(one, kind) for one in found]
    told = await ask(caller, f"{{ {kind}List({arguments}) {{ {selected(whole) or 'id'} }} }}")
    if rest.status_code != 200:
        assert told["data"] == {f"{kind}List": None}
        assert rules_of(told) == [rest.json()["issue"][0]["details"]["coding"][0]["code"]]
        return
    assert said(told["data"][f"{kind}List"]) == said(whole)
    total = await caller.get(f"/fhir/{kind}?{urlencode({**asked, '_summary': 'count'})}")
    counted = await ask(caller, f"{{ {kind}Connection({arguments}) {{ count }} }}")
    assert counted["data"][f"{kind}Connection"]["count"] == total.json()["total"]


@given(st.data())
@_SLOW
async def test_a_resource_is_what_reading_it_tells(world: World, data: st.DataObject) -> None:
    caller = world.callers[data.draw(st.sampled_from(sorted(world.callers)))]
    chosen = data.draw(st.lists(st.sampled_from(world.records), min_size=1, max_size=6))
    answers = [await caller.get(f"/fhir/{one}") for one in chosen]
    parts, wanted = [], {}
    for number, (one, answer) in enumerate(zip(chosen, answers, strict=True)):
        kind, _, name = one.partition("/")
        body: Json = without_resources(answer.json(), kind) if answer.status_code == 200 else {}
        parts.append(f'r{number}: {kind}(id: "{name}") {{ {selected([body]) or "id"} }}')
        wanted[f"r{number}"] = said(body) or None
    told = await ask(caller, f"{{ {' '.join(parts)} }}")
    assert {name: said(one) for name, one in told["data"].items()} == wanted
    assert len(told.get("errors", ())) == sum(one is None for one in wanted.values())


async def test_references_of_one_level_are_one_look(region: Region, sakura: Caller) -> None:
    for number in range(6):
        who = "Patient/" + await sakura.made(patient(f"LOOK{number}"))
        await sakura.made(lab(who, code="eq-look"))
    before = await acts(region)
    query = (
        '{ ObservationList(code: "eq-look") { subject { resource { id } } s: subject { resource { id } } } }'
    )
    assert len((await data(sakura, query))["ObservationList"]) == 6
    assert await acts(region) - before == 2  # the search, and one look for all six


async def acts(region: Region) -> int:
    """How many acts the log has."""
    async with region.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        rows = await tx.fetch("SELECT convert_from(entry, 'UTF8')::json ->> 'act' AS act FROM log")
    return len({row["act"] for row in rows})


async def test_what_would_take_too_much_is_refused_as_a_whole(
    sakura: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        who = "Patient/" + await sakura.made(patient(f"COST{number}", family="多い"))
        await sakura.made(lab(who, code="eq-cost"))
    listed = '{ ObservationList(code: "eq-cost") { id subject { resource { id } } } }'
    assert len((await data(sakura, listed))["ObservationList"]) == 6
    for name, most, query in (
        ("RESOURCES", 5, listed),
        ("RESOURCES", 11, listed),
        ("VALUES", 10, listed),
        ("SEARCHES", 5, '{ PatientList(family: "多い") { ObservationList(_reference: patient) { id } } }'),
        ("SEARCHES", 1, '{ PatientConnection(family: "多い") { count } }'),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(spending, name, most)
            told = await ask(sakura, query)
        assert rules_of(told) == ["graphql.cost"], (name, told)
        assert "data" not in told
    paths = " ".join(f'a{n}: name(fhirpath: "{n} = {n}") {{ text }}' for n in range(21))
    assert "graphql.cost" in await wrong(sakura, f'{{ PatientList(family: "多い") {{ {paths} }} }}')
    steps = "%resource.descendants().where(%resource.descendants().exists()).exists()"
    monkeypatch.setattr(spending, "STEPS", 200)
    many = f'{{ PatientList(family: "多い") {{ name(fhirpath: "{steps}") {{ text }} }} }}'
    assert set(await wrong(sakura, many)) == {"fhirpath.cost"}


@pytest.mark.filterwarnings("ignore:coroutine")  # what is given up before it began
async def test_what_takes_too_long_is_given_up(
    sakura: Caller, taro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = await sakura.made(lab(taro, code="eq-slow"))
    one = f'Observation(id: "{name}") {{ subject {{ resource {{ id }} }} }}'
    query = f'{{ {one} ObservationList(code: "eq-slow") {{ id }} }}'
    with monkeypatch.context() as patch:
        patch.setattr(answering, "SECONDS", 0)
        assert await wrong(sakura, query) == ["graphql.cost"]
    assert (await data(sakura, query))["ObservationList"] == [{"id": name}]
