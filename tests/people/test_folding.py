"""Names and addresses that mean the same compare equal; those that do not, do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.people.addresses import Address, alike, read_address
from kakehashi.people.folding import fold_kana, fold_name, is_kana, unreadable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"), ("山﨑", "山崎"), ("渡邊", "渡邉"), ("渡辺", "渡邉"), ("齋藤", "斉藤"), ("齊藤", "斎藤"),
        ("澤田", "沢田"), ("濵田", "浜田"), ("廣瀬", "広瀨"), ("國枝", "国枝"), ("櫻井", "桜井"), ("𠮷野", "吉野"),
        ("葛󠄀城", "葛城"), ("神谷", "神谷"), ("龍馬", "竜馬"), ("田中　健太", "田中健太"), ("\U0001b002べ", "あべ"),
    ],
)  # fmt: skip
def test_variant_characters_of_a_name_are_one(one, other):
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾀﾅｶ ｹﾝﾀ", "タナカ　ケンタ"), ("たなか", "タナカ"), ("キヨウコ", "キョウコ"), ("オオノ", "オーノ"),
        ("ユーコ", "ユウコ"),
        ("ケーコ", "ケイコ"), ("ｼﾞﾕﾝ", "ジュン"), ("ミヅキ", "ミズキ"), ("カヲル", "カオル"),
        ("\N{HENTAIGANA LETTER KI-1}た", "キタ"),
    ],
)  # fmt: skip
def test_ways_to_write_kana_are_one(one, other):
    assert fold_kana(one) == fold_kana(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ケンタ", "ケント"), ("ハタ", "ハダ"), ("ユウキ", "ユキ"), ("ヒロシ", "ヒロキ")]
)
def test_other_names_stay_apart(one, other):
    assert fold_kana(one) != fold_kana(other)


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text):
    assert fold_name(fold_name(text)) == fold_name(text)
    assert fold_kana(fold_kana(text)) == fold_kana(text)


def test_a_substitute_for_a_character_is_not_compared():
    assert all(unreadable(text) for text in ("\ue000田", "〓田", "田?")) and not unreadable("髙田")


def test_kana_is_told_from_kanji():
    assert is_kana("ﾀﾅｶ　けんた") and not is_kana("田中 ケンタ") and not is_kana("")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("東京都千代田区霞が関一丁目２番２号", ("東京都", "千代田区", "霞関1-2-2")),
        ("千葉県市川市栄1丁目6-10", ("千葉県", "市川市", "栄1-6-10")),
        ("三重県四日市市諏訪町一番５号", ("三重県", "四日市市", "諏訪町1-5")),
        ("北海道余市郡余市町黒川町１番地", ("北海道", "余市郡余市町", "黒川町1")),
        ("奈良県大和郡山市北郡山町二十四番", ("奈良県", "大和郡山市", "北郡山町24")),
        ("板橋区大宮2-13", ("", "板橋区", "大宮2-13")),
    ],
)
def test_an_address_is_taken_apart(text, parts):
    assert read_address(text) == Address(*parts)


def test_state_and_city_help_where_the_text_is_short():
    assert read_address("大宮2-13", state="13", city="板橋区") == Address("東京都", "", "大宮2-13")


@pytest.mark.parametrize(
    ("asked", "agrees"),
    [
        ("東京都板橋区大宮２－１３－１３", True),
        ("東京都板橋区大宮二丁目13番13号", True),
        ("東京都板橋区大宮", True),
        ("東京都杉並区栄4-25", False),
        ("埼玉県板橋区大宮2-13-13", False),  # the prefecture is never fuzzy
        ("板橋区大宮2-13-13", False),
        ("東京都", False),
    ],
)
def test_addresses_are_fuzzy_only_below_the_prefecture(asked, agrees):
    assert alike(read_address(asked), read_address("東京都板橋区大宮2丁目13-13")) is agrees
