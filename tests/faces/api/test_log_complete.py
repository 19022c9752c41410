"""The log is complete (L3): whatever is asked, by whomever, each act has its entries, nothing is shown without.

Random acts of random callers; then the log is read entry by entry: one act for each request that looked or changed,
none for one that was refused before; who, role, institution and purpose are the caller's; and the items are those
that the answer showed, each in the entry of its own person. KAKEHASHI_MORE_EXAMPLES says how many
sequences are tried.
"""

import os
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import orjson
import pytest
from api_words import KAEDE, MIDORI, SAKURA, Caller, Json, Region, lab, patient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.core.kinds import PERSONAL_KINDS
from kakehashi.engines.house import House
from kakehashi.engines.records import look
from kakehashi.engines.records.asked import Asked
from kakehashi.store import institutions, reach
from kakehashi.trust import emergency

EXAMPLES = int(os.environ.get("KAKEHASHI_MORE_EXAMPLES", "8"))
CALLERS: dict[str, tuple[Institution, Role]] = {
    "system": (SAKURA, Role.SYSTEM), "other system": (MIDORI, Role.SYSTEM), "doctor": (MIDORI, Role.DOCTOR),
    "pharmacist": (KAEDE, Role.PHARMACIST), "clerk": (SAKURA, Role.CLERK), "auditor": (SAKURA, Role.AUDITOR),
    "nobody": (SAKURA, Role.SYSTEM),
}  # fmt: skip
PURPOSES = {
    name: Purpose.AUDIT
    if role is Role.AUDITOR
    else Purpose.ADMINISTRATION
    if role is Role.CLERK
    else Purpose.TREATMENT
    for name, (_, role) in CALLERS.items()
}
READS = [
    "Patient/{who}", "Observation/{name}", "Observation/none", "Observation/{name}/_history",
    "Observation/{name}/_history/1", "Observation/{name}/_history/9", "Patient/{who}/$everything",
    "Patient/{who}/$everything?_count=1", "Observation?patient={who}", "Observation?patient={who}&_total=accurate",
    "Observation?patient={who}&_include=Observation:subject", "Observation?patient={who}&_summary=count",
    "Observation?code=718-7&_count=3", "Patient?_id={who}&_revinclude=Observation:subject",
    "Observation/_history?_count=3",
    "Patient?birthdate=nonsense", "Observation?patient={who},{other}", "_history?_count=2", "Patient?_cursor=AAAA",
]  # fmt: skip
WRITES = ["create", "update", "update of another's", "malformed", "invalid", "delete", "delete of nothing", "batch",
          "transaction", "create where", "validate"]  # fmt: skip
acts = st.lists(
    st.tuples(
        st.sampled_from(sorted(CALLERS)), st.sampled_from([*READS, *READS, *WRITES]), st.integers(0, 1)
    ),
    min_size=4,
    max_size=14,
)


@dataclass
class World:
    """Two persons of 桜台, a result of each; Hanako has agreed at 緑町."""

    region: Region
    callers: dict[str, Caller]
    patients: list[str]
    names: list[str]


@pytest.fixture(scope="module")
async def world(region: Region, sakura: Caller) -> AsyncIterator[World]:
    patients = [
        await sakura.made(patient(f"LOG-{one}", family="記録", birth=f"195{one}-01-0{one + 1}"))
        for one in range(2)
    ]
    names = [await sakura.made(lab(f"Patient/{who}")) for who in patients]
    await region.consent(patients[0], MIDORI)
    callers = {
        name: await region.caller(place, role, purpose=PURPOSES[name])
        for name, (place, role) in CALLERS.items()
    }
    callers["nobody"] = Caller(region.client, "nonsense")
    yield World(region, callers, patients, names)


async def asked(world: World, caller: Caller, act: str, which: int, request: str) -> httpx.Response:
    """Carry out one act over HTTP under this request id."""
    who, name, said = world.patients[which], world.names[which], {"x_request_id": request}
    result = lab(f"Patient/{who}")
    match act:
        case "create":
            return await caller.post("/fhir/Observation", result, **said)
        case "create where":
            return await caller.post("/fhir/Observation", result, if_none_exist=f"_id={name}", **said)
        case "update":
            return await caller.put(f"/fhir/Observation/{name}", {**result, "id": name}, **said)
        case "update of another's":
            return await caller.put(f"/fhir/Patient/{who}", {**patient("X", family="他"), "id": who}, **said)
        case "malformed":
            return await caller.post("/fhir/Observation", b'{"resourceType":', **said)
        case "invalid":
            return await caller.post("/fhir/Observation", {**result, "status": "none-such"}, **said)
        case "delete" | "delete of nothing":
            made = await world.callers["system"].made(result) if act == "delete" else "none"
            return await caller.delete(f"/fhir/Observation/{made}", **said)
        case "validate":
            return await caller.post("/fhir/Observation/$validate", result, **said)
        case "batch" | "transaction":
            entries = [
                {"request": {"method": "GET", "url": one}} for one in (f"Patient/{who}", "Patient?_id=none")
            ]
            entries.append({"request": {"method": "POST", "url": "Observation"}, "resource": result})  # type: ignore[dict-item]
            body = {"resourceType": "Bundle", "type": act, "entry": entries}
            return await caller.post("/fhir", body, **said)
    return await caller.get(
        "/fhir/" + act.format(who=who, name=name, other=world.patients[1 - which]), **said
    )


def shown(tree: Json) -> set[str]:
    """Every stored version that an answer shows or tells of, as `Type/id/_history/version`."""
    found: set[str] = set()
    resource = tree.get("resource", tree)
    if resource.get("resourceType") == "Bundle":
        for entry in resource.get("entry", ()):
            found |= shown(entry)
    elif "id" in resource and "versionId" in resource.get("meta", {}):
        found.add(f"{resource['resourceType']}/{resource['id']}/_history/{resource['meta']['versionId']}")
    if tree.get("request", {}).get("method") == "DELETE":  # in a history
        found.add(f"{tree['request']['url']}/_history/{tree['response']['etag'][3:-1]}")
    if location := tree.get("response", {}).get("location"):
        found.add(location)
    return found


async def entries_of(region: Region, request: str) -> list[tuple[int, Json]]:
    """The entries that one request left: person and what is said."""
    async with region.db.transaction() as tx:
        await reach.open_on(tx, reach.WHOLE_LOG)
        rows = await tx.fetch(
            "SELECT person, entry FROM log WHERE convert_from(entry, 'UTF8') LIKE $1 ORDER BY seq",
            f'%"request":"{request}"%',
        )
    return [(row["person"], orjson.loads(row["entry"])) for row in rows]


async def check(world: World, name: str, act: str, answer: httpx.Response, request: str) -> None:
    """Hold the entries of one request against who asked and what the answer shows."""
    place, role = CALLERS[name]
    persons_of: dict[str, list[int]] = defaultdict(list)
    items: list[str] = []
    for person, one in await entries_of(world.region, request):
        persons_of[one["act"]].append(person)
        items += one["items"]
        assert (one["role"], one["institution"], one["purpose"]) == (role.value, place.key, PURPOSES[name])
        assert one["who"] and one["action"] and one["count"] == len(one["items"])
        for who in (item.split("/")[1] for item in one["items"] if item.startswith("Patient/")):
            assert await world.region.person_of(who) == person, "each entry tells of its own person only"
    for persons in persons_of.values():
        assert len(persons) == len(set(persons)), "one entry for each person of an act"
        assert 0 not in persons or len(persons) == 1
    assert len(items) == len(set(items)), "what is shown once is named once"
    if act != "validate" and answer.status_code in (200, 201):
        assert set(items) == shown(answer.json()), "the log names what is shown, and nothing else"
    assert len(persons_of) in expected_acts(act, answer), (act, answer.status_code, len(persons_of))


def expected_acts(act: str, answer: httpx.Response) -> set[int]:
    """How many acts a request leaves: one for what looked or changed, none for what was refused or only checked."""
    status = answer.status_code
    if act == "validate" or status in (400, 401, 403, 405, 409, 412, 415, 422):
        return {0}
    if act == "batch":  # each entry is an act of its own; one that its role refuses is none
        statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
        return {sum(one in ("200", "201", "404") for one in statuses)}
    if act == "transaction":
        return {3}
    if act in ("delete", "delete of nothing"):
        return {1} if status == 204 and act == "delete" else {0, 1}
    return {1}


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
)
@given(script=acts)
async def test_each_act_has_its_entries_and_nothing_is_shown_without(
    world: World, script: list[tuple[str, str, int]]
) -> None:
    for name, act, which in script:
        request = f"r-{secrets.token_hex(8)}"
        answer = await asked(world, world.callers[name], act, which, request)
        assert answer.status_code < 500
        await check(world, name, act, answer, request)


async def test_an_emergency_leaves_an_entry_for_the_opening_and_one_for_each_look(
    world: World, sakura: Caller
) -> None:
    place = Institution(41, "1311234599", "救命病院（架空）", InstitutionType.HOSPITAL)
    helper = Actor(
        "helper", Role.DOCTOR, place, Purpose.EMERGENCY, factors=2, licence="000002", emergency_right=True
    )
    allergy = {"resourceType": "AllergyIntolerance", "patient": {"reference": f"Patient/{world.patients[0]}"},
               "code": {"text": "見本"}, "clinicalStatus": {"coding": [{"code": "active", "system":
               "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"}]}}  # fmt: skip
    item = f"AllergyIntolerance/{await sakura.made(allergy)}/_history/1"
    region, at, reason = world.region, world.region.clock.now, "意識レベル低下のため確認"
    person, house = await region.person_of(world.patients[0]), House(region.db, region.settings, region.clock)
    async with region.db.transaction() as tx:
        await institutions.put(tx, place)
        with pytest.raises(Refused):
            await emergency.open_access(
                tx, person, "unconscious", reason, by=replace(helper, factors=1), at=at, request="er-refused"
            )
        await emergency.open_access(tx, person, "unconscious", reason, by=helper, at=at, request="er-open")
    for number in range(2):
        asked_by = Asked(helper, at, f"er-look-{number}", "unconscious")
        _, rows, _ = await look.record(house, asked_by, person, kinds=PERSONAL_KINDS)
        [(whose, one)] = await entries_of(region, f"er-look-{number}")
        assert (whose, one["purpose"], one["reason"]) == (person, Purpose.EMERGENCY.value, "unconscious")
        assert item in one["items"] and set(one["items"]) == {row.seen.item for row in rows}
        assert "emergency:" in one["because"]
    assert await entries_of(region, "er-refused") == []
    [(whose, one)] = await entries_of(region, "er-open")
    assert (whose, one["action"], one["who"]) == (person, "emergency.opened", "helper")
