"""The sample region is consistent, and plainly invented."""

import re

from kakehashi.core.actors import InstitutionType, Role
from kakehashi.samples.guide import STEPS, accounts, first_step_lines, sign_in_lines
from kakehashi.samples.region import BY_CODE, HOSPITALS, INSURERS, OPERATOR, PHARMACIES, SITES, check_digit
from kakehashi.samples.story import BY_STORY, PROXIES, STORIES, WITHHOLDINGS
from kakehashi.terms import japan


def test_the_check_digit_is_that_of_real_insurer_numbers():
    assert check_digit("0113001") == "2"  # 全国健康保険協会 東京支部: 01130012


def test_every_code_has_its_form_and_ends_in_its_check_digit():
    for site in SITES:
        match site.type:
            case InstitutionType.HOSPITAL | InstitutionType.CLINIC:
                assert re.fullmatch(japan.INSTITUTION_FORM, site.code)
            case InstitutionType.PHARMACY:
                assert re.fullmatch(r"[0-4][0-9]4[0-9]{7}", site.code)
            case InstitutionType.INSURER:
                assert re.fullmatch(r"[0-9]{8}", site.code)
            case _:
                continue
        assert site.code[-1] == check_digit(site.code[:-1])


def test_no_code_and_no_sign_in_name_is_given_twice():
    assert len(BY_CODE) == len(SITES)
    names = [one.login for one in accounts()]
    assert len(set(names)) == len(names)


def test_everything_says_that_it_is_invented_and_lies_in_no_real_prefecture():
    for site in SITES:
        assert "架空" in site.name
        assert site.address.startswith("架空県")
        if site.type in (InstitutionType.HOSPITAL, InstitutionType.CLINIC, InstitutionType.PHARMACY):
            assert int(site.code[:2]) > 47
    for story in STORIES:
        assert story.identity.address.startswith("架空県")


def test_every_role_but_the_systems_can_sign_in():
    assert {one.role for one in accounts()} >= set(Role) - {Role.SYSTEM, Role.DENTIST}


def test_the_right_to_emergency_access_is_given_at_hospitals_only():
    hospitals = {site.slug for site in HOSPITALS}
    assert {one.site for one in accounts() if one.emergency_right} <= hospitals
    assert any(one.emergency_right for one in accounts() if one.site == "daigaku")


def test_the_first_steps_speak_of_accounts_and_persons_that_exist():
    names = {one.login for one in accounts()}
    for step in STEPS:
        assert step.login in names
        assert not step.person or step.person in BY_STORY
    lines = list(first_step_lines())
    assert all(step.ja in "\n".join(lines) and step.en in "\n".join(lines) for step in STEPS)


def test_the_first_steps_say_how_to_find_somebody_else():
    hanako = BY_STORY["hanako"].identity
    found = [line for line in first_step_lines() if "→" in line and hanako.given in line]
    assert found and all(hanako.birth in line and hanako.number in line for line in found)


def test_a_line_is_printed_for_each_account():
    assert len(list(sign_in_lines())) == len(accounts())


def test_who_withholds_and_who_acts_for_whom_are_told_persons():
    for one in WITHHOLDINGS:
        assert one.person in BY_STORY
        assert one.institution in {site.slug for site in SITES}
    for proxy in PROXIES:
        child, parent = BY_STORY[proxy.person].identity, BY_STORY[proxy.proxy].identity
        assert child.birth > parent.birth
        assert (child.insurer, child.symbol, child.number) == (parent.insurer, parent.symbol, parent.number)


def test_there_are_enough_institutions():
    kinds = [site.type for site in SITES]
    assert kinds.count(InstitutionType.HOSPITAL) >= 3
    assert kinds.count(InstitutionType.CLINIC) >= 5
    assert len(PHARMACIES) >= 4
    assert len(INSURERS) >= 2
    assert OPERATOR in SITES
