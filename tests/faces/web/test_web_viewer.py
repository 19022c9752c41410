"""What a doctor, a receptionist and a person read on their pages, record by record as it comes in."""

from base64 import b64encode

import orjson
import pytest
from web_region import NOW, Region, take
from web_visitor import Visitor, application

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.people import doubts
from kakehashi.trust import withholding_portal

HL7 = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
TABS = ("timeline", "labs", "medicines", "problems", "checkups", "documents")


def patient(region, slug, number="E1"):
    """Somebody whom one institution knows by its own number."""
    system = f"urn:oid:1.2.392.100495.20.3.51.1{region.sites[slug].code}"
    return {
        "resourceType": "Patient", "id": "p", "identifier": [{"system": system, "value": number}], "gender": "male",
        "name": [{"text": "記録 多"}], "birthDate": "1950-01-02", "address": [{"text": "東京都千代田区霞が関1-2-3"}],
    }  # fmt: skip


ABOUT = {"subject": {"reference": "Patient/p"}}


def result(number, text, value, unit, day="2026-11-01", **more):
    """A laboratory result."""
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final", "code": {"text": text},
        "category": [{"coding": [{"system": f"{HL7}/observation-category", "code": "laboratory"}]}],
        "effectiveDateTime": f"{day}T10:00:00+09:00",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit}, **ABOUT, **more,
    }  # fmt: skip


def allergy(text, day):
    """An allergy."""
    return {
        "resourceType": "AllergyIntolerance", "id": "a", "code": {"text": text}, "patient": ABOUT["subject"],
        "clinicalStatus": {"coding": [{"system": f"{HL7}/allergyintolerance-clinical", "code": "active"}]},
        "recordedDate": day,
    }  # fmt: skip


def problem(text, day="2020-01-01"):
    """A disease that goes on."""
    return {
        "resourceType": "Condition", "id": f"c-{len(text)}", "code": {"text": text}, "recordedDate": day,
        "clinicalStatus": {"coding": [{"system": f"{HL7}/condition-clinical", "code": "active"}]}, **ABOUT,
    }  # fmt: skip


async def opened(region: Region, visitor: Visitor, *records: dict) -> str:
    """Store records at the clinic, and return the address of the person's viewer page for its doctor."""
    lines = [orjson.dumps(one) for one in (patient(region, "sakura"), *records)]
    await take(region.house, region.sites["sakura"], lines)
    await visitor.sign_in("sakura.doctor")
    await visitor.go("/reception")
    await visitor.send("/reception", way="number", local="Ｅ１")
    return visitor.link("/reception/").replace("reception", "viewer")


async def test_problems_and_an_allergy_of_long_ago_are_in_sight_on_every_tab(
    region: Region, visitor: Visitor
):
    newer = [result(n, "カリウム", 4.0, "mmol/L") for n in range(510)]
    viewer = await opened(region, visitor, allergy("ペニシリン", "2012-03-04"), problem("心房細動"), *newer)
    for tab in TABS:
        banner = (await visitor.go(f"{viewer}?tab={tab}")).page.partition("</section>")[0]
        assert "ペニシリン" in banner and "心房細動" in banner
        assert "霞が関" not in visitor.page  # care needs no address


async def test_a_long_record_says_from_when_it_is_shown_and_leads_to_all_of_it(
    region: Region, visitor: Visitor
):
    newer = [result(n, "カリウム", 4.0, "mmol/L") for n in range(500)]
    viewer = await opened(region, visitor, result(900, "昔の項目", 1, "g/dL", "2015-01-01"), *newer)
    assert (
        "2026-11-01 からあと" in (await visitor.go(f"{viewer}?tab=labs")).words
        and "昔の項目" not in visitor.page
    )
    everything = visitor.link("?tab=labs&amp;all=1")
    assert "昔の項目" in (await visitor.go(viewer + everything)).words


async def test_values_are_told_in_signs_and_words_with_units_as_people_write_them(
    region: Region, visitor: Visitor
):
    scope = {"referenceRange": [{"low": {"value": 2.0}, "high": {"value": 3.0}}]}
    viewer = await opened(
        region,
        visitor,
        result(1, "PT-INR", 4.1, "{INR}", **scope),
        result(2, "白血球", 1.2, "10*3/uL", **scope),
    )
    words = (await visitor.go(f"{viewer}?tab=labs")).words
    assert "4.1 INR ↑H （高い high ）" in words and "1.2 10³/µL ↓L （低い low ）" in words
    assert "{INR}" not in visitor.page


async def test_the_time_line_narrows_by_institution_kind_and_day(region: Region, visitor: Visitor):
    old, new = result(1, "カリウム", 4.0, "mmol/L", "2024-05-01"), result(2, "ナトリウム", 140, "mmol/L")
    viewer = await opened(region, visitor, old, new, problem("高血圧症", "2024-05-01"))
    everything = (await visitor.go(viewer)).words
    assert "カリウム" in everything and "ナトリウム" in everything
    before = (await visitor.go(f"{viewer}?before=2025-01-01")).words
    assert "カリウム" in before and "ナトリウム" not in before and "最新・すべてに戻る" in before
    kind = (await visitor.go(f"{viewer}?kind=2")).words.partition("さらに")[0]
    assert "カリウム" not in kind and "高血圧症" in kind
    assert "カリウム" not in (await visitor.go(f"{viewer}?place=999999")).words


async def test_one_item_opens_by_itself_with_all_its_values(region: Region, visitor: Visitor):
    values = [result(n, "カリウム", 4 + n / 100, "mmol/L", f"2026-10-{n % 28 + 1:02}") for n in range(40)]
    viewer = await opened(region, visitor, *values, result(99, "ナトリウム", 140, "mmol/L"))
    assert (await visitor.go(f"{viewer}?tab=labs")).page.count("<circle") == 30
    alone = visitor.link("?tab=labs&amp;item=")
    assert (await visitor.go(viewer + alone)).page.count(
        "<circle"
    ) == 40 and "ナトリウム" not in visitor.words


def dispensed(text, **when):
    """A dispensing of four weeks."""
    return {
        "resourceType": "MedicationDispense", "id": f"d{ord(text)}", "status": "completed", **ABOUT, **when,
        "medicationCodeableConcept": {"text": text},
        "daysSupply": {"value": 28, "unit": "日", "system": UCUM, "code": "d"},
    }  # fmt: skip


async def test_the_day_on_which_something_came_in_is_never_shown_as_its_own(region: Region, visitor: Visitor):
    """LAST_WEEK is when the records of the test came in: 2026-11-14."""
    silent = {key: value for key, value in problem("喘息").items() if key != "recordedDate"}
    viewer = await opened(
        region, visitor, silent, dispensed("甲"), dispensed("乙", whenHandedOver="2026-11-10")
    )
    problems = (await visitor.go(f"{viewer}?tab=problems")).words
    assert "日付の記載なし undated 2026-11-14 に届きました" in problems
    medicines = (await visitor.go(f"{viewer}?tab=medicines")).words
    told = medicines.partition("処方・調剤の一覧")[2]
    assert "甲 調剤 dispensed 日付の記載なし undated 2026-11-14 に届きました" in told
    assert "乙 服用中 current 調剤 dispensed 2026-11-10 2026-12-08" in told
    assert "処方・調剤が1件あります" in medicines and visitor.page.count('class="chart-bar') == 1


DISCHARGE = {"coding": [{"system": "http://loinc.org", "code": "18842-5"}]}


def summary_with(region, *attachments):
    """A discharge summary with attachments."""
    composition = {
        "resourceType": "Composition", "id": "k", "status": "final", "type": DISCHARGE, "date": "2026-11-01T10:00:00Z",
        "title": "退院時サマリー", "author": [{"display": "桜井"}],
        "subject": {"reference": "http://sakura.example/Patient/p"},
        "section": [{
            "title": "経過",
            "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><h1>大見出し</h1></div>'},
        }],
    }  # fmt: skip
    references = [
        {
            "resourceType": "DocumentReference",
            "id": f"d{n}",
            "status": "current",
            "content": [{"attachment": one}],
        }
        for n, one in enumerate(attachments)
    ]
    entries = [
        {"fullUrl": f"http://sakura.example/{one['resourceType']}/{one['id']}", "resource": one}
        for one in (composition, patient(region, "sakura"), *references)
    ]
    identifier = {"system": "http://sakura.example/documents", "value": "1"}
    return {
        "resourceType": "Bundle", "id": "b", "type": "document", "identifier": identifier,
        "timestamp": "2026-11-01T10:00:00Z", "entry": entries,
    }  # fmt: skip


async def test_an_attached_pdf_opens_where_nothing_can_run_and_a_page_is_only_downloaded(
    region: Region, visitor: Visitor
):
    pdf = {"contentType": "application/pdf", "title": "心電図", "data": b64encode(b"%PDF-1.7").decode()}
    page = {
        "contentType": "text/html",
        "title": "案内",
        "data": b64encode(b"<script>alert(1)</script>").decode(),
    }
    viewer = await opened(region, visitor, summary_with(region, pdf, page))
    await visitor.go(f"{viewer}?tab=document&ref=Bundle/b")
    assert "心電図" in visitor.words and visitor.page.count("<h1") == 1 and "大見出し" in visitor.words
    await visitor.go(f"{viewer}/attachment?ref=Bundle/b&n=0")
    assert visitor.body == b"%PDF-1.7" and visitor.headers["content-type"] == "application/pdf"
    assert "default-src 'none'" in visitor.headers["content-security-policy"]
    assert "script-src" not in visitor.headers["content-security-policy"]
    await visitor.go(f"{viewer}/attachment?ref=Bundle/b&n=1")
    assert visitor.headers["content-type"] == "application/octet-stream"
    assert visitor.headers["content-disposition"].startswith("attachment")
    for lost in ("ref=Bundle/b&n=2", "ref=Bundle/b&n=-1", "ref=Bundle/other&n=0", "ref=Bundle/b"):
        assert (await visitor.go(f"{viewer}/attachment?{lost}")).status == 404


async def test_who_may_not_see_the_document_cannot_open_what_is_attached(region: Region):
    async with Visitor.on(application(region)) as ours, Visitor.on(application(region)) as theirs:
        pdf = {"contentType": "application/pdf", "data": b64encode(b"%PDF-1.7").decode()}
        await opened(region, ours, summary_with(region, pdf))
        await theirs.sign_in("chuo.doctor2")
        await theirs.go("/reception")
        await theirs.send("/reception", way="items", name="架橋 花子", birth="S37.5.14", sex="female")
        viewer = theirs.link("/reception/").replace("reception", "viewer")
        assert (await theirs.go(f"{viewer}/attachment?ref=Bundle/b&n=0")).status == 404


@pytest.mark.parametrize("name", ["架橋 花子", "架橋花子", "カケハシ　ハナコ", "ｶｹﾊｼﾊﾅｺ", "かけはし はなこ"])
async def test_a_name_is_found_in_kanji_and_any_kana_with_blanks_or_without(visitor: Visitor, name: str):
    await visitor.sign_in("sakura.clerk")
    await visitor.go("/reception")
    await visitor.send("/reception", way="items", name=name, birth="昭和37年5月14日", sex="female")
    assert "1人が一致" in visitor.words


async def test_before_one_is_chosen_the_list_says_the_town_and_no_more(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    await visitor.go("/reception")
    await visitor.send("/reception", way="items", name="架橋 花子", birth="19620514", sex="female")
    assert "架空県架橋市" in visitor.words and "桜町" not in visitor.page and " autofocus" in visitor.page
    assert "桜町" in (await visitor.go(visitor.link("/reception/"))).words


async def test_where_an_address_must_not_be_learnt_not_even_the_town_is_listed(
    region: Region, visitor: Visitor
):
    insurer = Actor("staff", Role.INSURER, region.sites["kokuho"], Purpose.PAYMENT, factors=2)
    async with region.house.db.transaction() as db:
        await withholding_portal.stop(db, region.persons["hanako"], by=insurer, at=NOW)
    await visitor.sign_in("minato.clerk")
    await visitor.go("/reception")
    await visitor.send("/reception", way="items", name="架橋 花子", birth="19620514", sex="female")
    assert "1人が一致" in visitor.words and "架橋市" not in visitor.page


async def test_a_link_in_doubt_is_said_at_the_desk_with_what_to_do_and_not_to_others(region: Region):
    """The insurer doubts its own link: every desk is told. A clinic doubts its own: only that clinic is told."""
    for doubting, told in (("kokuho", {"sakura.clerk", "minato.clerk"}), ("sakura", {"sakura.clerk"})):
        role, purpose = (
            (Role.INSURER, Purpose.PAYMENT) if doubting == "kokuho" else (Role.CLERK, Purpose.TREATMENT)
        )
        by = Actor("staff", role, region.sites[doubting], purpose, factors=2)
        async with region.house.db.transaction() as db:
            if doubting == "sakura":
                await db.execute("UPDATE person_suspension SET state = 'right'")
            await doubts.suspend(db, region.persons["hanako"], by.institution.key, evidence={}, by=by, at=NOW)
        for clerk in ("sakura.clerk", "minato.clerk"):
            async with Visitor.on(application(region)) as visitor:
                await visitor.sign_in(clerk)
                await visitor.go("/reception")
                await visitor.send(
                    "/reception", way="items", name="架橋 花子", birth="19620514", sex="female"
                )
                words = (await visitor.go(visitor.link("/reception/"))).words
                assert ("本人の照合を確認しています" in words) == (clerk in told), (doubting, clerk)


async def agreed(visitor: Visitor) -> str:
    """Record at the clinic that Hanako agrees to everything; return the address of her viewer page there."""
    await visitor.sign_in("sakura.doctor")
    await visitor.go("/reception")
    await visitor.send("/reception", way="items", name="架橋 花子", birth="19620514", sex="female")
    desk = visitor.link("/reception/")
    await visitor.go(desk)
    await visitor.send(f"{desk}/consent", items=["all"], evidence="card")
    return desk.replace("reception", "viewer")


async def test_one_box_agrees_to_everything_and_the_badges_say_so(visitor: Visitor):
    words = (await visitor.go(await agreed(visitor))).words
    assert all(f"✓ {item} " in words for item in ("健診情報", "薬剤情報", "診療情報", "手術情報"))


async def test_medicines_that_overlap_are_told_in_words_with_both_institutions(visitor: Visitor):
    words = (await visitor.go(f"{await agreed(visitor)}?tab=medicines")).words
    told = words.partition("重なっている薬")[2].partition("薬の期間")[0]
    assert "ロキソプロフェン" in told and "セレコックス" in told and "18日間" in told
    assert "架橋中央病院" in told and "あおば整形外科" in told


async def test_who_acts_for_a_child_reads_on_every_page_for_whom(visitor: Visitor):
    await visitor.sign_in("aya")
    await visitor.go("/me")
    grants = visitor.page.partition('name="grant" value=""')[2]
    await visitor.send("/me/whose", grant=grants.partition('name="grant" value="')[2].partition('"')[0])
    for path in ("/me", "/me/log", "/me/download"):
        assert "小鳥遊 空 さんのページを開いています" in (await visitor.go(path)).words
    assert "小鳥遊 空 さんの記録を開いています" in (await visitor.go("/me/record")).words


async def test_the_record_comes_as_a_page_to_print_too(visitor: Visitor):
    await visitor.sign_in("isamu")
    await visitor.go("/me/download")
    await visitor.send("/me/download", **{"as": "page"})
    assert "ワーファリン" in visitor.words and "七瀬 勇" in visitor.words and "data-print" in visitor.page


async def test_only_what_others_did_is_shown_where_that_is_asked_for(visitor: Visitor):
    await visitor.sign_in("hanako")
    await visitor.go("/me/log")
    assert "本人（あなた） you" in (await visitor.go("/me/log")).words.partition("日時")[2]
    assert "本人（あなた） you" not in (await visitor.go("/me/log?only=others")).words.partition("日時")[2]
