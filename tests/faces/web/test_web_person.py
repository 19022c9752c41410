"""The person's own pages: record, log, consents, withholding, proxies, download."""

import asyncio
import sys
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import orjson
from web_region import LAST_WEEK, NOW, PASSWORD, Region
from web_visitor import Visitor, application

from kakehashi.services.audit.proof import signed
from kakehashi.store import accounts
from kakehashi.trust import proxies
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.signin import setup

WITHHELD = "今の設定"


async def test_a_person_sees_who_looked_and_why_but_no_staff_name(region: Region):
    async with Visitor.on(application(region)) as doctor, Visitor.on(application(region)) as hanako:
        await doctor.sign_in("sakura.doctor")
        await doctor.go("/reception")
        await doctor.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
        handle = doctor.link("/reception/").rpartition("/")[2]
        await doctor.go(f"/viewer/{handle}")
        await hanako.sign_in("hanako")
        words = (await hanako.go("/me/log")).words
        assert "さくら内科クリニック" in words and "記録を見た" in words and "医師" in words
        assert "自らの診療録" in words and "桜井" not in words


async def test_an_entry_says_that_it_is_proven_once_the_log_is_signed(region: Region, visitor: Visitor):
    house = region.house
    await visitor.sign_in("hanako")
    assert "証明済み」は" in (await visitor.go("/me/log")).words and "✓ 証明済み" not in visitor.words
    await signed(house, house.clock())
    assert "✓ 証明済み" in (await visitor.go("/me/log")).words


async def test_the_proven_lines_are_taken_away_and_verified_without_us(
    region: Region, visitor: Visitor, tmp_path: Path
):
    await visitor.sign_in("hanako")
    await visitor.go("/me/log")
    assert "/me/log/proof" not in visitor.page
    assert (
        await visitor.go("/me/log/proof")
    ).status == 404 and "証明された行がまだありません" in visitor.words
    await signed(region.house, NOW)
    await visitor.go("/me/log")
    shown = visitor.page.count("✓ 証明済み")
    await visitor.go(visitor.link("/me/log/proof?below="))
    assert visitor.headers["content-disposition"] == 'attachment; filename="kakehashi-log-20261121.ndjson"'
    taken, key = tmp_path / "log.ndjson", region.house.settings.home / "keys" / "log.pub"
    taken.write_bytes(visitor.body)
    assert await verified(taken, key) == (0, shown) and shown > 1
    taken.write_bytes(visitor.body.replace(b'at\\":\\"2026', b'at\\":\\"2025'))
    assert await verified(taken, key) == (1, 0)


async def verified(file: Path, key: Path) -> tuple[int, int]:
    """What the separate verifier answers of a file, and how many lines it finds proven."""
    asked = [sys.executable, "-m", "kakehashi_verify.line", str(file), "--key", str(key)]
    ran = await asyncio.create_subprocess_exec(*asked, stdout=asyncio.subprocess.PIPE)
    said, _ = await ran.communicate()
    return ran.returncode or 0, said.count(b"| PROVEN")


async def test_a_consent_given_and_withdrawn_at_home(region: Region):
    async with Visitor.on(application(region)) as hanako, Visitor.on(application(region)) as doctor:
        await hanako.sign_in("hanako")
        await hanako.go("/me/consents")
        await hanako.send("/me/consents", institution=str(region.sites["minato"].key), items=["care"])
        assert "みなと総合病院" in hanako.words.partition("同意する")[0]
        await doctor.sign_in("minato.doctor")
        await doctor.go("/reception")
        await doctor.send("/reception", way="items", name="架橋 花子", birth="1962-05-14", sex="female")
        viewer = doctor.link("/reception/").replace("/reception/", "/viewer/")
        assert "狭心症" in (await doctor.go(f"{viewer}?tab=problems")).words
        consent = hanako.page.partition('name="consent" value="')[2].partition('"')[0]
        await hanako.send("/me/consents/withdraw", consent=consent)
        assert "狭心症" not in (await doctor.go(f"{viewer}?tab=problems")).words


async def test_another_persons_consent_is_not_there(region: Region):
    async with Visitor.on(application(region)) as hanako, Visitor.on(application(region)) as isamu:
        await hanako.sign_in("hanako")
        await hanako.go("/me/consents")
        await hanako.send("/me/consents", institution=str(region.sites["minato"].key), items=["care"])
        consent = hanako.page.partition('name="consent" value="')[2].partition('"')[0]
        await isamu.sign_in("isamu")
        await isamu.go("/me/consents")
        assert (await isamu.send("/me/consents/withdraw", consent=consent)).status == 404
        assert "有効" in (await hanako.go("/me/consents")).words


async def test_one_record_is_withheld_and_released(visitor: Visitor):
    await visitor.sign_in("isamu")
    await visitor.go("/me/withholding?kind=2")
    item = visitor.page.partition('name="item" value="')[2].partition('"')[0]
    await visitor.send("/me/withholding", item=item)
    assert "慢性心不全" in visitor.words.partition("施設ごと")[0]
    assert "見せていません" in (await visitor.go("/me/withholding?kind=2")).words
    which = visitor.page.partition('name="which" value="')[2].partition('"')[0]
    await visitor.send("/me/withholding/release", which=which)
    assert "ありません" in visitor.words.partition("施設ごと")[0]


async def test_withholding_nothing_or_what_is_not_there_changes_nothing(visitor: Visitor):
    await visitor.sign_in("isamu")
    await visitor.go("/me/withholding")
    assert (await visitor.send("/me/withholding")).status == 400
    assert (await visitor.send("/me/withholding", kind="9999")).status == 400
    await visitor.go("/me/withholding")
    assert (await visitor.send("/me/withholding", item="Condition/nobodys")).status == 404


async def test_a_mother_switches_to_her_childs_record_and_back(visitor: Visitor):
    await visitor.sign_in("aya")
    await visitor.go("/me")
    grant = (
        visitor.page.partition('name="grant" value=""')[2]
        .partition('name="grant" value="')[2]
        .partition('"')[0]
    )
    await visitor.send("/me/whose", grant=grant)
    child = (await visitor.go("/me/record")).words
    assert "小鳥遊 空" in child and "卵タンパク" in child and "代理人として" in child
    assert "you, as a proxy" in visitor.page
    shut = visitor.at
    await visitor.go("/me")
    await visitor.send("/me/whose", grant="")
    assert "花粉" in (await visitor.go("/me/record")).words
    assert "卵タンパク" not in (await visitor.go(shut)).words


async def test_nobody_acts_for_a_person_without_a_grant(region: Region):
    async with Visitor.on(application(region)) as aya, Visitor.on(application(region)) as hanako:
        await aya.sign_in("aya")
        await aya.go("/me")
        grants = aya.page.partition('name="grant" value=""')[2]
        grant = grants.partition('name="grant" value="')[2].partition('"')[0]
        await hanako.sign_in("hanako")
        await hanako.go("/account")
        assert (await hanako.send("/me/whose", grant=grant)).status == 404


async def test_a_proxy_is_named_sees_the_record_and_is_removed(region: Region):
    async with Visitor.on(application(region)) as isamu, Visitor.on(application(region)) as hanako:
        await isamu.sign_in("isamu")
        await isamu.go("/me/proxies")
        await isamu.send("/me/proxies", login="hanako", until="2027-03-31", scope="all")
        assert "架橋 花子" in isamu.words
        which = isamu.page.partition('name="which" value="')[2].partition('"')[0]
        await hanako.sign_in("hanako")
        assert "七瀬 勇" in (await hanako.go("/me")).words
        await isamu.send("/me/proxies/withdraw", which=which)
        assert "七瀬 勇" not in (await hanako.go("/me")).words


async def test_staff_and_unknown_logins_are_refused_as_proxies_in_the_same_words(visitor: Visitor):
    await visitor.sign_in("isamu")
    said = []
    for login in ("sakura.doctor", "nobody.at.all"):
        await visitor.go("/me/proxies")
        await visitor.send("/me/proxies", login=login, until="2027-03-31", scope="all")
        assert visitor.status == 400
        said.append(visitor.words.partition("代理人を指名する")[0])
    assert said[0] == said[1]


async def test_the_download_holds_the_record_and_nothing_untold(visitor: Visitor):
    await visitor.sign_in("makoto")
    await visitor.go("/me/download")
    await visitor.send("/me/download")
    assert visitor.headers["content-type"] == "application/zip"
    with ZipFile(BytesIO(visitor.body)) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    resources = [orjson.loads(line) for line in files["records.ndjson"].splitlines()]
    assert [entry["resource"] for entry in orjson.loads(files["bundle.json"])["entry"]] == resources
    assert "鉄欠乏性貧血" in files["record.html"] and {"Patient", "Condition"} <= {
        r["resourceType"] for r in resources
    }
    assert not any("癌" in text or "UNINFORMED" in text for text in files.values())
    assert "記録を受け取った" in (await visitor.go("/me/log")).words


async def test_a_person_is_shown_as_themselves_and_not_as_the_operator(visitor: Visitor):
    await visitor.sign_in("hanako")
    for path in ("/me", "/me/consents", "/account", "/me/log"):
        page = (await visitor.go(path)).page
        assert (
            "本人（あなた）" in page and "運用センター" not in page.partition('<select id="institution"')[0]
        )


async def test_the_person_reads_on_which_papers_a_guardian_was_registered(region: Region, visitor: Visitor):
    house = region.house
    async with house.db.transaction() as tx:
        aya = await accounts.by_login(tx, "aya")
        assert aya
        await proxies.register_guardian(
            tx, region.persons["isamu"], aya.id, WHOLE, basis="adult-guardian", evidence="登記事項証明書 令和8年11月",
            born=date(1948, 7, 27), until=NOW + timedelta(days=300), by=setup.demo_operator(house.settings),
            at=LAST_WEEK,
        )  # fmt: skip
    await visitor.sign_in("isamu")
    assert "運用者が確かめた書類: 登記事項証明書 令和8年11月" in (await visitor.go("/me/proxies")).words


async def test_a_sign_in_that_was_somebody_elses_is_seen_and_ended_with_the_old_password(region: Region):
    async with Visitor.on(application(region)) as hanako, Visitor.on(application(region)) as other:
        await other.sign_in("hanako")
        await hanako.sign_in("hanako")
        await hanako.go("/me")
        assert hanako.link("/account")
        words = (await hanako.go("/account")).words
        assert words.count("パスワード password") == 2 and "この端末" in words
        assert "サインイン中 open" in words and "終了" not in words
        await hanako.go(hanako.link("/signin/password"))
        new = "atarashii-aikotoba-2026"
        await hanako.send("/signin/password", old=PASSWORD, new=new, again=new)
        assert (await other.go("/me")).at == "/signin"
        words = (await hanako.go("/account")).words
        assert "サインイン中 open" not in words and "終了 over" in words


async def test_a_sign_in_that_was_left_alone_reads_as_over(region: Region, visitor: Visitor):
    await visitor.sign_in("hanako")
    later = replace(region.house, clock=lambda: NOW + timedelta(hours=2))
    async with Visitor.on(application(replace(region, house=later))) as hanako:
        await hanako.sign_in("hanako")
        words = (await hanako.go("/account")).words
        assert "終了 over 2026-11-21 11:00" in words and "サインイン中 open" not in words
