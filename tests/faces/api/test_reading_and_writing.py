"""create, read, vread, update, delete, history: each with its denial beside it."""

from datetime import timedelta
from random import Random

import asyncpg
import pytest
from api_words import BASE, Caller, Json, Region, ids, lab, link, patient, rules

from databases import as_owner


async def test_what_is_created_is_read_by_its_writer_and_by_nobody_else(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    answer = await sakura.post("/fhir/Observation", lab(taro))
    assert answer.status_code == 201
    name = answer.json()["id"]
    assert answer.headers["location"] == f"{BASE}/Observation/{name}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    read = await sakura.get(f"/fhir/Observation/{name}")
    assert (read.status_code, read.json()["meta"]["versionId"]) == (200, "1")
    assert read.content == answer.content
    stranger, missing = (
        await midori.get(f"/fhir/Observation/{name}"),
        await midori.get("/fhir/Observation/none"),
    )
    assert stranger.status_code == missing.status_code == 404
    assert stranger.content == missing.content


async def test_an_update_counts_versions_and_needs_the_current_one_when_told(
    sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    path = f"/fhir/Observation/{name}"
    changed = {
        **lab(taro, value=9.9),
        "id": name,
        "meta": {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"},
    }
    second = await sakura.put(path, changed, if_match='W/"1"')
    assert (second.status_code, second.json()["meta"]["versionId"]) == (200, "2")
    stale = await sakura.put(path, changed, if_match='W/"1"')
    assert (stale.status_code, rules(stale)) == (412, ["store.version"])
    first = await sakura.get(f"{path}/_history/1")
    assert first.json()["valueQuantity"]["value"] == 13.5
    assert (await sakura.get(f"{path}/_history/3")).status_code == 404
    assert (await sakura.get(path, if_none_match='W/"2"')).status_code == 304


async def test_an_update_may_create_but_not_under_an_id_that_others_use(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    body = {**lab(taro), "id": "own-choice-1"}
    assert (await sakura.put("/fhir/Observation/own-choice-1", body)).status_code == 201
    again = await sakura.put("/fhir/Observation/own-choice-1", body, if_none_match="*")
    assert again.status_code == 412
    other = "Patient/" + await midori.made(patient("M77", family="他院"))
    taken = await midori.put("/fhir/Observation/own-choice-1", {**body, "subject": {"reference": other}})
    assert (taken.status_code, rules(taken)) == (409, ["record.id-taken"])
    mismatch = await sakura.put("/fhir/Observation/own-choice-2", body)
    assert (mismatch.status_code, rules(mismatch)) == (422, ["http.id"])


async def test_a_record_never_changes_hands(sakura: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    other = "Patient/" + await sakura.made(patient("S-other", family="別人"))
    moved = await sakura.put(f"/fhir/Observation/{name}", {**lab(other), "id": name})
    assert (moved.status_code, rules(moved)) == (409, ["record.person-changed"])


async def test_what_is_deleted_is_gone_and_can_come_back(sakura: Caller, midori: Caller, taro: str) -> None:
    name = await sakura.made(lab(taro))
    path = f"/fhir/Observation/{name}"
    assert (await midori.delete(path)).status_code == 404
    assert (await sakura.delete(path)).status_code == 204
    assert (await sakura.delete(path)).status_code == 204
    assert (await midori.delete(path)).status_code == 404
    assert (await sakura.get(path)).status_code == 410
    assert (await midori.get(path)).status_code == 404
    assert (await sakura.delete("/fhir/Observation/never-there")).status_code == 404
    back = await sakura.put(path, {**lab(taro), "id": name})
    assert (back.status_code, back.json()["meta"]["versionId"]) == (201, "3")


async def test_history_tells_every_version_newest_first_in_pages(
    sakura: Caller, midori: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro))
    path = f"/fhir/Observation/{name}"
    await sakura.put(path, {**lab(taro, value=2), "id": name})
    await sakura.delete(path)
    whole = (await sakura.get(f"{path}/_history")).json()
    assert [e["request"]["method"] for e in whole["entry"]] == ["DELETE", "PUT", "POST"]
    assert "resource" not in whole["entry"][0]
    page = (await sakura.get(f"{path}/_history?_count=2")).json()
    rest = (await sakura.get(str(link(page)))).json()
    assert [e["request"]["method"] for e in rest["entry"]] == ["POST"]
    assert link(rest) is None
    assert (await midori.get(f"{path}/_history")).status_code == 404


async def test_histories_of_a_type_and_of_all_show_only_what_the_caller_may_see(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    made = [await sakura.made(lab(taro, value=n)) for n in range(5)]
    seen: list[str] = []
    path: str | None = "/fhir/Observation/_history?_count=2"
    while path:
        page = (await sakura.get(path)).json()
        seen += [e["resource"]["id"] for e in page.get("entry", ()) if "resource" in e]
        path = link(page)
    assert [one for one in seen if one in made] == list(reversed(made))
    assert len([one for one in seen if one in made]) == len(made)
    for everything in ("/fhir/_history?_count=500", "/fhir/Observation/_history?_count=500"):
        assert not {*ids((await midori.get(everything)).json())} & {*made}
    stolen = link((await sakura.get("/fhir/Observation/_history?_count=2")).json())
    assert (await midori.get(str(stolen))).status_code == 400


def shown(history: Json) -> list[str]:
    """The ids of the records in a page of a history, in order."""
    return [entry["resource"]["id"] for entry in history["entry"] if "resource" in entry]


async def test_a_history_goes_on_behind_a_record_that_is_no_longer_seen(
    region: Region, sakura: Caller, taro: str
) -> None:
    """Between two pages the last record of the former is removed for good, then deleted."""
    made = [await sakura.made(lab(taro, value=n)) for n in range(7)]
    first = (await sakura.get("/fhir/Observation/_history?_count=2")).json()
    assert shown(first) == [made[6], made[5]]
    admin = await asyncpg.connect(as_owner(region.db.url))
    await admin.execute("DELETE FROM resource WHERE id = $1", made[-2])
    await admin.close()
    second = (await sakura.get(str(link(first)))).json()
    assert shown(second) == [made[4], made[3]]
    assert (await sakura.delete(f"/fhir/Observation/{made[3]}")).status_code == 204
    third = (await sakura.get(str(link(second)))).json()
    assert shown(third) == [made[2], made[1]]


async def test_head_is_a_read_without_the_body(sakura: Caller, taro: str) -> None:
    answer = await sakura.ask("HEAD", f"/fhir/{taro}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(("prefer", "body"), [
    ("return=minimal", ""), ("return=representation", "Observation"), ("return=OperationOutcome", "OperationOutcome"),
])  # fmt: skip
async def test_the_caller_says_what_a_write_gives_back(
    sakura: Caller, taro: str, prefer: str, body: str
) -> None:
    answer = await sakura.post("/fhir/Observation", lab(taro), prefer=prefer)
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else "") == body


async def test_a_reply_lost_after_commit_and_sent_again_has_one_effect_and_the_same_answer(
    sakura: Caller, taro: str
) -> None:
    first = await sakura.post("/fhir/Observation", lab(taro, code="2160-0"), idempotency_key="k-1")
    again = await sakura.post("/fhir/Observation", lab(taro, code="2160-0"), idempotency_key="k-1")
    assert (first.status_code, first.content) == (again.status_code, again.content) != (200, b"")
    assert again.headers["location"] == first.headers["location"]
    found = (await sakura.get(f"/fhir/Observation?code=2160-0&subject={taro}")).json()
    assert ids(found) == [first.json()["id"]]
    reused = await sakura.post("/fhir/Observation", lab(taro, code="other"), idempotency_key="k-1")
    assert (reused.status_code, rules(reused)) == (422, ["store.idempotency-key"])


async def test_a_binary_goes_in_and_comes_out_as_it_is(sakura: Caller, midori: Caller, taro: str) -> None:
    png = b"\x89PNG\r\n not really"
    made = await sakura.post("/fhir/Binary", png, content_type="image/png", x_security_context=taro)
    assert made.status_code == 201, made.text
    path = f"/fhir/Binary/{made.json()['id']}"
    raw = await sakura.get(path, accept="image/png")
    assert (raw.content, raw.headers["content-type"]) == (png, "image/png")
    assert (await sakura.get(path, accept="application/fhir+json")).json()["contentType"] == "image/png"
    assert (await midori.get(path, accept="image/png")).status_code == 404


async def test_summaries_and_elements_are_parts_that_say_so(sakura: Caller, taro: str) -> None:
    part = (await sakura.get(f"/fhir/{taro}?_elements=birthDate")).json()
    assert "name" not in part and "birthDate" in part
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert "name" in (await sakura.get(f"/fhir/{taro}?_summary=true")).json()
    assert "name" not in (await sakura.get(f"/fhir/{taro}?_summary=text")).json()


async def test_a_history_tells_what_was_in_force_at_a_moment(
    region: Region, sakura: Caller, taro: str
) -> None:
    name = await sakura.made(lab(taro, value=1))
    for value in (2, 3):
        region.clock.tick(3600)
        await sakura.put(f"/fhir/Observation/{name}", {**lab(taro, value=value), "id": name})
    second = region.clock.now

    def of(one: Json) -> str:
        return str(one.get("resource", {}).get("id", ""))

    async def versions(query: str, path: str = f"/fhir/Observation/{name}/_history") -> list[str]:
        found = (await sakura.get(f"{path}?{query}")).json().get("entry", ())
        return [one["resource"]["meta"]["versionId"] for one in found if of(one) == name]

    def moment(hours: float) -> str:
        return (second + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")

    for path in (f"/fhir/Observation/{name}/_history", "/fhir/Observation/_history", "/fhir/_history"):
        assert await versions(f"_at={moment(0)}", path) == ["3"]
        assert await versions(f"_at={moment(-0.5)}", path) == ["2"]
        assert await versions(f"_at={moment(-1)}", path) == ["2"]
        assert await versions(f"_at={moment(-1.5)}", path) == ["1"]
        assert await versions(f"_at={moment(-9)}", path) == []
        assert await versions(f"_at=2026&_since={moment(-1)}", path) == ["3", "2"]
    page = (
        await sakura.get(f"/fhir/Observation/{name}/_history?_at=2026&_count=2&_sort=-_lastUpdated")
    ).json()
    assert len(page["entry"]) == 2
    rest = (await sakura.get(link(page) or "")).json()
    assert [one["resource"]["meta"]["versionId"] for one in rest["entry"]] == ["1"]
    region.clock.tick(3600)
    await sakura.delete(f"/fhir/Observation/{name}")
    assert await versions(f"_at={moment(1)}") == []
    assert await versions(f"_at={moment(0.5)}") == ["3"]
    for wrong in ("_at=yesterday", "_at=ge2024", "_sort=name"):
        assert (await sakura.get(f"/fhir/Observation/{name}/_history?{wrong}")).status_code == 400
    assert (await sakura.get("/fhir/Observation/none/_history?_at=1999")).status_code == 404


async def test_head_is_get_without_its_body(sakura: Caller, midori: Caller, taro: str) -> None:
    for path in (taro, f"{taro}/_history", f"{taro}/_history/1", "Patient?_summary=count", "metadata"):
        get, head = await sakura.get(f"/fhir/{path}"), await sakura.ask("HEAD", f"/fhir/{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    assert (await midori.ask("HEAD", f"/fhir/{taro}")).status_code == 404
    assert (await sakura.get(f"/fhir/{taro}/_history/1", if_none_match='W/"1"')).status_code == 304


async def test_a_patient_with_texts_of_any_length_is_kept(sakura: Caller) -> None:
    """Indexes take short texts only; what is too long to be a name is kept, and compared with nothing."""
    mixed = Random(1).randbytes(4_500).hex()  # what repeats itself is packed before it is indexed
    long = patient("L1", family="長" + mixed)
    long["name"].append({"text": "ﷺ" * 150})
    long["identifier"].append({"system": "http://example.jp/cards", "value": mixed})
    long["telecom"] = [{"system": "phone", "value": mixed}]
    name = await sakura.made(long)
    assert (await sakura.get(f"/fhir/Patient/{name}")).json()["name"][0]["family"] == "長" + mixed


@pytest.mark.parametrize("named", ["number", "member"])
async def test_a_number_longer_than_numbers_are_names_nobody(sakura: Caller, named: str) -> None:
    mixed = Random(2).randbytes(4_500).hex()
    sent = patient(mixed) if named == "number" else patient("L2", member=f"06139877:{mixed}:1:00")
    name = await sakura.made(sent)
    assert (await sakura.get(f"/fhir/Patient/{name}")).json()["identifier"] == sent["identifier"]
