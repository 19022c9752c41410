"""Records as they really come: names with variant characters (外字), very long ones, nothing where a date should be."""

import orjson
import pytest
from test_web_viewer import TABS, patient, problem, result
from web_region import Region, take
from web_visitor import Visitor

IVS = "葛󠄀城 𠮷󠄀郎"  # 葛 with a variation selector, 𠮷 beyond the first plane
LONG = "寿限無" * 40


def undated(number, text):
    """A result that does not say when."""
    return {key: said for key, said in result(number, text, 5, "mg/dL").items() if key != "effectiveDateTime"}


async def at_desk(region: Region, visitor: Visitor, name: str, *records: dict, **changed: object) -> str:
    """Store somebody of this name without a birth date, find them by number, and return their page at reception."""
    somebody = {**patient(region, "sakura"), "name": [{"text": name}], **changed}
    somebody = {key: said for key, said in somebody.items() if key != "birthDate" and said is not None}
    await take(region.house, region.sites["sakura"], [orjson.dumps(one) for one in (somebody, *records)])
    await visitor.sign_in("sakura.doctor")
    await visitor.go("/reception")
    await visitor.send("/reception", way="number", local="E1")
    return visitor.link("/reception/")


@pytest.mark.parametrize("name", [IVS, LONG])
async def test_a_name_stands_as_it_was_written_on_every_page_and_on_paper(
    region: Region, visitor: Visitor, name: str
):
    desk = await at_desk(region, visitor, name, problem("高血圧"), result(1, "尿酸", 6, "mg/dL"))
    assert name in visitor.page
    for path in (desk, desk.replace("reception", "counter")):
        assert name in (await visitor.go(path)).page and visitor.status == 200
    viewer = desk.replace("reception", "viewer")
    for tab in TABS:
        assert (await visitor.go(f"{viewer}?tab={tab}")).page.count(name) >= 2 and visitor.status == 200


async def test_who_has_no_birth_date_is_said_to_have_none(region: Region, visitor: Visitor):
    desk = await at_desk(region, visitor, "記録 少", gender=None, address=None)
    viewer, counter = desk.replace("reception", "viewer"), desk.replace("reception", "counter")
    for words in [visitor.words, *[(await visitor.go(path)).words for path in (desk, counter, viewer)]]:
        assert "生年月日の登録なし" in words and "None・" not in words and "少 None" not in words


async def test_a_result_without_a_date_breaks_no_page_and_is_not_given_one(region: Region, visitor: Visitor):
    desk = await at_desk(region, visitor, "記録 少", undated(1, "尿酸"), result(2, "血糖", 99, "mg/dL"))
    viewer = desk.replace("reception", "viewer")
    for tab in TABS:
        assert (await visitor.go(f"{viewer}?tab={tab}")).status == 200
    assert "尿酸 5 mg/dL（日付の記載なし" in (await visitor.go(viewer)).words
    words = (await visitor.go(f"{viewer}?tab=labs")).words
    assert "尿酸" in words and words.count("日付の記載なし") == 1
