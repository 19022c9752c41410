"""Accounts: of persons, given on papers; of an institution's people, by its manager; emergency codes."""

import re

import pytest
from web_region import PASSWORD, Region
from web_visitor import Visitor, application

from kakehashi.samples.region import BY_SLUG
from kakehashi.samples.story import BY_STORY


async def at_console(operator: Visitor, story: str) -> str:
    """The operator identifies a person by the papers in hand; return the address of the person's page."""
    known = BY_STORY[story].identity
    await operator.go("/console/persons")
    await operator.send(
        "/console/persons", insurer=BY_SLUG[known.insurer].code, symbol=known.symbol, number=known.number,
        branch=known.branch, birth=known.birth,
    )  # fmt: skip
    assert operator.at.startswith("/console/persons/"), operator.words
    return operator.at


async def on_the_desk(clerk: Visitor, story: str) -> str:
    """A reception finds a person by the card; return the address of the counter."""
    known = BY_STORY[story].identity
    await clerk.go("/reception")
    await clerk.send(
        "/reception", way="card", insurer=BY_SLUG[known.insurer].code, symbol=known.symbol, number=known.number,
        branch=known.branch, birth=known.birth,
    )  # fmt: skip
    return clerk.link("/reception/").replace("/reception/", "/counter/")


def password_on(visitor: Visitor) -> str:
    """The secret that is shown this once."""
    found = re.search(r'class="secret">([^<]+)<', visitor.page)
    assert found, visitor.words
    return found[1]


async def signs_in(visitor: Visitor, login: str, password: str) -> bool:
    await visitor.go("/signin")
    await visitor.send("/signin", login=login, password=password)
    return visitor.at != "/signin"


async def test_the_operator_identifies_a_person_by_number_and_birth_date_together_only(visitor: Visitor):
    await visitor.sign_in("operator")
    here = await at_console(visitor, "sora")
    name = f"{BY_STORY['sora'].identity.family} {BY_STORY['sora'].identity.given}"
    banner = visitor.page.partition('<h1 class="name">')[2].partition("</div>")[0]
    assert name not in visitor.page and "○" in banner  # masked: the papers are in the operator's hand
    known = BY_STORY["sora"].identity
    right = {
        "insurer": BY_SLUG[known.insurer].code, "symbol": known.symbol, "number": known.number, "branch": known.branch,
        "birth": known.birth,
    }  # fmt: skip
    for wrong in ({"birth": "1950-01-01"}, {"number": "99999999"}, {"birth": ""}):
        await visitor.send("/console/persons", **(right | wrong))
        assert visitor.status in (400, 404) and visitor.at == "/console/persons"
    assert (await visitor.go(here)).status == 200


async def test_an_account_is_given_on_papers_and_the_person_signs_in(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as person:
        await operator.sign_in("operator")
        here = await at_console(operator, "sora")
        await operator.send(f"{here}/account", way="issue", login="sora.new", papers=["eligibility"])
        assert (
            operator.status == 400
            and "確かめた書類" in operator.words
            and 'value="sora.new"' in operator.page
        )
        await operator.send(f"{here}/account", way="issue", login="aya", papers=["passport"])
        assert operator.status == 409
        await operator.send(f"{here}/account", way="issue", login="sora.new", papers=["eligibility", "birth"])
        password = password_on(operator)
        await operator.go(here)
        assert password not in operator.page and "戸籍・住民票の写し" in operator.words
        assert await signs_in(person, "sora.new", password) and person.at == "/signin/password"


async def test_a_persons_account_is_locked_begun_anew_ended_and_given_again(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as person:
        await operator.sign_in("operator")
        await person.sign_in("hanako")
        here = await at_console(operator, "hanako")
        await operator.send(f"{here}/account/state", state="lock")
        assert (await person.go("/me")).at == "/signin" and not await signs_in(person, "hanako", PASSWORD)
        await operator.send(f"{here}/account/state", state="unlock")
        assert await signs_in(person, "hanako", PASSWORD)
        assert (await operator.send(f"{here}/account/reset", way="reset")).status == 400  # without papers
        await operator.send(f"{here}/account/reset", way="reset", papers=["my-number-card"])
        anew = password_on(operator)
        assert not await signs_in(person, "hanako", PASSWORD) and await signs_in(person, "hanako", anew)
        await operator.send(f"{here}/account/state", state="end")
        assert "終わっています" in operator.words and not await signs_in(person, "hanako", anew)
        assert (await operator.send(f"{here}/account/state", state="unlock")).status == 409
        await operator.go(here)
        await operator.send(f"{here}/account", way="issue", papers=["my-number-card"])
        assert await signs_in(person, "hanako", password_on(operator))


async def test_a_counter_gives_a_first_account_and_takes_over_none(region: Region):
    async with Visitor.on(application(region)) as clerk, Visitor.on(application(region)) as hanako:
        await clerk.sign_in("sakura.clerk")
        counter = await on_the_desk(clerk, "sora")
        await clerk.go(counter)
        await clerk.send(f"{counter}/account", way="issue", login="sora.new", papers=["passport"])
        assert password_on(clerk)
        counter = await on_the_desk(clerk, "hanako")
        await clerk.go(counter)
        assert "利用者IDがあります" in clerk.words and f"{counter}/account" not in clerk.page
        await clerk.send(f"{counter}/account", way="issue", login="hanako2", papers=["passport"])
        assert clerk.status == 409 and "secret" not in clerk.page
        await hanako.sign_in("hanako")  # her own goes on


async def test_who_gave_an_account_stands_in_the_persons_log(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as hanako:
        await hanako.sign_in("hanako")
        await operator.sign_in("operator")
        here = await at_console(operator, "hanako")
        await operator.send(f"{here}/account/state", state="lock")
        await operator.send(f"{here}/account/state", state="unlock")
        await signs_in(hanako, "hanako", PASSWORD)
        words = (await hanako.go("/me/log")).words
        assert "利用者IDを停止した" in words and "書類で本人を特定した" in words


async def test_a_guardian_is_registered_on_evidence_acts_and_is_ended(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as guardian:
        await operator.sign_in("operator")
        here = await at_console(operator, "isamu")
        new = {
            "way": "guardian",
            "basis": "adult-guardian",
            "login": "misaki",
            "until": "2027-11-20",
            "scope": "all",
        }
        await operator.send(f"{here}/guardian", **new, evidence="")
        assert operator.status == 400 and 'value="misaki"' in operator.page
        endless = {**new, "until": "", "evidence": "登記事項証明書 2026-10-15"}
        assert (await operator.send(f"{here}/guardian", **endless)).status == 400
        await operator.send(f"{here}/guardian", **new, evidence="登記事項証明書 2026-10-15")
        assert "成年後見人" in operator.words and "登記事項証明書 2026-10-15" in operator.words
        await guardian.sign_in("misaki")
        grant = re.search(r'name="grant" value="([^"]{30,})"', (await guardian.go("/me")).page)
        assert grant, guardian.words
        await guardian.send("/me/whose", grant=grant[1])
        assert (await guardian.go("/me/record")).status == 200
        which = re.search(
            r'guardian/end".*?name="which" value="([^"]+)"', (await operator.go(here)).page, re.S
        )
        assert which
        await operator.send(f"{here}/guardian/end", which=which[1])
        assert (await guardian.go("/me/log")).status == 403


async def test_the_person_sees_who_was_registered_for_them(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as isamu:
        await operator.sign_in("operator")
        here = await at_console(operator, "isamu")
        await operator.send(
            f"{here}/guardian", basis="adult-guardian", login="misaki", until="2027-11-20", scope="all",
            evidence="登記事項証明書 2026-10-15",
        )  # fmt: skip
        await isamu.sign_in("isamu")
        assert "成年後見人" in (await isamu.go("/me/proxies")).words


async def test_a_wish_on_paper_shuts_and_opens_what_others_see(region: Region):
    async with Visitor.on(application(region)) as clerk, Visitor.on(application(region)) as operator:
        await clerk.sign_in("sakura.clerk")
        counter = await on_the_desk(clerk, "hanako")
        await clerk.go(counter)
        assert (await clerk.send(f"{counter}/withholding", way="withhold", paper="")).status == 400
        await clerk.send(f"{counter}/withholding", way="withhold", paper="申出書 2026-11-21、免許証")
        assert "見せない設定にしました" in clerk.words
        await operator.sign_in("operator")
        here = await at_console(operator, "hanako")
        place = region.sites["sakura"].name
        assert f"{place} の記録" in operator.words
        which = re.search(r'withholding/release".*?name="which" value="([^"]+)"', operator.page, re.S)
        assert which
        await operator.send(f"{here}/withholding/release", which=which[1], paper="")
        assert operator.status == 400
        await operator.send(f"{here}/withholding/release", which=which[1], paper="申出書 2026-11-22、免許証")
        assert "解除しました" in operator.words and f"{place} の記録" not in operator.words


async def test_the_insurer_shuts_and_opens_the_portal_of_its_own_member(region: Region):
    async with Visitor.on(application(region)) as insurer, Visitor.on(application(region)) as hanako:
        await insurer.sign_in("kokuho.staff")
        own = BY_STORY["hanako"].identity.insurer == "kokuho"
        counter = await on_the_desk(insurer, "hanako")
        await insurer.go(counter)
        if not own:
            assert "自己情報提供不可" not in insurer.words
            assert (
                await insurer.send(f"{counter}/disclosure", state="stop", paper="申請書 11-21")
            ).status == 403
            return
        await insurer.send(f"{counter}/disclosure", way="portal", state="stop", paper="")
        assert insurer.status == 400
        await insurer.send(f"{counter}/disclosure", way="portal", state="stop", paper="申請書 2026-11-21")
        assert "本人の画面を閉じました" in insurer.words
        await hanako.sign_in("hanako")
        assert (await hanako.go("/me/log")).status == 403
        await insurer.send(f"{counter}/disclosure", way="portal", state="resume", paper="申請書 2026-11-22")
        assert (await hanako.go("/me/log")).status == 200


async def test_a_manager_invites_reviews_and_ends_their_own_institutions_people_only(region: Region):
    async with Visitor.on(application(region)) as manager, Visitor.on(application(region)) as nurse:
        await manager.sign_in("chuo.clerk")
        words = (await manager.go("/staff")).words
        assert "chuo.doctor" in words and "sakura." not in words and "棚卸しの時期です" in words
        await manager.send("/staff", way="new", login="chuo.new", name="潮 さくら", role="auditor")
        assert manager.status == 400  # that role is the operator's to give
        await manager.send(
            "/staff", way="new", login="chuo.new", name="潮 さくら", role="nurse", licence="778899"
        )
        assert await signs_in(nurse, "chuo.new", password_on(manager))
        await manager.send("/staff/review")
        assert "棚卸しの時期です" not in manager.words and "受付 春香" in manager.words
        account = re.search(
            r'action="/staff/([^/]+)/leave"[^>]*>(?:(?!</form>).)*chuo\.new', manager.page, re.S
        )
        assert account
        await manager.send(f"/staff/{account[1]}/leave", role="nurse")
        assert "chuo.new" not in manager.words and (await nurse.go("/signin/password")).at == "/signin"


async def test_another_institutions_people_are_not_the_managers(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as manager:
        await operator.sign_in("operator")
        place = str(region.sites["sakura"].key)
        await operator.go(f"/console/accounts?institution={place}")
        theirs = operator.link("/console/accounts/").split("/")[3]
        await manager.sign_in("chuo.clerk")
        await manager.go("/staff")
        nurse = {"role": "nurse"}
        for act, more in (
            ("state", {"state": "disable"}),
            ("reset", {}),
            ("leave", nurse),
            ("rights", nurse),
        ):
            assert (await manager.send(f"/staff/{theirs}/{act}", **more)).status in (403, 404)
            await manager.go("/staff")


async def test_staff_who_manage_nothing_see_no_staff_page(visitor: Visitor):
    await visitor.sign_in("sakura.clerk")
    assert "/staff" not in visitor.page and (await visitor.go("/staff")).status == 403


async def test_an_emergency_code_wants_a_second_person_and_is_reviewed(region: Region):
    async with (
        Visitor.on(application(region)) as doctor,
        Visitor.on(application(region)) as manager,
        Visitor.on(application(region)) as auditor,
    ):
        await doctor.sign_in("chuo.doctor")
        await doctor.go("/signin/break-glass")
        place = str(region.sites["chuo"].key)
        await doctor.send("/signin/break-glass", institution=place, hours="8", reason="x")
        assert doctor.status == 400
        await doctor.send("/signin/break-glass", institution=place, hours="8", reason="電話が壊れた、当直中")
        assert "承認待ち" in doctor.words
        await manager.sign_in("chuo.clerk")
        assert "電話が壊れた" in (await manager.go("/staff/break-glass")).words
        which = re.search(r'approve".*?name="which" value="([^"]+)"', manager.page, re.S)
        assert which
        await manager.send("/staff/break-glass/approve", which=which[1])
        assert manager.status == 403  # a second factor of the second person is wanted
        await manager.prove_second()
        await manager.go("/staff/break-glass")
        await manager.send("/staff/break-glass/approve", which=which[1])
        code = password_on(manager)
        assert code not in (await manager.go("/staff/break-glass")).page
        assert "承認済み" in (await doctor.go("/signin/break-glass")).words
        await auditor.sign_in("auditor")
        assert "当直中" in (await auditor.go("/audit/break-glass")).words
        assert (await auditor.send("/audit/break-glass", which=which[1], verdict="perhaps")).status == 400
        await auditor.send("/audit/break-glass", which=which[1], verdict="justified", remark="記録と一致")
        assert "確認を待つものはありません" in auditor.words
        await manager.go("/staff/break-glass")
        await manager.send("/staff/break-glass/revoke", which=which[1])
        assert "正当" in manager.words


async def test_a_manager_elsewhere_neither_sees_nor_approves_an_emergency_code(region: Region):
    async with Visitor.on(application(region)) as doctor, Visitor.on(application(region)) as other:
        await doctor.sign_in("chuo.doctor")
        await doctor.go("/signin/break-glass")
        place = str(region.sites["chuo"].key)
        await doctor.send("/signin/break-glass", institution=place, hours="8", reason="電話が壊れた、当直中")
        await other.sign_in("daigaku.clerk")
        await other.prove_second()
        assert "電話が壊れた" not in (await other.go("/staff/break-glass")).words
        async with region.house.db.transaction() as db:
            which = await db.fetchval("SELECT id FROM break_glass")
        await other.send("/staff/break-glass/approve", which=which)
        assert other.status == 403


@pytest.mark.parametrize("scope", [{"scope": "all"}, {"scope": "some", "kinds": ["2"]}])
async def test_a_hold_is_set_and_lifted_with_a_reason_and_the_person_sees_it(
    region: Region, scope: dict[str, str]
):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as isamu:
        await operator.sign_in("operator")
        here = await at_console(operator, "isamu")
        for wrong in ({"reason": ""}, {"scope": "some", "kinds": []}):
            await operator.send(
                f"{here}/hold", **({"way": "hold", "reason": "令和8年(ワ)第12号"} | scope | wrong)
            )
            assert operator.status == 400
        await operator.send(f"{here}/hold", way="hold", reason="令和8年(ワ)第12号", **scope)
        assert "保存期間を止めました" in operator.words and "第12号" in operator.words
        assert "第12号" in (await operator.go("/console/retention")).words
        number = re.search(r'hold/lift".*?name="number" value="(\d+)"', (await operator.go(here)).page, re.S)
        assert number
        await operator.send(f"{here}/hold/lift", number=number[1], reason="和解により終了")
        assert "解除の理由: 和解により終了" in operator.words
        await operator.send(f"{here}/hold/lift", number=number[1], reason="もう一度")
        assert operator.status == 404
        assert "第12号" not in (await operator.go("/console/retention")).words
        await isamu.sign_in("isamu")
        assert "保存期間を止めた" in (await isamu.go("/me/log")).words


async def test_the_operator_suspends_an_institutions_records_until_it_is_settled_whose_they_are(
    region: Region,
):
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        here = await at_console(operator, "hanako")
        words = (await operator.go(here)).words
        assert "この人の記録を登録した施設" in words and "停止中 suspended" not in words
        assert not any(str(person) in operator.page for person in region.persons.values())
        form = re.search(r'/doubt".*?name="institution" value="(\d+)"', operator.page, re.S)
        assert form
        for wrong in ({"reason": ""}, {"institution": "x"}):
            given = {"institution": form[1], "reason": "別の人の検査が混じっている"} | wrong
            assert (await operator.send(f"{here}/doubt", **given)).status == 400
        await operator.go(here)
        assert (await operator.send(f"{here}/doubt", institution="99", reason="心当たりなし")).status == 404
        await operator.go(here)
        await operator.send(f"{here}/doubt", institution=form[1], reason="別の人の検査が混じっている")
        assert "停止しました" in operator.words and operator.words.count("停止中 suspended") == 1
        number = re.search(
            r'people/settle".*?name="number" value="(\d+)"', (await operator.go("/console/people")).page, re.S
        )
        assert number
        await operator.send(
            "/console/people/settle",
            number=number[1],
            outcome="same",
            reason="施設に照会し、本人の記録と確認",
        )
        assert "停止中 suspended" not in (await operator.go(here)).words
