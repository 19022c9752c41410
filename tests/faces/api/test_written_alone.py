"""What comes alone and is new goes in by a short way: it is stored, told and logged as by the long way.

The long way is taken here by an Idempotency-Key, which the short one has not.
"""

import asyncio
from collections.abc import Mapping
from itertools import count

import asyncpg
import orjson
import pytest
from api_words import Caller, Region, lab, rules

from databases import as_owner
from kakehashi.store.window_sql import setting, system_window

EVERYTHING = system_window("a test")
_NUMBERS = count(1)
_OWN = ("rid", "id", "changed_at", "seq", "xid", "at", "entry", "tokens", "grams")


async def written(sakura: Caller, tree: Mapping[str, object], *, long: bool) -> str:
    """Put it under an id of its own; return the id."""
    name = f"alone-{next(_NUMBERS)}"
    headers = {"idempotency_key": f"key-{name}"} if long else {}
    answer = await sakura.put(f"/fhir/{tree['resourceType']}/{name}", {**tree, "id": name}, **headers)
    assert answer.status_code == 201, answer.text
    return name


async def kept(region: Region, name: str) -> dict[str, list[dict[str, object]]]:
    """What the store holds of a resource, in all its tables, but for what every row has for itself."""
    owner = await asyncpg.connect(as_owner(region.db.url))
    try:
        await owner.execute("SELECT set_config('kakehashi.window', $1, false)", setting(EVERYTHING))
        found = {
            "resource": await owner.fetch("SELECT * FROM resource WHERE id = $1", name),
            "feed": await owner.fetch(
                "SELECT * FROM feed WHERE rid IN (SELECT rid FROM resource WHERE id = $1)", name
            ),
            "log": await owner.fetch(
                "SELECT * FROM log WHERE position($1::bytea IN entry) > 0", f"/{name}/".encode()
            ),
        }
        return {table: [_plain(dict(row), name) for row in rows] for table, rows in found.items()}
    finally:
        await owner.close()


def _plain(row: dict[str, object], name: str) -> dict[str, object]:
    """The row without what is each one's own; of the log's entry what it says but act, request and time."""
    plain = {column: value for column, value in row.items() if column not in (*_OWN, "body")}
    if "tokens" in row:
        plain["counts"] = (len(row["tokens"]), len(row["grams"]))  # type: ignore[arg-type]
    if "entry" in row:
        said = orjson.loads(str(bytes(row["entry"]), "utf-8").replace(name, "ID"))  # type: ignore[call-overload]
        plain["said"] = {word: said[word] for word in said if word not in ("act", "request", "at")}
    return plain


_UNINFORMED = {"system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication", "code": "UNINFORMED"}


@pytest.mark.parametrize("more", [{}, {"note": [{"text": "尿"}]}, {"meta": {"tag": [_UNINFORMED]}}])
async def test_what_is_kept_of_it_is_what_the_long_way_keeps(
    region: Region, sakura: Caller, taro: str, more: dict[str, object]
) -> None:
    short = await kept(region, await written(sakura, {**lab(taro), **more}, long=False))
    long = await kept(region, await written(sakura, {**lab(taro), **more}, long=True))
    assert short == long
    assert [len(rows) for rows in short.values()] == [1, 1, 1]


async def test_what_is_about_nobody_goes_the_same_way(region: Region, sakura: Caller) -> None:
    place = {"resourceType": "Location", "name": "検査室", "status": "active"}
    short, long = [await kept(region, await written(sakura, place, long=way)) for way in (False, True)]
    assert short == long
    assert short["resource"][0]["person"] == 0


async def test_it_is_answered_alike_and_read_back(sakura: Caller, taro: str) -> None:
    answer = await sakura.post("/fhir/Observation", lab(taro))
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"1"'
    name = answer.headers["location"].split("/")[-3]
    read = await sakura.get(f"/fhir/Observation/{name}")
    assert read.json() == answer.json()
    assert read.json()["meta"]["versionId"] == "1"


async def test_a_transaction_of_one_goes_it_too_and_its_own_name_is_written_in(
    sakura: Caller, taro: str
) -> None:
    address = "urn:uuid:0b5e2c3e-1f3a-4a43-9f3a-5f2f1f0e3d11"
    entry = {
        "fullUrl": address,
        "resource": lab(taro, derivedFrom=[{"reference": address}]),
        "request": {"method": "POST", "url": "Observation"},
    }
    answer = await sakura.post("/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer.status_code == 200, answer.text
    place = answer.json()["entry"][0]["response"]["location"].partition("/_history")[0]
    name = "/".join(place.rsplit("/", 2)[-2:])
    assert (await sakura.get(f"/fhir/{name}")).json()["derivedFrom"] == [{"reference": name}]


async def test_many_at_one_moment_are_each_written_once(sakura: Caller, taro: str) -> None:
    names = [f"alone-{next(_NUMBERS)}" for _ in range(40)]
    answers = await asyncio.gather(
        *(sakura.put(f"/fhir/Observation/{name}", {**lab(taro), "id": name}) for name in names)
    )
    assert {one.status_code for one in answers} == {201}
    assert {one.headers["etag"] for one in answers} == {'W/"1"'}


async def test_of_two_that_put_the_same_at_one_moment_one_is_first(sakura: Caller, taro: str) -> None:
    """The other is its second version, or is told that somebody was in the way; never are there two first ones."""
    name = f"alone-{next(_NUMBERS)}"
    answers = await asyncio.gather(
        *(sakura.put(f"/fhir/Observation/{name}", {**lab(taro), "id": name}) for _ in range(6))
    )
    assert sorted(one.status_code for one in answers).count(201) == 1
    assert {one.status_code for one in answers} <= {200, 201, 409}
    versions = (await sakura.get(f"/fhir/Observation/{name}/_history")).json()["entry"]
    assert len(versions) == sum(one.status_code < 300 for one in answers)


async def test_what_was_deleted_comes_back_as_the_next_version(sakura: Caller, taro: str) -> None:
    name = await written(sakura, lab(taro), long=False)
    assert (await sakura.delete(f"/fhir/Observation/{name}")).status_code == 204
    answer = await sakura.put(f"/fhir/Observation/{name}", {**lab(taro), "id": name})
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"3"'


async def test_somebody_whom_the_institution_has_no_patient_of_is_refused(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    """Also when the Patient is there, but another institution's: it looks as if there were none."""
    for patient in (taro, "Patient/nobody"):
        answer = await midori.post("/fhir/Observation", lab(patient))
        assert answer.status_code == 422
        assert rules(answer) == ["record.subject"]
    assert (await sakura.post("/fhir/Observation", lab(taro))).status_code == 201


async def test_another_institution_s_id_cannot_be_taken(sakura: Caller, midori: Caller, taro: str) -> None:
    name = await written(sakura, {"resourceType": "Location", "name": "検査室"}, long=False)
    answer = await midori.put(
        f"/fhir/Location/{name}", {"resourceType": "Location", "id": name, "name": "別"}
    )
    assert answer.status_code == 409
    assert (await sakura.get(f"/fhir/Location/{name}")).json()["name"] == "検査室"


async def test_a_condition_and_a_version_are_still_looked_at(sakura: Caller, taro: str) -> None:
    name = f"alone-{next(_NUMBERS)}"
    tree = {**lab(taro, identifier=[{"system": "urn:s", "value": name}]), "id": name}
    assert (await sakura.put(f"/fhir/Observation/{name}", tree, if_match='W/"4"')).status_code == 412
    first = await sakura.post("/fhir/Observation", tree, if_none_exist=f"identifier=urn:s|{name}")
    again = await sakura.post("/fhir/Observation", tree, if_none_exist=f"identifier=urn:s|{name}")
    assert (first.status_code, again.status_code) == (201, 200)
