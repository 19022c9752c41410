"""Which passwords are taken: the guideline's three rules, nothing guessable, nothing of one's own."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.settings import BadSetting, Settings
from kakehashi.trust.signin import passwords
from kakehashi.trust.signin.codes import code_hash, new_code, new_initial_password
from kakehashi.trust.signin.passwords import Owner, judge
from kakehashi.trust.signin.policy import PasswordRule, Policy

A, B, C = PasswordRule.A, PasswordRule.B, PasswordRule.C
NOBODY = Owner()
HANAKO = Owner("h.sato", "佐藤 花子", "サトウ ハナコ", date(1980, 4, 29))


def faults(password: str, rule: PasswordRule, owner: Owner = NOBODY) -> set[str]:
    return {problem.rule.rpartition(".")[2] for problem in judge(password, owner, rule)}


@pytest.mark.parametrize(
    ("password", "rule", "wrong"),
    [
        ("kawa-no-7-Nag", A, set()),  # 13
        ("kawa-no-7-Na", A, {"length"}),  # 12
        ("kaw-7-No", B, set()),  # 8
        ("kaw-7-N", B, {"length"}),
        ("kaw-7-No", C, set()),
        ("kaw-7-N", C, {"length"}),
        ("kawanonagarete", A, {"mixed"}),
        ("kawanonagare77", A, {"mixed"}),
        ("kawa-no-nagare", A, {"mixed"}),
        ("川の流れは絶えず2-して元の", A, set()),  # letters of any script are letters
        ("k7-" + "äöxw" * 40, A, {"length"}),
    ],
)
def test_length_and_mixture(password: str, rule: PasswordRule, wrong: set[str]) -> None:
    assert faults(password, rule) == wrong


@pytest.mark.parametrize(
    "password",
    [
        "Password-2026!", "P@ssw0rd!2024", "Sakura2026!", "$akura2024!", "Hospital-Nurse-1!", "Qwerty123456!",
        "1qaz2wsx3edc!", "Abcdefgh1234!", "abc-abc-abc-1", "aaaaaaaaaa1!", "0123456789a!", "Admin!2026",
        "karte-karte-1!", "K@kehashi1234!", "tokyo.osaka.99",
    ],
)  # fmt: skip
def test_what_is_guessed_first_is_not_taken(password: str) -> None:
    assert "guessable" in faults(password, C)


@pytest.mark.parametrize(
    "password", ["kawa-no-7-Nagare", "tsukue9/enogu4Momiji", "m4;qV-zu0pXw", "ame+Kaze+73+yuki"]
)
def test_what_is_not_guessed_is_taken(password: str) -> None:
    assert not faults(password, A if len(password) >= 13 else C, HANAKO)


@pytest.mark.parametrize(
    "password",
    ["佐藤-kawa-7-nagare", "xx-サトウ-kawa-77", "xx-さとう-kawa-77", "xx-ｻﾄｳ-kawa-77", "xx-H.SATO-kawa-77",
     "kawa-19800429-no", "kawa-1980/04/29-no", "kawa-800429-nagare"],
)  # fmt: skip
def test_ones_own_name_kana_login_and_birthday_are_not_taken(password: str) -> None:
    assert faults(password, A, HANAKO) == {"own"}
    assert not faults(password, A)  # another person may have it


def test_every_fault_is_named_at_once_and_the_password_is_not_repeated() -> None:
    found = judge("さとう", HANAKO, A)
    assert {problem.rule for problem in found} == {
        "signin.password.length", "signin.password.mixed", "signin.password.own", "signin.password.guessable"
    }  # fmt: skip
    assert not [problem for problem in found if "さとう" in problem.ja + problem.en]


def test_only_rule_b_ages_a_password() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    for rule, days, old in ((A, 3650, False), (C, 3650, False), (B, 59, False), (B, 60, True)):
        assert passwords.too_old(at - timedelta(days=days), rule, at) is old


def test_rule_c_without_two_factors_does_not_start() -> None:
    with pytest.raises(BadSetting):
        Policy(rule=C, factors=1)
    assert Policy.of(Settings()).factors == 2
    demo = Policy.of(Settings(demo=True))
    assert (demo.factors, demo.rule) == (1, A)


def test_a_hash_is_argon2id_and_matches_its_password_only() -> None:
    kept = passwords.hashed("kawa-no-7-Nagare")
    assert kept.startswith("$argon2id$")
    assert passwords.matches("kawa-no-7-Nagare", kept)
    assert passwords.matches("ｋａｗａ-no-7-Nagare", kept)  # an input method in full width
    assert not passwords.matches("kawa-no-7-nagare", kept)
    assert not passwords.matches("kawa-no-7-Nagare", None)
    assert not passwords.matches("!", "!")
    assert not passwords.matches("nobody signs in with this, whatever they type", None)


@given(st.text(max_size=300), st.sampled_from(PasswordRule))
def test_judging_never_fails_and_short_is_always_wrong(text: str, rule: PasswordRule) -> None:
    problems = judge(text, HANAKO, rule)
    if len(text) < rule.shortest and text.isascii():
        assert any(problem.rule == "signin.password.length" for problem in problems)


@given(st.text(alphabet="abcxyz789!?", min_size=13, max_size=20))
def test_what_rule_a_takes_rules_b_and_c_take_too(text: str) -> None:
    if not judge(text, NOBODY, A):
        assert not judge(text, NOBODY, B) and not judge(text, NOBODY, C)


def test_codes_to_hand_over_meet_every_rule_and_never_come_twice() -> None:
    made = {new_initial_password() for _ in range(200)}
    assert len(made) == 200
    assert not [word for word in made if faults(word, A, HANAKO) - {"own"}]
    code = new_code()
    assert code_hash("a", code) == code_hash("a", code.upper().replace("-", " "))
    assert code_hash("a", code) != code_hash("b", code)
