"""Reception, consent, the viewer and emergency access, as people walk through them, without script."""

from dataclasses import replace
from datetime import timedelta

import orjson
from web_region import NOW, Region, take
from web_visitor import Visitor, application

from kakehashi.samples.region import BY_SLUG

HANAKO = {"way": "items", "name": "架橋 花子", "birth": "1962-05-14", "sex": "female"}
CHUO, MINATO, AOBA = "架橋中央病院", "みなと総合病院", "あおば整形外科"


async def found(visitor: Visitor, **wanted: str) -> str:
    """Find somebody at reception and return the address of their page there."""
    await visitor.go("/reception")
    await visitor.send("/reception", **(wanted or HANAKO))
    return visitor.link("/reception/")


async def consented(visitor: Visitor, *items: str) -> str:
    """Find Hanako, take her consent to these items, and return her handle."""
    desk = await found(visitor)
    await visitor.go(desk)
    await visitor.send(f"{desk}/consent", items=list(items), evidence="card")
    assert "同意を記録しました" in visitor.words
    return desk.rpartition("/")[2]


async def test_consent_at_reception_opens_other_institutions_records_on_one_time_line(visitor: Visitor):
    await visitor.sign_in("sakura.doctor")
    desk = await found(visitor)
    before = (await visitor.go(desk.replace("/reception/", "/viewer/"))).words
    assert CHUO not in before and "自施設の記録だけ" in before
    handle = await consented(visitor, "checkup", "medicines", "care", "surgery")
    after = (await visitor.go(f"/viewer/{handle}")).words
    assert all(place in after for place in (CHUO, MINATO, AOBA, "さくら内科クリニック"))
    assert "経皮的冠動脈形成術" in after and "本人の同意" in after


async def test_consent_to_medicines_alone_opens_medicines_alone(visitor: Visitor):
    await visitor.sign_in("sakura.doctor")
    handle = await consented(visitor, "medicines")
    assert "ロキソプロフェン" in (await visitor.go(f"/viewer/{handle}?tab=medicines")).words
    assert "狭心症" not in (await visitor.go(f"/viewer/{handle}?tab=problems")).words
    assert "BNP" not in (await visitor.go(f"/viewer/{handle}?tab=labs")).words


async def test_withdrawing_shuts_the_record_at_once(visitor: Visitor):
    await visitor.sign_in("sakura.doctor")
    handle = await consented(visitor, "care")
    assert "狭心症" in (await visitor.go(f"/viewer/{handle}?tab=problems")).words
    await visitor.go(f"/reception/{handle}")
    consent = visitor.page.partition('name="consent" value="')[2].partition('"')[0]
    await visitor.send(f"/reception/{handle}/withdraw", consent=consent)
    assert "撤回しました" in visitor.words
    assert "狭心症" not in (await visitor.go(f"/viewer/{handle}?tab=problems")).words


async def test_a_consent_names_something_or_nothing_is_recorded(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    desk = await found(visitor)
    await visitor.go(desk)
    await visitor.send(f"{desk}/consent", evidence="card")
    assert visitor.status == 400 and "一つ以上" in visitor.words and "まだありません" in visitor.words
    assert 'href="#items"' in visitor.page and 'id="items-error"' in visitor.page


async def test_nothing_is_ticked_for_the_person_and_how_it_was_made_sure_must_be_said(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    desk = await found(visitor)
    assert " checked" not in (await visitor.go(desk)).page
    for evidence in ("", "portal", "made-up"):
        await visitor.send(f"{desk}/consent", items=["medicines"], evidence=evidence)
        assert visitor.status == 400 and "まだありません" in visitor.words
        assert 'href="#evidence"' in visitor.page and 'id="evidence-error"' in visitor.page
        assert visitor.page.count(" checked") == 1 and 'value="medicines" checked' in visitor.page


async def test_the_badges_tell_what_consent_opens_to_the_role_that_looks(region: Region):
    opened = {}
    for login in ("sakura.doctor", "suzuran.pharmacist"):
        async with Visitor.on(application(region)) as one:
            await one.sign_in(login)
            handle = await consented(one, "checkup", "medicines", "care")
            opened[login] = (await one.go(f"/viewer/{handle}")).words
    assert all(f"✓ {item} " in opened["sakura.doctor"] for item in ("健診情報", "薬剤情報", "診療情報"))
    assert "— 手術情報" in opened["sakura.doctor"]
    theirs = opened["suzuran.pharmacist"]
    assert "✓ 薬剤情報 " in theirs and "✓ 診療情報（一部）" in theirs and "— 健診情報" in theirs


async def test_the_clerk_takes_consent_but_sees_no_record(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    handle = await consented(visitor, "care", "medicines")
    assert "記録を見る" not in visitor.words
    assert "狭心症" not in (await visitor.go(f"/viewer/{handle}")).words


async def test_the_coverage_is_shown_as_the_insurer_has_it(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    words = (await visitor.go(await found(visitor))).words
    assert "資格 有効" in words and "架橋31" in words and "4900014" in words and "3割" in words


async def test_a_person_is_found_by_card_and_by_name_and_nobody_by_half_a_name(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    insurer = BY_SLUG["kokuho"].code
    await visitor.go("/reception")
    card = {"way": "card", "insurer": insurer, "symbol": "架橋31", "number": "4900014", "branch": "00"}
    assert "1人が一致" in (await visitor.send("/reception", **card)).words
    assert "被保険者番号" in visitor.words.partition("一致した項目")[2]
    assert "0人が一致" in (await visitor.send("/reception", **(HANAKO | {"name": "架橋"}))).words


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    await visitor.go("/reception")
    await visitor.send("/reception", way="card", insurer="12", symbol="あ", number="77")
    assert visitor.status == 400 and "6桁か8桁" in visitor.words
    assert 'href="#card-insurer"' in visitor.page and 'id="card-insurer-error"' in visitor.page
    assert 'aria-invalid="true"' in visitor.page and 'value="77"' in visitor.page


async def test_a_referral_waits_until_the_person_agrees_at_the_reader(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    desk = await found(visitor)
    assert "同意を待っている紹介状が 1件" in (await visitor.go(desk)).words
    await visitor.send(f"{desk}/agree")
    assert "紹介状の閲覧に同意しました" in visitor.words and "同意を待つ紹介状はありません" in visitor.words


async def test_an_untold_diagnosis_is_marked_for_the_doctor_and_leaves_no_trace_for_the_person(
    region: Region,
):
    async with Visitor.on(application(region)) as doctor, Visitor.on(application(region)) as makoto:
        await doctor.sign_in("chuo.doctor")
        wanted = {"way": "items", "name": "綾瀬 誠", "birth": "1955-02-20", "sex": "male"}
        handle = (await found(doctor, **wanted)).rpartition("/")[2]
        problems = (await doctor.go(f"/viewer/{handle}?tab=problems")).words
        assert "胃体部癌" in problems and "未告知" in problems
        await makoto.sign_in("makoto")
        await makoto.go("/me/record")
        own = [makoto.page] + [
            (await makoto.go(f"{makoto.at}?tab={tab}")).page
            for tab in ("timeline", "problems", "labs", "medicines", "documents")
        ]
        own += [(await makoto.go(path)).page for path in ("/me", "/me/log", "/me/withholding?kind=2")]
        assert any("鉄欠乏性貧血" in page for page in own)
        assert not any(word in page for page in own for word in ("癌", "未告知", "not told"))


async def test_who_withholds_is_not_given_away_to_the_doctor(region: Region):
    """Misaki shuts one clinic's records: to the other doctor her pages look like those of somebody never there."""
    async with Visitor.on(application(region)) as misaki, Visitor.on(application(region)) as doctor:
        await misaki.sign_in("misaki")
        await misaki.go("/me/withholding")
        await misaki.send("/me/withholding", custodian=str(region.sites["mori"].key))
        assert "もりのこころのクリニック" in misaki.words.partition("施設ごと")[0]
        await doctor.sign_in("aoba.doctor")
        wanted = {"way": "items", "name": "早瀬 美咲", "birth": "1984-12-01", "sex": "female"}
        desk = await found(doctor, **wanted)
        await doctor.go(desk)
        await doctor.send(f"{desk}/consent", items=["care", "medicines"], evidence="oral")
        pages = [
            (await doctor.go(desk.replace("reception", "viewer") + f"?tab={tab}")).words
            for tab in ("timeline", "problems", "medicines")
        ]
        assert any("腰痛症" in page for page in pages)
        assert not any(
            word in page for page in pages for word in ("うつ病", "もりのこころ", "見せない", "withheld")
        )


async def test_emergency_access_wants_two_factors_a_reason_and_tells_the_person(region: Region):
    async with Visitor.on(application(region)) as er, Visitor.on(application(region)) as isamu:
        await er.sign_in("daigaku.er")
        assert (await er.go("/emergency")).at == "/signin/enrol"
        await er.prove_second()
        card = {"way": "card", "insurer": BY_SLUG["koiki"].code, "number": "49000581", "branch": "00"}
        await er.go("/emergency")
        await er.send("/emergency", **card)
        handle = er.at.rpartition("/")[2]
        assert "七瀬 勇" in er.words
        await er.send(f"/emergency/{handle}", code="unconscious", reason="短い")
        assert er.status == 400 and "10文字以上" in er.words
        assert (await er.go(f"/emergency/{handle}/summary")).at == f"/emergency/{handle}"
        await er.send(
            f"/emergency/{handle}", code="unconscious", reason="意識不明で搬送、家族と連絡がとれない"
        )
        assert er.at == f"/emergency/{handle}/summary"
        for word in (
            "救急閲覧中",
            "11:30 まで",
            "ペニシリン",
            "アナフィラキシー",
            "ワーファリン",
            "心房細動",
        ):
            assert word in er.words
        await isamu.sign_in("isamu")
        notice = (await isamu.go("/me")).words
        assert "かけはし大学病院" in notice and "家族と連絡がとれない" in notice and "救仁郷" not in notice


async def test_emergency_access_closes_after_an_hour(region: Region):
    async with Visitor.on(application(region)) as er:
        await er.sign_in("daigaku.er")
        await er.prove_second()
        await er.go("/emergency")
        await er.send("/emergency", way="card", insurer=BY_SLUG["koiki"].code, number="49000581", branch="00")
        opened, cookies = er.at, er.client.cookies
        await er.send(opened, code="unconscious", reason="意識不明で搬送、家族と連絡がとれない")
    for minutes, path in ((20, f"{opened}/summary"), (45, f"{opened}/summary"), (60, opened)):
        later = replace(region.house, clock=lambda now=NOW + timedelta(minutes=minutes): now)  # type: ignore[misc]
        async with Visitor.on(application(replace(region, house=later))) as er:
            er.client.cookies = cookies
            assert (await er.go(f"{opened}/summary")).at == path  # after the hour a reason is asked for anew


async def test_four_items_find_one_or_nobody(visitor: Visitor):
    await visitor.sign_in("daigaku.er")
    await visitor.prove_second()
    await visitor.go("/emergency")
    wanted = {"way": "four", "name": "七瀬 勇", "birth": "1948-07-27", "sex": "male"}
    await visitor.send("/emergency", **wanted)
    assert visitor.status == 400 and "4項目" in visitor.words
    await visitor.send("/emergency", **(wanted | {"address": "東京都千代田区霞が関1-2"}))
    assert visitor.status == 404 and "一致する人がいません" in visitor.words


_HL7 = "http://terminology.hl7.org/CodeSystem"
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


async def test_markup_in_a_record_is_text_on_the_page(region: Region, visitor: Visitor):
    """What a vendor's system sends as a name, a title or a result is shown as it is, and runs nowhere."""
    local = f"urn:oid:1.2.392.100495.20.3.51.1{region.sites['sakura'].code}"
    about = {"subject": {"reference": "Patient/evil"}}
    names = [{"text": EVIL, "family": EVIL, "given": [EVIL]}]
    records = [
        {"resourceType": "Patient", "id": "evil", "identifier": [{"system": local, "value": "E1"}], "name": names},
        {"resourceType": "Condition", "id": "evil-c", "code": {"text": EVIL}, **about},
        {
            "resourceType": "Observation", "id": "evil-o", "status": "final", "code": {"text": EVIL},
            "category": [{"coding": [{"system": f"{_HL7}/observation-category", "code": "laboratory"}]}],
            "valueString": EVIL, **about,
        },
        {
            "resourceType": "AllergyIntolerance", "id": "evil-a", "code": {"text": EVIL}, "patient": about["subject"],
            "clinicalStatus": {"coding": [{"system": f"{_HL7}/allergyintolerance-clinical", "code": "active"}]},
        },
        {
            "resourceType": "MedicationRequest", "id": "evil-m", "status": "active", "intent": "order",
            "medicationCodeableConcept": {"text": EVIL}, "authoredOn": "2026-11-20", **about,
        },
    ]  # fmt: skip
    await take(region.house, region.sites["sakura"], [orjson.dumps(one) for one in records])
    await visitor.sign_in("sakura.doctor")
    desk = await found(visitor, way="number", local="E1")
    pages = [visitor.page, (await visitor.go(desk)).page]
    for tab in ("timeline", "labs", "medicines", "problems", "documents"):
        pages.append((await visitor.go(desk.replace("reception", "viewer") + f"?tab={tab}")).page)
    assert all("&lt;img src=x" in page for page in pages)
    assert not any("<img" in page or "<script>alert" in page for page in pages)
