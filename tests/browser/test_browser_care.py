"""A record written at one institution is read at another: the whole way, in a real browser."""

import pytest
from browser_person import Person
from playwright.async_api import Browser
from web_region import Region

from kakehashi.samples.region import BY_SLUG

pytestmark = pytest.mark.browser
THREE = ("架橋中央病院", "みなと総合病院", "あおば整形外科")


async def test_reception_consent_and_three_institutions_on_one_time_line(
    person: Person, chromium: Browser, served: tuple[str, Region]
):
    await person.sign_in("sakura.doctor")
    await person.find_hanako()
    await person.press("記録を見る")
    alone = await person.words()
    assert not any(place in alone for place in THREE)
    await person.page.go_back()
    await person.consent()
    await person.press("記録を見る")
    days = person.page.locator(".timeline > li")
    stays = await person.page.locator(".stay .source").all_inner_texts()
    assert await days.count() > 5 and all(any(place in one for one in stays) for place in THREE)
    await person.press("薬", "nav.tabs")
    assert await person.page.locator("svg.chart rect.chart-bar").count() > 3
    await person.press("検査", "nav.tabs")
    assert await person.page.locator("svg.chart rect.chart-range").count() > 3
    await person.press("文書", "nav.tabs")
    await person.page.locator("tbody th a").first.click()
    assert await person.page.locator("article h3").count() >= 1
    async with Person.sitting(chromium, served[0]) as hanako:
        await hanako.sign_in("hanako")
        await hanako.press("わたしの記録")
        await hanako.press("だれが見たか")
        log = await hanako.words()
        assert (
            "さくら内科クリニック" in log
            and "記録を見た" in log
            and "本人の同意" in log
            and "桜井" not in log
        )
        assert hanako.complaints == []


async def test_emergency_access_and_the_notice_to_the_person(
    person: Person, chromium: Browser, served: tuple[str, Region]
):
    await person.sign_in("daigaku.er")
    await person.press("救急閲覧")
    await person.enrol()
    page = person.page
    await page.fill("#card-insurer", BY_SLUG["koiki"].code)
    await page.fill("#card-number", "49000581")
    await page.fill("#card-branch", "00")
    await person.press("探す", "section[aria-labelledby=by-card]")
    await page.check("input[value=unconscious]")
    await page.fill("#reason", "意識不明で搬送、家族と連絡がとれない")
    await person.press("救急として開く")
    summary = await person.words()
    assert "救急閲覧中" in summary and "ペニシリン" in summary and "ワーファリン" in summary
    async with Person.sitting(chromium, served[0]) as isamu:
        await isamu.sign_in("isamu")
        await isamu.press("わたしの記録")
        assert "救急であなたの記録を開きました" in await isamu.words()


async def test_the_keyboard_alone_leads_from_sign_in_to_the_record(person: Person):
    page = person.page
    await person.go("/signin")
    await page.wait_for_function("document.activeElement.id === 'login'")  # the first field takes the focus
    await page.keyboard.type("chuo.doctor2")
    await page.keyboard.press("Tab")
    await page.keyboard.type("kakehashi-wo-wataru-7")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{person.base}/")
    await page.keyboard.press("Tab")
    assert "本文へ" in await page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Enter")
    await person.go("/reception")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "items-name":
            break
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.type("架橋 花子")
    await page.keyboard.press("Tab")
    await page.fill("#items-birth", "1962-05-14")  # a date field's parts depend on the browser's language
    await page.focus("#items-sex")
    await page.keyboard.press("ArrowDown")
    await page.focus("#items-address")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#found")
    await page.focus("a.button[href^='/reception/']")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#coverage")
    assert "架橋 花子" in await person.words()


async def test_without_script_everything_still_works(chromium: Browser, served: tuple[str, Region]):
    async with Person.sitting(chromium, served[0], script=False) as clerk:
        await clerk.sign_in("chuo.clerk")
        await clerk.find_hanako()
        await clerk.consent()
        assert "同意を記録しました" in await clerk.words()


async def test_a_document_prints_without_menus_and_with_the_person_on_it(person: Person):
    await person.sign_in("minato.doctor")
    await person.find_hanako()
    await person.consent()
    await person.press("記録を見る")
    await person.press("文書", "nav.tabs")
    await person.page.locator("tbody th a").first.click()
    await person.page.emulate_media(media="print")
    for hidden in ("header.site", "nav.tabs", ".document-tools"):
        assert not await person.page.locator(hidden).first.is_visible()
    assert await person.page.locator(".banner .name").is_visible()
    assert (await person.page.pdf())[:5] == b"%PDF-"
