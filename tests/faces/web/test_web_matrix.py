"""Every page is in the matrix of roles, and each role is let in, or refused, as it says."""

import re

import pytest
from matrix_web import ACCOUNTS, MATRIX
from web_region import Region
from web_visitor import Visitor, application

from kakehashi.faces.web.routes import PAGES

ENDS_SESSION = {("POST", "/signout"), ("POST", "/account/sessions")}


def test_every_page_has_an_entry():
    """A route without an entry, or an entry without a route, stops the build."""
    assert {(page.method, page.path) for page in PAGES} == set(MATRIX)


def test_no_two_pages_answer_the_same_request():
    assert len(PAGES) == len(MATRIX)


@pytest.mark.parametrize("who", ACCOUNTS)
async def test_each_role_is_let_in_where_the_matrix_says(region: Region, who: str):
    async with Visitor.on(application(region)) as visitor:
        await visitor.sign_in(ACCOUNTS[who])
        wrong = []
        for (method, path), expected in sorted(MATRIX.items(), key=lambda item: item[0] in ENDS_SESSION):
            if (method, path) in ENDS_SESSION:
                continue
            allowed = expected in ("anybody", "signed") or who in expected
            status = await _status(visitor, method, re.sub(r"{\w+}", "nobodys", path))
            if (status == 403) == allowed or status >= 500:
                wrong.append((method, path, status))
        assert not wrong


async def test_who_is_not_signed_in_is_sent_to_sign_in_or_refused(visitor: Visitor):
    wrong = []
    for (method, path), expected in sorted(MATRIX.items()):
        status = await _status(visitor, method, re.sub(r"{\w+}", "nobodys", path), signed=False)
        if expected == "anybody":
            right = status in (200, 303, 400, 401)
        else:
            right = status == 401 or (status == 303 and visitor.at.partition("?")[0] == "/signin")
        wrong += [] if right else [(method, path, status)]
    assert not wrong


async def test_a_handle_of_another_session_is_not_found(region: Region):
    """What one doctor has on the desk, another cannot open: neither at the same institution nor elsewhere."""
    async with Visitor.on(application(region)) as owner, Visitor.on(application(region)) as other:
        await owner.sign_in("sakura.doctor")
        await owner.go("/reception")
        await owner.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
        handle = owner.link("/reception/").rpartition("/")[2]
        await other.sign_in("sakura.nurse")
        for path in (f"/viewer/{handle}", f"/reception/{handle}"):
            assert (await owner.go(path)).status == 200
            assert (await other.go(path)).status == 404


async def test_a_form_without_the_sessions_token_changes_nothing(visitor: Visitor):
    await visitor.sign_in("hanako")
    answer = await visitor.client.post("/me/withholding", data={"kind": "2", "csrf": "made-up"})
    assert answer.status_code == 403
    assert "傷病名" not in (await visitor.go("/me/withholding")).words.partition("施設ごと")[0]


async def test_a_form_from_another_site_is_refused(visitor: Visitor):
    await visitor.sign_in("hanako")
    data, headers = {"kind": "2", "csrf": visitor.csrf}, {"sec-fetch-site": "cross-site"}
    assert (await visitor.client.post("/me/withholding", data=data, headers=headers)).status_code == 403


async def test_stepping_up_leads_back_to_our_own_pages_only(visitor: Visitor):
    await visitor.sign_in("daigaku.er")
    for evil in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        await visitor.go(f"/stepup?next={evil}")
        assert (
            visitor.at == "/signin/enrol" and "evil" not in visitor.page and "javascript" not in visitor.page
        )


async def test_an_address_that_is_no_page_is_answered_in_words(visitor: Visitor):
    for method in ("GET", "POST"):
        answer = await visitor.client.request(method, "/no/such/page")
        assert answer.status_code == 404 and "このページはありません" in answer.text
        assert "There is no such page" in answer.text
    await visitor.sign_in("sakura.doctor")
    assert "受付" in (await visitor.go("/nowhere")).page and visitor.status == 404
    assert (await visitor.go("/reception/")).at == "/reception"
    assert (await visitor.client.get("http://127.0.0.1:8080//evil.example/")).status_code == 404


async def test_odd_signs_and_large_forms_are_refused_and_break_nothing(visitor: Visitor):
    await visitor.sign_in("sakura.doctor")
    for path in ("/viewer/%00", "/reception/%00", "/viewer/%ED%A0%80", "/reception/..%2f..%2fetc"):
        assert (await visitor.client.get(path)).status_code == 404
    await visitor.go("/reception")
    odd = {"csrf": visitor.csrf, "way": "number", "local": "A\x001"}
    assert (await visitor.client.post("/reception", data=odd)).status_code == 200
    large = {"csrf": visitor.csrf, "way": "number", "local": "9" * 300_000}
    assert (await visitor.client.post("/reception", data=large)).status_code == 413


async def _status(visitor: Visitor, method: str, path: str, *, signed: bool = True) -> int:
    if method == "GET":
        answer = await visitor.client.get(path)
    else:
        if signed:
            await visitor.go("/account")
        answer = await visitor.client.post(path, data={"csrf": visitor.csrf})
    visitor.at = answer.headers.get("location", path)
    return answer.status_code
