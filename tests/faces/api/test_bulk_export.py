"""$export as a hospital's system, a clinic's and a person use it: a real server, a real database, files on the disk."""

import asyncio
import os
import secrets
import tracemalloc
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg
import orjson
import pytest
from api_words import KAEDE, MIDORI, SAKURA, Caller, Region, ids, lab, patient, rules
from bulk_words import ASYNC, ask, export, house, path_of, patients, taken, work

from databases import as_owner
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.clock import fhir_instant
from kakehashi.core.ids import new_id
from kakehashi.engines.transfer import exporting, files, working
from kakehashi.faces.api import bulk_jobs
from kakehashi.store import reach
from kakehashi.store import withholding as withholding_rows
from kakehashi.store.reach import Matter, Reach
from kakehashi.trust.oauth import clients
from kakehashi.trust.signin import setup

KEEPER = Actor("keeper", Role.OPERATOR, setup.OPERATOR, Purpose.OPERATIONS, factors=2)


@pytest.fixture(autouse=True)
async def nothing_waits(region: Region) -> None:
    await work(region)


@pytest.fixture
async def mark(sakura: Caller, taro: str) -> str:
    """A code that this test's results alone have; Taro has two of them."""
    code = f"c{secrets.token_hex(4)}"
    for day in ("2026-11-01", "2026-11-02"):
        await sakura.made(lab(taro, code=code, on=day))
    return code


async def test_an_institution_gets_all_that_it_wrote_and_nothing_of_others(
    region: Region, sakura: Caller, midori: Caller, taro: str, mark: str
) -> None:
    theirs = await midori.made(patient("M1", family="緑町"))
    got = await export(region, sakura)
    assert taro.removeprefix("Patient/") in got.ids("Patient")
    assert theirs not in got.ids("Patient")
    assert len([one for one in got.of("Observation") if one["code"]["coding"][0]["code"] == mark]) == 2
    assert got.manifest["requiresAccessToken"] is True
    assert got.manifest["transactionTime"] == fhir_instant(region.clock.now)
    assert got.manifest["request"] == "https://kakehashi.example/fhir/$export?"[:-1]


async def test_a_line_is_the_bytes_that_a_read_shows(region: Region, sakura: Caller, taro: str) -> None:
    body = '{"resourceType":"Observation","status":"final",\r\n "code":{"text":"検査\\n"},\n'
    body += f'"subject":{{"reference":"{taro}"}},"valueQuantity" : {{"value": 1.10}}}}'
    made = await sakura.post("/fhir/Observation", body)
    got = await export(region, sakura, type="Observation")
    read = (await sakura.get(f"/fhir/Observation/{made.json()['id']}")).content
    assert read.translate(None, b"\r\n") in [line for lines in got.lines.values() for line in lines]
    assert b"1.10" in read


async def test_the_answer_comes_later_and_says_where(region: Region, sakura: Caller) -> None:
    path = await ask(sakura, type="Patient")
    waiting = await sakura.get(path)
    assert (waiting.status_code, waiting.content) == (202, b"")
    assert waiting.headers["x-progress"] == "waiting"
    assert int(waiting.headers["retry-after"]) > 0
    await work(region)
    done = await sakura.get(path)
    assert done.status_code == 200
    assert done.headers["content-type"] == "application/json"
    assert "expires" in done.headers


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("$export", "bulk.prefer"),
        ("$export?_outputFormat=application/parquet", "bulk.format"),
        ("$export?includeAssociatedData=LatestProvenanceResources", "bulk.associated"),
        ("$export?_type=Patint", "operation.parameter"),
        ("$export?_since=yesterday", "operation.parameter"),
        ("$export?_elements=--", "operation.parameter"),
        ("$export?patient=Patient/1", "bulk.patient"),
        ("$export?_typeFilter=Observation", "bulk.type-filter"),
        ("$export?_type=Patient&_typeFilter=Observation%3Fcode=1", "bulk.type-filter"),
        ("$export?_typeFilter=Observation%3F_sort=date", "bulk.type-filter"),
        ("$export?_typeFilter=Observation%3Fnonsense=1", "search.parameter"),
        ("$export?unknown=1", "operation.parameter"),
        ("Observation/$export", "http.operation"),
        ("Patient/1/$export", "http.operation"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_said_at_once(
    region: Region, sakura: Caller, address: str, rule: str
) -> None:
    answer = await sakura.get(f"/fhir/{address}", **({} if rule == "bulk.prefer" else ASYNC))
    assert answer.status_code in (400, 404)
    assert rules(answer) == [rule]
    assert await work(region) == 0


async def test_two_clients_do_not_see_each_others_jobs_and_files(
    region: Region, sakura: Caller, midori: Caller, mark: str
) -> None:
    doctor = await region.caller(SAKURA, Role.DOCTOR)
    path = await ask(sakura, type="Observation")
    await work(region)
    file = (await sakura.get(path)).json()["output"][0]["url"]
    nowhere = path.rpartition("/")[0] + "/00000000-0000-4000-8000-000000000000"
    for stranger in (midori, doctor):
        for method, place in (("GET", path), ("GET", file), ("DELETE", path)):
            answer = await stranger.ask(method, place)
            missing = await stranger.ask(method, nowhere)
            assert (answer.status_code, answer.content) == (404, missing.content)
    assert (await sakura.get(file)).status_code == 200
    assert (await sakura.get(path + "/../../etc/passwd")).status_code == 404
    assert (await sakura.get(path + "/..%2Fx")).status_code == 404


async def test_files_are_the_servers_own_on_the_disk(region: Region, sakura: Caller, mark: str) -> None:
    path = await ask(sakura, type="Observation")
    await work(region)
    [folder] = (region.settings.home / "exports").glob(path.rpartition("/")[2] + ".*")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


async def test_a_narrower_token_of_the_same_client_gets_the_files_that_it_covers(
    region: Region, sakura: Caller, mark: str
) -> None:
    path = await ask(sakura, type="Observation,Patient")
    await work(region)
    narrow = await region.caller(SAKURA, scope="system/Patient.rs")
    found = {one["type"]: one["url"] for one in (await narrow.get(path)).json()["output"]}
    assert (await narrow.get(found["Patient"])).status_code == 200
    assert (await narrow.get(found["Observation"])).status_code == 403


async def test_scopes_say_what_is_carried_away(region: Region, taro: str, mark: str) -> None:
    narrow = await region.caller(SAKURA, scope="system/Patient.rs")
    assert (await export(region, narrow)).types == {"Patient"}
    refused = await narrow.get("/fhir/$export?_type=Observation", **ASYNC)
    assert refused.status_code == 403
    reader = await region.caller(SAKURA, scope="system/*.r")
    assert (await reader.get("/fhir/$export", **ASYNC)).status_code == 403


async def test_elements_are_cut_by_type(region: Region, sakura: Caller, taro: str, mark: str) -> None:
    got = await export(region, sakura, type="Patient,Observation", elements="Patient.birthDate")
    [one] = [one for one in got.of("Patient") if one["id"] == taro.removeprefix("Patient/")]
    assert set(one) == {"resourceType", "id", "meta", "birthDate"}
    assert one["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert all("valueQuantity" in one or "code" in one for one in got.of("Observation"))
    both = await export(region, sakura, type="Patient,Observation", elements="subject")
    assert all("valueQuantity" not in one for one in both.of("Observation"))


async def test_filters_choose_and_several_mean_any_of_them(
    region: Region, sakura: Caller, taro: str, mark: str
) -> None:
    filters = [f"Observation?code={mark}&date=2026-11-01", f"Observation?code={mark}&date=2026-11-02"]
    first = await export(region, sakura, type="Observation,Patient", typeFilter=filters[0])
    assert [one["effectiveDateTime"] for one in first.of("Observation")] == ["2026-11-01"]
    assert taro.removeprefix("Patient/") in first.ids("Patient")
    for both in (filters, [",".join(filters)], [f"Observation?code={mark}"]):
        got = await export(region, sakura, type="Observation", typeFilter=both)
        assert len(got.of("Observation")) == 2
        assert len(got.ids("Observation")) == 2


async def test_filters_are_paged(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MATCHES", 1)
    got = await export(region, sakura, type="Observation", typeFilter=f"Observation?code={mark}")
    assert len(got.of("Observation")) == len(got.ids("Observation")) == 2


async def test_since_brings_what_changed_and_what_was_deleted(
    region: Region, sakura: Caller, taro: str
) -> None:
    kept, changed, gone = [await sakura.made(lab(taro)) for _ in range(3)]
    region.clock.tick()
    first = await export(region, sakura, type="Observation")
    assert {kept, changed, gone} <= first.ids("Observation")
    assert first.manifest["deleted"] == []
    region.clock.tick()
    await sakura.put(f"/fhir/Observation/{changed}", {**lab(taro, value=9.9), "id": changed})
    await sakura.delete(f"/fhir/Observation/{gone}")
    new = await sakura.made(lab(taro))
    region.clock.tick()
    second = await export(region, sakura, type="Observation", since=first.manifest["transactionTime"])
    assert second.ids("Observation") == {changed, new}
    assert second.deleted == {f"Observation/{gone}"}
    filtered = await export(
        region, sakura, type="Observation", since=first.manifest["transactionTime"],
        typeFilter="Observation?value-quantity=lt10",
    )  # fmt: skip
    assert filtered.ids("Observation") == {changed}
    again = await export(region, sakura, type="Observation", since=second.manifest["transactionTime"])
    assert (again.manifest["output"], again.manifest["deleted"]) == ([], [])
    until = await export(region, sakura, type="Observation", until=first.manifest["transactionTime"])
    assert kept in until.ids("Observation")
    assert not {changed, new} & until.ids("Observation")


async def test_another_institutions_deletions_leave_no_trace(
    region: Region, sakura: Caller, midori: Caller, taro: str
) -> None:
    since = fhir_instant(region.clock.now)
    region.clock.tick()
    gone = await sakura.made(lab(taro))
    await sakura.delete(f"/fhir/Observation/{gone}")
    theirs = await export(region, midori, type="Observation", since=since)
    assert theirs.manifest["deleted"] == []


async def test_patients_level_leaves_out_what_is_about_nobody(
    region: Region, sakura: Caller, taro: str
) -> None:
    place = await sakura.made({"resourceType": "Location", "name": "検査室"})
    nobodys = await sakura.made({k: v for k, v in lab(taro).items() if k != "subject"})
    everything = await export(region, sakura)
    assert place in everything.ids("Location")
    assert nobodys in everything.ids("Observation")
    for more in ({}, {"typeFilter": "Observation?status=final"}):
        got = await export(region, sakura, "Patient/", **more)
        assert taro.removeprefix("Patient/") in got.ids("Patient")
        assert "Location" not in got.types
        assert nobodys not in got.ids("Observation")


async def test_named_patients_and_members_of_a_group(region: Region, sakura: Caller) -> None:
    who = [await sakura.made(patient(f"G{secrets.token_hex(4)}", family=f"組{n}")) for n in range(12)]
    for one in who:
        await sakura.made(lab(f"Patient/{one}"))
    named = await export(region, sakura, "Patient/", patients(f"Patient/{who[0]}", f"Patient/{who[11]}"))
    assert named.ids("Patient") == {who[0], who[11]}
    assert {one["subject"]["reference"] for one in named.of("Observation")} == {
        f"Patient/{who[0]}", f"Patient/{who[11]}",
    }  # fmt: skip
    members = [{"entity": {"reference": f"Patient/{one}"}} for one in who]
    members[3]["inactive"] = True
    group = await sakura.made({"resourceType": "Group", "type": "person", "actual": True, "member": members})
    got = await export(region, sakura, f"Group/{group}/", type="Patient,Observation")
    assert got.ids("Patient") == set(who) - {who[3]}
    assert len(got.of("Observation")) == 11
    both = await export(region, sakura, f"Group/{group}/", patients(f"Patient/{who[3]}", f"Patient/{who[4]}"))
    assert both.ids("Patient") == {who[4]}
    empty = await sakura.made({"resourceType": "Group", "type": "person", "actual": True})
    assert (await export(region, sakura, f"Group/{empty}/")).manifest["output"] == []


async def test_a_system_exports_a_group_with_the_scopes_of_what_it_gets_and_is_not_shown_the_group(
    region: Region, sakura: Caller, taro: str
) -> None:
    """smart-fetch asks for no scope of Group, and Bulk Data asks for none."""
    members = [{"entity": {"reference": taro}}]
    group = await sakura.made({"resourceType": "Group", "type": "person", "actual": True, "member": members})
    narrow = await region.caller(SAKURA, scope="system/Patient.rs")
    got = await export(region, narrow, f"Group/{group}/", type="Patient")
    assert got.ids("Patient") == {taro.removeprefix("Patient/")}
    assert (await narrow.get(f"/fhir/Group/{group}")).status_code == 403
    assert (await narrow.get(f"/fhir/Group/{group}/$export?_type=Group", **ASYNC)).status_code == 403


async def test_a_group_that_one_may_not_see_is_not_there(
    region: Region, sakura: Caller, midori: Caller
) -> None:
    group = await sakura.made({"resourceType": "Group", "type": "person", "actual": True})
    hidden = await midori.get(f"/fhir/Group/{group}/$export", **ASYNC)
    missing = await midori.get("/fhir/Group/none/$export", **ASYNC)
    assert (hidden.status_code, hidden.content) == (404, missing.content)


async def test_a_system_gets_nothing_by_consent_which_is_given_to_those_who_treat(
    region: Region, sakura: Caller, midori: Caller, taro: str, mark: str
) -> None:
    await region.consent(taro.removeprefix("Patient/"), MIDORI)
    since = {"since": "2020-01-01T00:00:00Z"}
    for level, body in (("Patient/", patients(taro)), ("Patient/", None), ("", None)):
        got = await export(region, midori, level, body, type="Patient,Observation", **since)
        assert taro.removeprefix("Patient/") not in got.ids("Patient")
        assert mark not in str(got.lines)
    filtered = await export(region, midori, type="Observation", typeFilter=f"Observation?patient={taro}")
    assert filtered.manifest["output"] == []
    doctor = await region.caller(MIDORI, Role.DOCTOR)
    assert (await doctor.get("/fhir/$export", **ASYNC)).status_code == 403


async def test_a_record_that_is_withdrawn_between_pages_is_not_in_it(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(sakura, "Patient/", patients(taro), type="Observation")
    withdrawn: list[str] = []

    async def page_of(*given: object) -> exporting.Page:
        page = await exporting.page_of(*given)  # type: ignore[arg-type]
        if not withdrawn:
            mine = await sakura.get(f"/fhir/Observation?code={mark}")
            withdrawn.append(next(one for one in ids(mine.json()) if one != page.rows[0].id))
            await sakura.delete(f"/fhir/Observation/{withdrawn[0]}")
        return page

    monkeypatch.setattr(working, "page_of", page_of)
    await work(region)
    got = await taken(sakura, path)
    assert len(got.of("Observation")) == 1
    assert not set(withdrawn) & got.ids("Observation")


async def test_a_person_whose_disclosure_is_stopped_while_an_export_runs_gets_no_further_page(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    key = await region.person_of(taro.removeprefix("Patient/"))
    me = await region.caller(role=Role.PERSON, person=key)
    path = await ask(me, "Patient/", type="Observation")
    pages = 0

    async def page_of(*given: object) -> exporting.Page:
        nonlocal pages
        page = await exporting.page_of(*given)  # type: ignore[arg-type]
        pages += 1
        if pages == 1:
            async with region.db.transaction() as tx:
                await reach.open_on(tx, Reach((Matter.DISCLOSURE,), {key}))
                await withholding_rows.stop_disclosure(tx, key, uuid4(), by="insurer", at=region.clock.now)
        return page

    monkeypatch.setattr(working, "page_of", page_of)
    await work(region)
    assert pages == 2
    assert len((await taken(me, path)).of("Observation")) == 1


async def test_a_person_carries_away_their_own_record_over_all_institutions(
    region: Region, sakura: Caller, midori: Caller, taro: str, mark: str
) -> None:
    """What they were not told yet is not in it, nor counted; of others there is nothing."""
    tag = {"system": "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication", "code": "UNINFORMED"}
    untold = await sakura.made(lab(taro, code=mark, meta={"tag": [tag]}))
    key = await region.person_of(taro.removeprefix("Patient/"))
    me = await region.caller(role=Role.PERSON, person=key)
    other = await sakura.made(patient(f"O{secrets.token_hex(4)}", family="別人", birth="1955-05-05"))
    for level in ("", "Patient/"):
        got = await export(region, me, level, type="Patient,Observation")
        assert got.ids("Patient") == {taro.removeprefix("Patient/")}
        assert len(got.of("Observation")) == 2
        assert untold not in got.ids("Observation")
    filtered = await export(region, me, "Patient/", typeFilter=f"Observation?code={mark}", type="Observation")
    assert len(filtered.of("Observation")) == 2
    theirs = await export(region, me, "Patient/", patients(f"Patient/{other}"))
    assert theirs.manifest["output"] == []
    assert untold in (await export(region, sakura, type="Observation")).ids("Observation")


async def test_each_page_is_a_look_in_the_log(region: Region, sakura: Caller, taro: str, mark: str) -> None:
    await export(region, sakura, type="Observation", typeFilter=f"Observation?code={mark}")
    await export(region, sakura, "Patient/", patients(taro), type="Observation")
    key = await region.person_of(taro.removeprefix("Patient/"))
    owner = await asyncpg.connect(as_owner(region.db.url))
    entries = [
        row["entry"].decode() for row in await owner.fetch("SELECT entry FROM log WHERE person = $1", key)
    ]
    await owner.close()
    assert len([one for one in entries if '"action":"export"' in one and '"count":2' in one]) >= 1
    assert len([one for one in entries if '"action":"search"' in one and '"count":2' in one]) >= 1


async def test_what_changes_while_it_is_read_comes_with_the_next(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(sakura, type="Observation", elements="status")
    late: list[str] = []

    async def page_of(*given: object) -> exporting.Page:
        page = await exporting.page_of(*given)  # type: ignore[arg-type]
        if not late:
            region.clock.tick()
            late.append(await sakura.made(lab(taro)))
        return page

    monkeypatch.setattr(working, "page_of", page_of)
    await work(region)
    first = await taken(sakura, path)
    assert not set(late) & first.ids("Observation")
    region.clock.tick()
    monkeypatch.undo()
    then = await export(region, sakura, type="Observation", since=first.manifest["transactionTime"])
    assert then.ids("Observation") == set(late)


async def test_cancelling_in_the_middle_stops_it_and_leaves_no_file(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(sakura, type="Observation")
    pages = 0

    async def page_of(*given: object) -> exporting.Page:
        nonlocal pages
        pages += 1
        if pages == 2:
            running = await sakura.get(path)
            assert running.headers["x-progress"] == "1 resources"
            assert (await sakura.delete(path)).status_code == 202
        return await exporting.page_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "page_of", page_of)
    assert await work(region) == 1
    assert pages == 2
    assert (await sakura.get(path)).status_code == 404
    assert (await sakura.delete(path)).status_code == 404
    assert not list((region.settings.home / "exports").glob(path.rpartition("/")[2] + ".*"))


async def test_a_job_of_a_server_that_died_is_taken_up_where_it_was(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies after it wrote a page and before it noted it: the page is written again, and once."""
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(sakura, "Patient/", patients(taro), type="Observation")
    job = path.rpartition("/")[2]

    class Died(BaseException):
        pass

    async def move(self: object, place: object) -> None:
        raise Died

    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(working._Work, "_move", move)
        await work(region)
    [folder] = (region.settings.home / "exports").glob(job + ".*")
    assert (folder / "Observation.1.ndjson").stat().st_size > 0
    assert await work(region) == 0  # its server may only be slow
    region.clock.tick(working.STALLED.total_seconds() + 1)
    assert await work(region) == 1
    got = await taken(sakura, path)
    assert len(got.of("Observation")) == len(got.ids("Observation")) == 2


async def test_a_server_that_stops_gives_its_job_back_at_once(
    region: Region, sakura: Caller, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await ask(sakura, type="Observation", typeFilter=f"Observation?code={mark}")
    reached = asyncio.Event()

    async def page_of(*given: object) -> exporting.Page:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(working, "page_of", page_of)
        task = asyncio.create_task(working.work(house(region), bulk_jobs.speech(), at=region.clock.now))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await work(region) == 1
    assert len((await taken(sakura, path)).of("Observation")) == 2


async def test_of_two_servers_one_does_a_job_and_who_wakes_up_late_spoils_nothing(
    region: Region, sakura: Caller, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await ask(sakura, type="Observation", typeFilter=f"Observation?code={mark}")
    asleep, wake = asyncio.Event(), asyncio.Event()

    async def page_of(*given: object) -> exporting.Page:
        page = await exporting.page_of(*given)  # type: ignore[arg-type]
        asleep.set()
        await wake.wait()
        return page

    with monkeypatch.context() as patch:
        patch.setattr(working, "page_of", page_of)
        first = asyncio.create_task(working.work(house(region), bulk_jobs.speech(), at=region.clock.now))
        await asleep.wait()
    assert await work(region) == 0
    region.clock.tick(working.STALLED.total_seconds() + 1)
    assert await work(region) == 1
    wake.set()
    await first
    assert len((await taken(sakura, path)).of("Observation")) == 2


async def test_files_that_are_lost_are_said_to_be(
    region: Region, sakura: Caller, taro: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(sakura, "Patient/", patients(taro), type="Observation")
    turns = 0

    class Died(BaseException):
        pass

    async def page_of(*given: object) -> exporting.Page:
        nonlocal turns
        turns += 1
        if turns == 2:
            raise Died
        return await exporting.page_of(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(Died):
        patch.setattr(working, "page_of", page_of)
        await work(region)
    [folder] = (region.settings.home / "exports").glob(path.rpartition("/")[2] + ".*")
    (folder / "Observation.1.ndjson").unlink()
    region.clock.tick(working.STALLED.total_seconds() + 1)
    await work(region)
    answer = await sakura.get(path)
    assert answer.status_code == 500
    assert rules(answer) == ["bulk.lost"]


async def test_a_suspended_client_gets_no_further_page(
    region: Region, taro: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pharmacy = await region.caller(KAEDE)
    for number in range(2):
        await pharmacy.made(patient(f"K{number}", family="薬局", birth=f"194{number}-01-01"))
    monkeypatch.setattr(exporting, "PAGE", 1)
    path = await ask(pharmacy, type="Patient")
    client = f"demo-{KAEDE.code}"
    pages = 0

    async def page_of(*given: object) -> exporting.Page:
        nonlocal pages
        pages += 1
        await clients.suspend(region.db, client, by=KEEPER, at=region.clock.now)
        return await exporting.page_of(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(working, "page_of", page_of)
    await work(region)
    assert pages == 1
    region.clock.tick()
    assert (await pharmacy.get(path)).status_code == 401
    assert not list((region.settings.home / "exports").glob(path.rpartition("/")[2] + ".*"))
    await clients.resume(region.db, client, by=KEEPER, at=region.clock.now)
    region.clock.tick(5)
    answer = await (await region.caller(KAEDE)).get(path)
    assert (answer.status_code, rules(answer)) == (500, ["bulk.stopped"])


async def test_files_end_after_a_day(region: Region, sakura: Caller, mark: str) -> None:
    path = await ask(sakura, type="Observation")
    await work(region)
    await working.clear(house(region), at=region.clock.now)
    assert (await sakura.get(path)).status_code == 200
    await working.clear(house(region), at=region.clock.now + working.KEPT)
    assert (await sakura.get(path)).status_code == 404
    assert not list((region.settings.home / "exports").glob(path.rpartition("/")[2] + ".*"))


async def test_a_folder_whose_job_is_gone_is_cleared_once_it_is_old(region: Region) -> None:
    left = files.begun(region.settings.home, new_id())
    await working.clear(house(region), at=region.clock.now)
    assert left in files.root(region.settings.home).iterdir()
    os.utime(left, (0, 0))
    await working.clear(house(region), at=region.clock.now)
    assert left not in files.root(region.settings.home).iterdir()


async def test_no_client_fills_the_queue(region: Region, sakura: Caller) -> None:
    paths = [await ask(sakura, type="Patient") for _ in range(5)]
    refused = await sakura.get("/fhir/$export", **ASYNC)
    assert (refused.status_code, rules(refused)) == (429, ["bulk.open"])
    assert "retry-after" in refused.headers
    for path in paths:
        await sakura.delete(path)
    assert await work(region) == 0


async def test_a_file_is_sent_by_head_and_refused_in_a_batch(
    region: Region, sakura: Caller, mark: str
) -> None:
    got = await export(region, sakura, type="Observation")
    url = got.manifest["output"][0]["url"]
    head = await sakura.ask("HEAD", url)
    assert int(head.headers["content-length"]) == sum(len(line) + 1 for line in got.lines[url])
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": url.removeprefix("https://kakehashi.example/fhir/")}}]}  # fmt: skip
    answer = await sakura.post("/fhir", batch)
    assert "ndjson" not in answer.text
    assert answer.json()["entry"][0]["response"]["status"].startswith("4")


async def test_a_kick_off_by_post_says_the_same(region: Region, sakura: Caller, mark: str) -> None:
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueString": "Observation"},
        {"name": "_typeFilter", "valueString": f"Observation?code={mark}"},
        {"name": "_since", "valueInstant": "2020-01-01T00:00:00Z"},
        {"name": "_outputFormat", "valueString": "ndjson"}]}  # fmt: skip
    got = await export(region, sakura, "", body)
    assert len(got.of("Observation")) == 2
    query = urlencode({"_type": "Observation", "_outputFormat": "application/fhir+ndjson"})
    assert (await sakura.get(f"/fhir/$export?{query}", **ASYNC)).status_code == 202


async def test_the_capability_statement_says_what_there_is(sakura: Caller) -> None:
    told = (await sakura.get("/fhir/metadata")).json()
    assert told["instantiates"] == ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]
    names = {one["name"] for one in told["rest"][0]["operation"]}
    assert {"export", "import"} <= names
    found = {one["type"]: one["operation"] for one in told["rest"][0]["resource"]}
    assert "group-export" in str(found["Group"])
    assert "patient-export" in str(found["Patient"])


async def test_a_thousand_patients_take_no_more_memory_than_a_page(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight megabytes come in by $import and go out by $export; at no moment is half of it held."""
    monkeypatch.setattr(exporting, "PAGE", 100)
    clinic = await region.caller(MIDORI)
    friend = [{"name": {"text": secrets.token_hex(4_000)}}]
    people = [patient(f"T{n}", family=f"千{n}", birth="1930-01-01") for n in range(1_000)]
    lines = [orjson.dumps({**one, "contact": friend}) for one in people]
    since = fhir_instant(region.clock.now)
    region.clock.tick()
    sent = {"content_type": "application/fhir+ndjson", **ASYNC}
    taking = path_of(await clinic.post("/fhir/$import", b"\n".join(lines), **sent))
    await work(region)
    assert (await clinic.get(taking)).json()["output"] == [{"type": "Patient", "count": 1_000}]
    path = await ask(clinic, "Patient/", type="Patient", since=since)
    tracemalloc.start()
    await work(region)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    got = await taken(clinic, path)
    assert len(got.ids("Patient")) == 1_000
    assert most < sum(map(len, lines)) / 2
