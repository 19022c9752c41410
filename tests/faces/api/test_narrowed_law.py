"""A filtered token sees what the unfiltered one sees among the rows that meet a filter, whichever way it asks.

Random stores and filters, through the API and PostgreSQL; whether a row meets a filter is asked of `search.memory`.
"""

import os
import secrets
from datetime import UTC, datetime

import orjson
from api_words import Caller, Json, Region, ids, lab
from bulk_words import export
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kakehashi.fhir.parse import parse
from kakehashi.search import memory
from kakehashi.search.parse import parse_query
from kakehashi.trust.oauth import scopes

EXAMPLES = 4 * int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "2"))
SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
THEN = datetime(2026, 10, 1, tzinfo=UTC)
FILTERS = [
    "category=laboratory", f"category={SYSTEM}|laboratory,{SYSTEM}|vital-signs", f"category={SYSTEM}|survey",
    "date=ge2026-10-03", "date=lt2026-10-03&category=laboratory", "value-quantity=gt11||g/dL", "value-quantity=11",
    "status=final,amended", "category=other|laboratory", "date=ne2026-10-02",
]  # fmt: skip
stored = st.lists(
    st.fixed_dictionaries(
        {
            "category": st.sampled_from(["laboratory", "vital-signs", "survey"]),
            "day": st.integers(1, 5),
            "value": st.sampled_from([10, 11, 12]),
            "status": st.sampled_from(["final", "preliminary", "amended"]),
            "of": st.none() | st.integers(0, 5),
        }
    ),
    min_size=1,
    max_size=6,
)
chosen = st.lists(st.sampled_from(FILTERS), min_size=1, max_size=3, unique=True)


def transaction(patient: str, mark: str, drawn: list[Json]) -> Json:
    """The drawn observations, under a code of their own; each may be drawn from another one."""
    entries = []
    for number, one in enumerate(drawn):
        body = lab(
            patient, code=mark, value=one["value"], on=f"2026-10-{one['day']:02}", status=one["status"]
        )
        body |= {"id": f"{mark}-{number}"}
        body["category"][0]["coding"][0]["code"] = one["category"]
        if one["of"] is not None:
            body["derivedFrom"] = [{"reference": f"Observation/{mark}-{one['of'] % len(drawn)}"}]
        entries.append({"resource": body, "request": {"method": "PUT", "url": f"Observation/{body['id']}"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def left(rows: list[Json], queries: list[str]) -> set[str]:
    """The ids of the rows that meet a filter, by the reference."""
    wheres = []
    for text in queries:
        scope = scopes.parse(f"system/Observation.rs?{text}")
        assert scope and scope.query
        wheres.append(parse_query("Observation", sorted(scope.query.pairs), strict=True).where)
    found = set()
    for row in rows:
        holds = memory.asking(memory.Held(parse(orjson.dumps(row)), 1, 6, 1, 0, 0, THEN, THEN))
        found |= {row["id"]} if any(map(holds, wheres)) else set()
    return found


async def entries(caller: Caller, path: str, mark: str) -> set[str]:
    """The ids of the example's rows in a Bundle, matches and inclusions."""
    answer = await caller.get(f"/fhir/{path}")
    assert answer.status_code == 200, answer.text
    every = (one["resource"]["id"] for one in answer.json().get("entry", ()))
    return {one for one in every if one.startswith(mark)}


async def readable(caller: Caller, names: list[str], behind: str = "") -> set[str]:
    got = {name: (await caller.get(f"/fhir/Observation/{name}{behind}")).status_code for name in names}
    assert set(got.values()) <= {200, 404}
    return {name for name, status in got.items() if status == 200}


@given(drawn=stored, queries=chosen)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_what_a_filtered_token_sees_is_what_meets_a_filter_of_what_an_unfiltered_one_sees(
    region: Region, sakura: Caller, taro: str, drawn: list[Json], queries: list[str]
) -> None:
    mark = f"n{secrets.token_hex(5)}"
    made = await sakura.post("/fhir", transaction(taro, mark, drawn))
    assert made.status_code == 200, made.text
    rows = [
        one["resource"]
        for one in (await sakura.get(f"/fhir/Observation?code={mark}&_count=50")).json()["entry"]
    ]
    names, seen = [row["id"] for row in rows], left(rows, queries)
    assert len(names) == len(drawn)
    refers = {row["id"]: row["derivedFrom"][0]["reference"][12:] for row in rows if "derivedFrom" in row}
    scope = " ".join(f"system/Observation.rs?{text}" for text in queries)
    narrow = await region.caller(scope=f"{scope} system/Patient.rs")

    assert await readable(narrow, names) == await readable(narrow, names, "/_history") == seen
    assert await readable(narrow, names, "/_history/1") == seen
    page = (await narrow.get(f"/fhir/Observation?code={mark}&_total=accurate&_count=2&_sort=_id")).json()
    assert (page["total"], ids(page)) == (len(seen), sorted(seen)[:2])
    assert await entries(narrow, "Observation/_history?_count=100", mark) == seen
    assert await entries(narrow, f"{taro}/$everything?_type=Observation&_count=500", mark) == seen
    assert await entries(narrow, f"Observation?code={mark}&_include=Observation:derived-from", mark) == seen
    assert await entries(narrow, f"Patient?_id={taro[8:]}&_revinclude=Observation:subject", mark) == seen
    chained = {one for one, other in refers.items() if {one, other} <= seen}
    assert (
        await entries(narrow, f"Observation?code={mark}&derived-from:Observation.code={mark}", mark)
        == chained
    )
    referred = {refers[one] for one in chained}
    assert await entries(narrow, f"Observation?_has:Observation:derived-from:code={mark}", mark) == referred
    got = await export(region, narrow, type="Observation")
    assert {one for one in got.ids("Observation") if one.startswith(mark)} == seen
