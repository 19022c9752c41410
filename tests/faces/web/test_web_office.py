"""The auditor's and the operator's pages, and one's own sign-in."""

import json
import re
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import asyncpg
import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from web_region import NOW, PASSWORD, Region
from web_visitor import Visitor, application

from databases import as_owner
from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.core.errors import Refused
from kakehashi.engines.records.look import Asked
from kakehashi.people import bulk_runs
from kakehashi.samples.region import BY_SLUG
from kakehashi.services.audit import checks
from kakehashi.store import log_checks
from kakehashi.store.retention import CLASSES
from kakehashi.trust import quarantine
from kakehashi.trust.signin import accounts, setup
from kakehashi_verify.verify import verify


async def opened(er: Visitor) -> None:
    """An emergency opening of Isamu's record."""
    await er.sign_in("daigaku.er")
    await er.prove_second()
    await er.go("/emergency")
    await er.send("/emergency", way="card", insurer=BY_SLUG["koiki"].code, number="49000581", branch="00")
    await er.send(er.at, code="unconscious", reason="意識不明で搬送、家族と連絡がとれない")


async def test_the_auditor_reviews_an_emergency_opening_once(region: Region):
    async with Visitor.on(application(region)) as er, Visitor.on(application(region)) as auditor:
        await opened(er)
        await auditor.sign_in("auditor")
        words = (await auditor.go("/audit/emergencies")).words
        assert "救仁郷 翼" in words and "家族と連絡がとれない" in words and "七瀬" not in words
        assert "これまでの判定" in words and "まだありません" in words
        which = auditor.page.partition('name="which" value="')[2].partition('"')[0]
        assert (await auditor.send("/audit/emergencies", which=which, verdict="maybe")).status == 400
        await auditor.send("/audit/emergencies", which=which, verdict="justified", remark="記録と一致")
        assert "確認を待つものはありません" in auditor.words
        judged = re.search(
            r"2026-11-21 10:30 正当 justified (.*?) 2026-11-21 10:30 (.*?) 記録と一致", auditor.words
        )
        assert judged and judged[1] == "監物 正", auditor.words
        assert (
            "救仁郷 翼" in judged[2] and "家族と連絡がとれない" in judged[2] and "七瀬" not in auditor.words
        )
        assert (await auditor.send("/audit/emergencies", which=which, verdict="unjustified")).status == 404


async def test_the_log_is_searched_by_institution_and_action_and_names_no_patient(region: Region):
    async with Visitor.on(application(region)) as er, Visitor.on(application(region)) as auditor:
        await opened(er)
        await auditor.sign_in("auditor")
        place = region.sites["daigaku"].key
        period = "from=2026-11-20&to=2026-11-21"
        words = (await auditor.go(f"/audit/log?{period}&institution={place}&action=emergency.")).words
        assert "emergency.opened" in words and "救仁郷 翼" in words and "signin.opened" not in words
        assert str(region.persons["isamu"]) not in auditor.page and "七瀬" not in words
        assert "emergency.opened" not in (await auditor.go(f"/audit/log?{period}&action=consent.")).words
        assert (await auditor.go("/audit/log?from=2020-01-01&to=2026-11-21")).status == 400


async def test_the_log_is_checked_by_a_chore_and_a_changed_entry_is_named(region: Region, visitor: Visitor):
    """The page asks; a server's chore does it; nobody's request waits for a long log."""
    await visitor.sign_in("auditor")
    await visitor.go("/audit/proof")
    assert (
        "改ざんなし" not in (await visitor.send("/audit/proof")).words
        and "順番を待っています" in visitor.words
    )
    assert not await checks.ask(region.house, asking(region))  # one at a time
    assert await checks.work(region.house, NOW) and not await checks.work(region.house, NOW)
    assert "改ざんなし" in (await visitor.go("/audit/proof")).words
    superuser = await asyncpg.connect(as_owner(region.house.db.url))
    await superuser.execute(
        "UPDATE log SET entry = entry || ' '::bytea WHERE seq = (SELECT min(seq) FROM log)"
    )
    await superuser.close()
    await visitor.send("/audit/proof")
    await checks.work(region.house, NOW)
    assert "番の記録が書き換えられています" in (await visitor.go("/audit/proof")).words


async def test_a_check_whose_server_died_is_taken_up_by_another(region: Region):
    assert await checks.ask(region.house, asking(region))
    async with region.house.db.transaction() as db:
        number = await log_checks.take(db, at=NOW, stalled=NOW - timedelta(minutes=2))
        assert number is not None
        assert await log_checks.take(db, at=NOW, stalled=NOW - timedelta(minutes=2)) is None
    assert not await checks.work(region.house, NOW + timedelta(minutes=1))
    assert await checks.work(region.house, NOW + timedelta(minutes=3))
    found = await checks.last(region.house, asking(region))
    assert found and found.number == number and found.verdict == "whole" and found.done >= found.entries


async def test_whoever_may_not_prove_the_log_asks_for_no_check(region: Region):
    clerk = Asked(Actor("c", Role.CLERK, region.sites["chuo"], Purpose.ADMINISTRATION), NOW, "")
    for act in (checks.ask, checks.last):
        with pytest.raises(Refused):
            await act(region.house, clerk)


def asking(region: Region) -> Asked:
    return Asked(Actor("auditor", Role.AUDITOR, region.sites["operator"], Purpose.AUDIT), NOW, "")


async def test_the_export_is_whole_for_the_separate_verifier(visitor: Visitor):
    await visitor.sign_in("auditor")
    await visitor.go("/audit/proof")
    await visitor.send("/audit/export")
    with tempfile.TemporaryDirectory() as folder:
        with ZipFile(BytesIO(visitor.body)) as packed:
            packed.extractall(folder)
        key = (Path(folder) / "key.pub").read_text()
        assert verify(Path(folder), key).kind == "whole"


async def test_an_institution_is_added_once(visitor: Visitor):
    await visitor.sign_in("operator")
    await visitor.go("/console/institutions")
    new = {"type": "clinic", "official": "4910199999", "name": "みどり医院（架空）"}
    assert (await visitor.send("/console/institutions", **(new | {"official": "49101"}))).status == 400
    assert 'value="49101"' in visitor.page and "みどり医院" in visitor.page  # what was typed stays
    assert "みどり医院" in (await visitor.send("/console/institutions", **new)).words
    assert (await visitor.send("/console/institutions", **new)).status == 409


async def test_an_account_is_added_signs_in_once_and_is_disabled(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as nurse:
        await operator.sign_in("operator")
        place = str(region.sites["umibe"].key)
        await operator.go(f"/console/accounts?institution={place}")
        new = {
            "institution": place,
            "login": "umibe.new",
            "name": "潮 さくら",
            "role": "nurse",
            "licence": "778899",
        }
        await operator.send("/console/accounts", **new)
        password = re.search(r'class="secret">([^<]+)<', operator.page)
        assert password, operator.words
        await operator.go(f"/console/accounts?institution={place}")
        assert password[1] not in operator.page and "umibe.new" in operator.words
        await nurse.go("/signin")
        await nurse.send("/signin", login="umibe.new", password=password[1])
        assert nurse.at == "/signin/password"
        account = re.search(
            r'action="/console/accounts/([^/]+)/state"[^>]*>(?:(?!</form>).)*umibe.new', operator.page, re.S
        )
        assert account
        await operator.send(f"/console/accounts/{account[1]}/state", institution=place, state="disable")
        assert (await nurse.go("/signin/password")).at == "/signin"


async def test_a_system_is_registered_with_its_public_key_and_suspended(region: Region, visitor: Visitor):
    await visitor.sign_in("operator")
    key = ECKey.import_key(ec.generate_private_key(ec.SECP384R1()).public_key())
    jwks = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "k1", "alg": "ES384"}]})
    await visitor.go("/console/keys")
    place = str(region.sites["chuo"].key)
    new = {"client": "chuo-emr", "name": "電子カルテ", "institution": place, "scope": "system/*.cruds"}
    await visitor.send("/console/keys", **new, purposes=["TREAT"], jwks='{"keys": []}')
    assert visitor.status == 422 and "1〜20個" in visitor.words
    await visitor.send("/console/keys", **new, purposes=["TREAT"], jwks=jwks)
    assert "chuo-emr" in visitor.words and "利用中" in visitor.words
    await visitor.send("/console/keys/chuo-emr/state", state="suspend")
    assert "停止中" in visitor.words


async def test_a_session_without_a_fresh_second_factor_changes_no_rights(region: Region):
    """Twenty-five minutes after the second factor, what the console changes wants it anew; what it shows does not."""
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        await operator.prove_second()
        cookies = operator.client.cookies
    later = replace(region.house, clock=lambda: NOW + timedelta(minutes=25))
    async with Visitor.on(application(replace(region, house=later))) as operator:
        operator.client.cookies = cookies
        place = str(region.sites["umibe"].key)
        assert (await operator.go(f"/console/accounts?institution={place}")).status == 200
        state = operator.link("/console/accounts/")
        new = {"type": "clinic", "official": "4910199999", "name": "みどり医院（架空）"}
        for path, typed in (
            (state, {"institution": place}), ("/console/people/settle", {}), ("/console/people/match", {}),
            ("/console/institutions", new),
        ):  # fmt: skip
            await operator.send(path, **typed)
            assert operator.status == 401 and "もう一度、本人確認" in operator.words
            assert all(f'name="{name}" value="{value}"' in operator.page for name, value in typed.items())
        assert "みどり医院" not in (await operator.go("/console/institutions")).words


async def test_what_was_typed_is_carried_out_once_the_factor_is_proven_within_the_form(region: Region):
    """A wrong code changes nothing and loses nothing; the right one, sent with the same form, does."""
    async with Visitor.on(application(region)) as operator:
        await operator.sign_in("operator")
        secret = await operator.enrol()
        cookies = operator.client.cookies
    at = NOW + timedelta(minutes=25)
    later = replace(region, house=replace(region.house, clock=lambda: at))
    async with Visitor.on(application(later)) as operator:
        operator.client.cookies = cookies
        new = {"type": "clinic", "official": "4910199999", "name": "みどり医院（架空）"}
        await operator.go("/console/institutions")
        right = pyotp.TOTP(secret).at(at)
        wrong = "000000" if right != "000000" else "111111"
        await operator.send("/console/institutions", **new, **{"again-code": wrong})
        assert operator.status == 401 and 'value="みどり医院（架空）"' in operator.page
        assert wrong not in operator.page
        await operator.send("/console/institutions", **new, **{"again-code": right})
        assert operator.at == "/console/institutions" and "みどり医院" in operator.words
        new["official"] = "4910188888"  # proven now: the session goes on without asking again
        assert (await operator.send("/console/institutions", **new)).status == 200


async def test_loads_and_what_was_refused_are_shown_without_the_records(region: Region, visitor: Visitor):
    folder = region.house.settings.home / "loads"
    folder.mkdir()
    stem = "records-0-0123456789abcdef"
    (folder / f"{stem}.1-of-2.json").write_text('{"line": 10, "stored": 8, "refused": 2}')
    (folder / f"{stem}.2-of-2.json").write_text('{"line": 9, "stored": 9, "refused": 0}')
    said = {
        "rule": "R1013",
        "place": "Patient.identifier[0]",
        "ja": "枝番は2桁です",
        "en": "two digits",
        "source": "",
    }
    (folder / f"{stem}-refused.ndjson").write_text(json.dumps({"line": 3, "problems": [said]}) + "\n")
    await visitor.sign_in("operator")
    assert "17" in (await visitor.go("/console/loads")).words
    words = (await visitor.go(visitor.link("/console/loads/"))).words
    assert "R1013" in words and "枝番は2桁です" in words
    assert (await visitor.go("/console/loads/..%2f..%2fetc")).status == 404


async def test_two_alike_are_merged_and_parted_again_and_shown_masked(region: Region, visitor: Visitor):
    await visitor.sign_in("operator")
    words = (await visitor.go("/console/people")).words
    assert "同じ人かもしれない組" in words and "高橋 翔" not in words and "高○ 翔" in words
    assert not any(str(person) in visitor.page for person in region.persons.values())
    pair = re.search(
        r'name="one" value="([^"]+)"><input type="hidden" name="other" value="([^"]+)"', visitor.page
    )
    assert pair
    await visitor.send("/console/people/decide", one=pair[1], other=pair[2], outcome="same", reason="")
    assert visitor.status == 400
    reason = "保険者に照会し、同じ人と確認"
    await visitor.send("/console/people/decide", one=pair[1], other=pair[2], outcome="same", reason=reason)
    merge = re.search(r'action="/console/people/unmerge".*?name="number" value="(\d+)"', visitor.page, re.S)
    assert merge, visitor.words
    await visitor.send("/console/people/unmerge", number=merge[1], reason="別人と判明")
    assert "統合の記録" in visitor.words and 'action="/console/people/unmerge"' not in visitor.page


async def test_everyone_is_compared_beside_other_work_and_the_page_says_how_far_it_is(
    region: Region, visitor: Visitor
):
    await visitor.sign_in("operator")
    assert "まだ行っていません" in (await visitor.go("/console/people")).words
    assert "progress.js" not in visitor.page
    await visitor.send("/console/people/match")
    assert visitor.at == "/console/people" and "照合を始めます" in visitor.words
    assert "照合中: 順番を待っています" in visitor.words and "progress.js" in visitor.page
    await visitor.send("/console/people/match")  # whoever asks again waits for the same one
    assert await bulk_runs.work(region.house.db, region.house.clock)
    assert not await bulk_runs.work(region.house.db, region.house.clock)
    words = (await visitor.go("/console/people")).words
    assert re.search(
        r"前回: 2026-11-21 10:30、[\d,]+件の登録を比べ、[\d,]+組（新しいもの [\d,]+組）", words
    ), words
    assert "progress.js" not in visitor.page


async def test_a_matching_that_failed_says_why_on_the_page(
    region: Region, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    await visitor.sign_in("operator")
    await visitor.go("/console/people")
    await visitor.send("/console/people/match")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        await bulk_runs.work(region.house.db, region.house.clock)
    words = (await visitor.go("/console/people")).words
    assert "途中で終わりました" in words and "ended too early" in words and "全員を照合する" in words


async def test_the_servers_keys_are_changed_with_overlap_and_withdrawn(region: Region, visitor: Visitor):
    await visitor.sign_in("operator")
    words = (await visitor.go("/console/signing")).words
    assert "最初のトークンを出すときに作られます" in words and "署名中" in words  # the log's key
    await visitor.send("/console/signing/tokens")
    await visitor.send("/console/signing/tokens")
    assert "検証のみ" in visitor.words and "署名中" in visitor.words
    former = re.findall(r'name="kid" value="([^"]+)"', visitor.page)[-1]
    await visitor.send("/console/signing/tokens/withdraw", kid=former)
    assert "取り消し" in visitor.words and "検証のみ" not in visitor.words
    assert (await visitor.send("/console/signing/tokens/withdraw", kid="nobodys")).status == 404


async def test_the_logs_key_is_changed_and_the_whole_log_still_verifies(region: Region, visitor: Visitor):
    await visitor.sign_in("operator")
    await visitor.go("/console/signing")
    assert (await visitor.send("/console/signing/log")).status == 400  # the new key is to be published
    await visitor.send("/console/signing/log", sure="yes")
    assert "新しい鍵に替えました" in visitor.words and "件まで" in visitor.words
    await visitor.go("/console/log")
    await visitor.send("/console/log")
    await checks.work(region.house, NOW)
    assert "改ざんなし" in (await visitor.go("/console/log")).words


async def test_retention_shows_every_class_with_its_law(visitor: Visitor):
    await visitor.sign_in("operator")
    words = (await visitor.go("/console/retention")).words
    assert all(one.ja in words and one.law in words for one in CLASSES)
    assert "None" not in words.replace("None yet.", "") and "未確認 not confirmed" in words


async def test_signing_out_everywhere_ends_the_other_session_too(region: Region):
    async with Visitor.on(application(region)) as here, Visitor.on(application(region)) as there:
        await here.sign_in("hanako")
        await there.sign_in("hanako")
        await here.go("/account")
        await here.send("/account/sessions")
        assert here.at == "/signin" and (await there.go("/me")).at == "/signin"


async def test_recovery_codes_want_a_second_factor_and_are_shown_once(visitor: Visitor):
    await visitor.sign_in("hanako")
    await visitor.go("/account")
    assert (await visitor.send("/account/recovery")).at == "/signin/enrol"
    await visitor.prove_second()
    await visitor.go("/account")
    await visitor.send("/account/recovery")
    codes = re.findall(r'class="secret">([^<]+)<', visitor.page)
    assert len(codes) == 10
    assert codes[0] not in (await visitor.go("/account")).page and "残り 10個" in visitor.words


async def test_who_enrols_an_app_is_led_to_recovery_codes_until_there_are_some(visitor: Visitor):
    await visitor.sign_in("daigaku.er")
    assert "回復コード" not in visitor.words
    await visitor.prove_second()
    assert visitor.at == "/" and visitor.link("/account#app") and "回復コード" in visitor.words
    await visitor.go("/account")
    await visitor.send("/account/recovery")
    assert "回復コード" not in (await visitor.go("/")).words


async def test_once_enrolled_a_wrong_code_is_refused_and_the_next_page_offers_a_new_secret(visitor: Visitor):
    await visitor.sign_in("hanako")
    await visitor.go("/signin/enrol")
    wrong = await visitor.send("/signin/enrol", code="000000")
    assert wrong.status == 401 and "コードが違う" in wrong.words and "<code>" in wrong.page


async def test_no_page_is_kept_by_the_browser_or_lets_script_of_others_in(visitor: Visitor):
    await visitor.sign_in("hanako")
    for path in ("/signin", "/me", "/me/record", "/account"):
        headers = (await visitor.go(path)).headers
        assert headers["cache-control"] == "no-store"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|style=", visitor.page)


async def test_an_institution_is_shut_out_and_let_in_again_and_its_people_are_told_why(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as nurse:
        await nurse.sign_in("sakura.nurse")
        await operator.sign_in("operator")
        await operator.go("/console/institutions")
        place = str(region.sites["sakura"].key)
        shut = "/console/institutions/quarantine"
        assert (await operator.send(shut, institution=place, reason=" ")).status == 400
        assert (await operator.send(shut, institution="0", reason="試し")).status == 400
        assert (await operator.send(shut, institution="99999", reason="試し")).status == 404
        await operator.go("/console/institutions")
        assert "隔離中" not in operator.words
        await operator.send(shut, institution=place, reason="端末から不審な通信")
        assert "隔離しました" in operator.words and "端末から不審な通信" in operator.words
        assert (await operator.send(shut, institution=place, reason="再び")).status == 409
        assert (await nurse.go("/reception")).status == 403 and "隔離中のため利用できません" in nurse.words
        assert "in quarantine" in nurse.words and (await nurse.go("/")).at == "/signin"
        await nurse.send("/signin", login="sakura.nurse", password=PASSWORD)
        assert nurse.status == 403 and "隔離中のため利用できません" in nurse.words
        assert "隔離中 1" in (await operator.go("/console")).words
        await operator.go("/console/institutions")
        await operator.send(f"{shut}/lift", institution=place)
        assert "隔離を解きました" in operator.words and "端末から不審な通信" not in operator.words
        assert (await operator.send(f"{shut}/lift", institution=place)).status == 409
        assert (await (await nurse.sign_in("sakura.nurse")).go("/reception")).status == 200


async def test_an_institution_in_quarantine_is_not_offered_when_a_duty_is_chosen(region: Region):
    """Who works there and elsewhere goes on elsewhere, and is told why the other is not offered."""
    house, sites, setter = region.house, region.sites, setup.demo_operator(region.house.settings)
    for place in ("chuo", "umibe"):
        await accounts.join(house.db, "sakura.nurse", sites[place], Role.CLERK, by=setter, at=NOW)
    async with Visitor.on(application(region)) as nurse:
        await nurse.go("/signin")
        await nurse.send("/signin", login="sakura.nurse", password=PASSWORD)
        assert nurse.at == "/signin/choose" and offered(nurse) == {
            str(sites[one].key) for one in ("sakura", "chuo", "umibe")
        }
        await quarantine.place(house.db, sites["sakura"].key, "鍵の紛失", by=setter, at=NOW)
        words = (await nurse.go("/signin/choose")).words
        assert offered(nurse) == {str(sites[one].key) for one in ("chuo", "umibe")}
        assert f"{sites['sakura'].name}は隔離中のため選べません" in words
        duty = f"{sites['sakura'].key}|nurse|TREAT"
        assert (await nurse.send("/signin/choose", choice=duty)).status == 403, (
            "nor taken from whoever types it"
        )
        await quarantine.place(house.db, sites["umibe"].key, "鍵の紛失", by=setter, at=NOW)
        await nurse.go("/signin")
        await nurse.send("/signin", login="sakura.nurse", password=PASSWORD)
        assert nurse.at == "/", "one is left, and taken"
        await nurse.go("/signin/choose")
        assert offered(nurse) == {str(sites["chuo"].key)}
        await quarantine.place(house.db, sites["chuo"].key, "鍵の紛失", by=setter, at=NOW)
        await nurse.go("/signin")
        words = (await nurse.send("/signin", login="sakura.nurse", password=PASSWORD)).words
        assert (
            offered(nurse) == set()
            and words.count("隔離中のため選べません") == 3
            and "所属がありません" not in words
        )


def offered(visitor: Visitor) -> set[str]:
    """The institutions among which a duty may be chosen."""
    return set(re.findall(r'name="choice" required value="([^"|]+)', visitor.page))


async def test_other_institutions_go_on_while_one_is_shut_out(region: Region):
    async with Visitor.on(application(region)) as operator, Visitor.on(application(region)) as doctor:
        await doctor.sign_in("chuo.doctor")
        await operator.sign_in("operator")
        await operator.go("/console/institutions")
        place = str(region.sites["sakura"].key)
        await operator.send("/console/institutions/quarantine", institution=place, reason="鍵の紛失")
        assert (await doctor.go("/reception")).status == 200
