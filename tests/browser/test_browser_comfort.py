"""What no rule book's machine finds: the queue at the desk, the focus, large text, paper, the end of a session."""

import pytest
from browser_person import Person
from playwright.async_api import Browser
from web_region import Region

pytestmark = pytest.mark.browser


async def viewer_of_hanako(one: Person) -> str:
    """Sign in as a doctor, take Hanako's consent, open her record, and return its address."""
    await one.sign_in("sakura.doctor")
    await one.find_hanako()
    await one.consent()
    await one.press("記録を見る")
    return one.page.url.removeprefix(one.base).partition("?")[0]


async def focused(one: Person) -> str:
    """What has the focus, in words."""
    said: str = await one.page.evaluate(
        "(document.activeElement.labels?.[0] || document.activeElement).textContent.trim()"
    )
    return said


async def test_the_queue_goes_on_by_keyboard_alone(person: Person):
    keys = person.page.keyboard
    await person.sign_in("chuo.clerk")
    await person.go("/reception")
    assert "患者番号" in await focused(person)  # a bar code reader types here and presses Enter
    await person.page.focus("#items-name")
    await keys.type("架橋花子")
    await keys.press("Tab")
    await keys.type("s37.5.14")
    for key in ("Tab", "ArrowDown", "Tab", "Enter"):  # the first choice of sex; Enter in the address searches
        await keys.press(key)
    await person.page.wait_for_selector("#found")
    assert "この人で進む" in await focused(person)
    await keys.press("Enter")
    await person.page.wait_for_selector("#coverage")
    assert "すべて" in await focused(person)
    await keys.press("Space")
    for _ in range(5):
        await keys.press("Tab")
    await keys.press("Space")
    await keys.press("Enter")
    await person.page.wait_for_selector(".message.good")
    assert "同意を記録しました" in await person.words() and "次の人" in await focused(person)
    await keys.press("Enter")
    await person.page.wait_for_selector("#by-number")


async def test_what_was_wrong_has_the_focus(person: Person):
    await person.sign_in("chuo.clerk")
    await person.go("/reception")
    await person.page.fill("#items-name", "架橋 花子")
    await person.page.fill("#items-birth", "昭和64年1月8日")
    await person.press("探す", "section[aria-labelledby=by-items]")
    await person.page.wait_for_selector(".message.error")
    assert "生年月日" in await focused(person)


async def test_nothing_with_the_focus_is_hidden_under_the_banner(person: Person):
    viewer = await viewer_of_hanako(person)
    await person.page.emulate_media(reduced_motion="reduce")  # the page stands still at once
    await person.go(f"{viewer}?tab=labs")
    hidden = """() => {
      const node = document.activeElement, box = node.getBoundingClientRect();
      if (node === document.body || !box.width) return "";
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height, 20) / 2);
      return !top || node.contains(top) || top.contains(node) ? "" : node.outerHTML.slice(0, 120);
    }"""
    await person.page.keyboard.press("End")
    for _ in range(30):
        await person.page.keyboard.press("Shift+Tab")
        assert await person.page.evaluate(hidden) == ""


@pytest.mark.parametrize("width", [320, 640])
async def test_at_four_times_the_size_nothing_scrolls_sideways(
    chromium: Browser, served: tuple[str, Region], width: int
):
    """1280 px at 400 % is 320 px, at 200 % it is 640 (WCAG 1.4.10)."""
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    async with Person.sitting(chromium, served[0], width=width) as one:
        viewer = await viewer_of_hanako(one)
        for path in (
            "/reception",
            *(f"{viewer}?tab={tab}" for tab in ("timeline", "labs", "medicines", "documents")),
        ):
            await one.go(path)
            assert (path, await one.page.evaluate(wide)) == (path, 0)


async def test_on_paper_each_sheet_begins_with_the_person(person: Person):
    viewer = await viewer_of_hanako(person)
    for tab in ("timeline", "labs", "medicines"):
        await person.go(f"{viewer}?tab={tab}")
        await person.page.emulate_media(media="print")
        head = person.page.locator(".print-head")
        assert "架橋 花子" in await head.inner_text() and "桜井" in await head.inner_text()
        styles = await head.evaluate(
            "node => [getComputedStyle(node).display, getComputedStyle(node).breakInside]"
        )
        assert styles == ["table-header-group", "avoid"]  # what a browser repeats on each page
        for gone in ("nav.tabs", ".choose"):
            assert not await person.page.locator(gone).first.is_visible()
        await person.page.emulate_media(media="screen")


async def test_contrast_themes_show_which_tab_is_open(person: Person):
    viewer = await viewer_of_hanako(person)
    await person.page.emulate_media(forced_colors="active")
    await person.go(viewer)
    border = "node => getComputedStyle(node).borderTopStyle"
    assert await person.page.locator("nav.tabs a[aria-current]").evaluate(border) == "solid"
    assert await person.page.locator("nav.tabs a:not([aria-current])").first.evaluate(border) == "none"


async def test_before_a_session_ends_one_press_keeps_it(person: Person):
    await person.page.clock.install()
    await person.sign_in("hanako")
    await person.go("/me/log")
    assert not await person.page.locator("#stay").is_visible()
    await person.page.clock.fast_forward("28:30")
    await person.page.locator("#stay").wait_for(state="visible")
    assert "続ける" in await focused(person)
    await person.page.keyboard.press("Enter")
    await person.page.locator("#stay").wait_for(state="hidden")
