"""What a person may not know leaves no trace on any of their pages, and what is withheld none on a doctor's.

Two looks at the same pages, before and after the hidden thing came: every answer is the same to the byte, but for the
tokens of a form and the lines of the log that the looking itself left.
"""

import re
from io import BytesIO
from zipfile import ZipFile

import orjson
from web_region import NOW, Region, take
from web_visitor import Visitor, application

from kakehashi.samples.build import lines_of
from kakehashi.samples.story_charts import story_charts
from kakehashi.services.audit.proof import signed

UNINFORMED = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
HL7 = "http://terminology.hl7.org/CodeSystem"
TABS = ("timeline", "labs", "medicines", "problems", "checkups", "documents")
OWN = (
    "/me", "/me/consents", "/me/withholding", "/me/withholding?kind=2", "/me/withholding?kind=7",
    "/me/withholding?kind=4", "/me/proxies", "/me/download", "/me/log?only=others",
)  # fmt: skip
VIEWED = (
    *(f"?tab={tab}" for tab in TABS), "?kind=2", "?kind=7", "?before=2026-11-20", "?tab=labs&years=1",
    "?tab=labs&all=1", "?tab=document&ref=Condition/hidden-c", "/attachment?ref=Bundle/hidden&n=0",
    "?tab=labs&item=name:腫瘍マーカー",
)  # fmt: skip


def patient_at(site: str, story: str) -> str:
    """The id of the Patient resource that an institution keeps of a told person."""
    chart = next(one for one in story_charts() if one.key == f"story-{story}")
    held = (orjson.loads(line.body) for line in lines_of(chart) if line.site == site and line.form == "fhir")
    return next(one["id"] for one in held if one["resourceType"] == "Patient")


def hidden(patient: str) -> list[bytes]:
    """A grave diagnosis with its medicine, result and allergy, marked as not told to the person."""
    about, mark = {"reference": f"Patient/{patient}"}, {"tag": [{"system": UNINFORMED, "code": "UNINFORMED"}]}
    coding = [{"system": f"{HL7}/observation-category", "code": "laboratory"}]
    active = {"coding": [{"system": f"{HL7}/allergyintolerance-clinical", "code": "active"}]}
    records = [
        {"resourceType": "Condition", "id": "hidden-c", "code": {"text": "膵癌"}, "recordedDate": "2026-11-19",
         "subject": about, "meta": mark},
        {"resourceType": "MedicationRequest", "id": "hidden-m", "status": "active", "intent": "order", "subject": about,
         "medicationCodeableConcept": {"text": "ゲムシタビン"}, "authoredOn": "2026-11-19", "meta": mark},
        {"resourceType": "Observation", "id": "hidden-o", "status": "final", "code": {"text": "腫瘍マーカー"},
         "category": [{"coding": coding}], "valueQuantity": {"value": 900, "unit": "U/mL"}, "subject": about,
         "effectiveDateTime": "2026-11-19T10:00:00+09:00", "meta": mark},
        {"resourceType": "AllergyIntolerance", "id": "hidden-a", "code": {"text": "造影剤X"}, "patient": about,
         "clinicalStatus": active, "recordedDate": "2026-11-19", "meta": mark},
    ]  # fmt: skip
    return [orjson.dumps(one) for one in records]


async def looks(visitor: Visitor) -> dict[str, str]:
    """Everything that the person can open, less what differs from one look to the next by itself."""
    found = {path: _steady((await visitor.go(path)).page) for path in OWN}
    viewer = (await visitor.go("/me/record")).at
    for path in VIEWED:
        await visitor.go(viewer + path)
        found[path] = f"{visitor.status} {_steady(visitor.page)}"
    await visitor.go("/me/download")
    await visitor.send("/me/download", **{"as": "page"})
    found["printed"] = _steady(visitor.page)
    await visitor.go("/me/download")
    await visitor.send("/me/download")
    with ZipFile(BytesIO(visitor.body)) as packed:
        found |= {name: packed.read(name).decode() for name in packed.namelist()}
    found["size of the archive"] = str(len(visitor.body))
    return found


def _steady(page: str) -> str:
    return re.sub(r'name="csrf" value="[^"]*"|/viewer/[\w-]+|below=\d+', "", page)


async def test_a_diagnosis_not_told_changes_no_byte_of_what_the_person_can_open(region: Region):
    async with Visitor.on(application(region)) as makoto:
        await makoto.sign_in("makoto")
        before = await looks(makoto)
        await take(region.house, region.sites["chuo"], hidden(patient_at("chuo", "makoto")))
        after = await looks(makoto)
        assert [name for name in before if before[name] != after[name]] == []
        assert not any(
            word in text for text in after.values() for word in ("膵癌", "ゲムシタビン", "造影剤X")
        )


async def test_what_is_not_told_leaves_no_line_in_the_file_of_the_proven_log(region: Region):
    async with Visitor.on(application(region)) as makoto:
        await makoto.sign_in("makoto")
        before = await lines_taken(makoto, region)
        await take(region.house, region.sites["chuo"], hidden(patient_at("chuo", "makoto")))
        told = [one for one in await lines_taken(makoto, region) if one not in before]
        assert told and {orjson.loads(one)["role"] for one in told} == {"person"}


async def lines_taken(makoto: Visitor, region: Region) -> list[str]:
    """What each line of the file says, once all is signed."""
    await signed(region.house, NOW)
    await makoto.go("/me/log")
    await makoto.go(makoto.link("/me/log/proof"))
    return [orjson.loads(line)["text"] for line in makoto.body.splitlines()]


async def test_the_doctor_who_treats_sees_it_with_its_mark(region: Region, visitor: Visitor):
    """The denial above means something only because the records are really there."""
    await take(region.house, region.sites["chuo"], hidden(patient_at("chuo", "makoto")))
    await visitor.sign_in("chuo.doctor")
    await visitor.go("/reception")
    await visitor.send("/reception", way="items", name="綾瀬 誠", birth="S30.2.20", sex="male")
    viewer = visitor.link("/reception/").replace("reception", "viewer")
    words = (await visitor.go(f"{viewer}?tab=problems")).words
    assert "膵癌" in words and "未告知" in words
    assert "造影剤X" in words and "ゲムシタビン" in (await visitor.go(f"{viewer}?tab=medicines")).words


async def test_what_is_withheld_changes_nothing_but_its_absence_for_another_doctor(region: Region):
    """Misaki shuts a clinic's records: the other doctor's pages are those of a region where it had never written."""
    async with Visitor.on(application(region)) as misaki, Visitor.on(application(region)) as doctor:
        await doctor.sign_in("aoba.doctor")
        await doctor.go("/reception")
        await doctor.send("/reception", way="items", name="早瀬 美咲", birth="S59.12.1", sex="female")
        desk = doctor.link("/reception/")
        await doctor.go(desk)
        await doctor.send(f"{desk}/consent", items=["all"], evidence="oral")
        viewer = desk.replace("reception", "viewer")
        open_ = [(await doctor.go(f"{viewer}?tab={tab}")).words for tab in TABS]
        assert any("もりのこころ" in words for words in open_)
        await misaki.sign_in("misaki")
        await misaki.go("/me/withholding")
        await misaki.send("/me/withholding", custodian=str(region.sites["mori"].key))
        shut = [
            (await doctor.go(f"{viewer}?tab={tab}{more}")).page for tab in TABS for more in ("", "&all=1")
        ]
        assert not any(
            word in page for page in shut for word in ("もりのこころ", "うつ病", "見せない", "withheld")
        )
        place = str(region.sites["mori"].key)
        choices = [page.partition('<select id="place"')[2].partition("</select>")[0] for page in shut]
        assert any(choices) and not any(f'value="{place}"' in one for one in choices)
        nobody = _steady((await doctor.go(f"{viewer}?place=999999")).page).replace("999999", "")
        assert _steady((await doctor.go(f"{viewer}?place={place}")).page) == nobody
