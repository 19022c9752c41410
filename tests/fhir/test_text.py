"""One spelling for each text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.fhir.text import normal


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        ("山田　太郎", "山田 太郎"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダ タロウ"),
        ("やまだ", "ヤマダ"),
        ("ｶﾞｷﾞﾊﾟ", "ガギパ"),
        ("か\u3099", "ガ"),  # a mark of its own
        ("ゝゞ", "ヽヾ"),
        ("ＡＢＣ１２３", "abc123"),
        ("Müller", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Ångström", "angstrom"),
        ("葛\U000e0100城", "葛城"),  # IVS
        ("辻\ufe00", "辻"),
        ("ﾗｰﾒﾝ", "ラーメン"),
        ("  a \t b\n", "a b"),
        ("㈱", "(株)"),
        ("", ""),
    ],
)
def test_texts_are_compared_in_one_spelling(typed, compared):
    assert normal(typed) == compared


def test_voiced_and_unvoiced_kana_stay_apart():
    assert normal("はは") != normal("ばば") != normal("ぱぱ")


@settings(deadline=None)
@given(st.text())
def test_normal_text_is_normal(text):
    assert normal(normal(text)) == normal(text)


@settings(deadline=None)
@given(st.text("ｱｲｶﾞﾊﾟァアイガパあいがぱA Ａ"))
def test_kana_of_any_width_and_kind_compare_alike(text):
    assert not any("\u3041" <= one <= "\u3096" or "\uff66" <= one <= "\uff9f" for one in normal(text))
