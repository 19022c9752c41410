"""How institutions write one person down: rules that hold for every person and every institution."""

import re
import unicodedata

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.samples.identity import (
    Identity,
    as_known_at,
    identity_of,
    local_number,
    patient,
    to_half_width,
)
from kakehashi.samples.region import SITES
from kakehashi.terms import japan

KATAKANA = st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30F3), min_size=1, max_size=8)
KEYS = st.text("0123456789abcdef-", min_size=1, max_size=20)
CARE = [site for site in SITES if site.gives_care]


def person(key: str, gender: str = "female") -> Identity:
    name = {"extension": [{"valueCode": "IDE"}], "family": "高橋", "given": ["桜"]}
    return identity_of(key, {"name": [name], "gender": gender, "birthDate": "1970-01-01"})


@given(KATAKANA)
def test_half_width_kana_folds_back_to_what_it_was(text: str):
    half = to_half_width(text)
    small = set("ヮヰヱ")  # without a half-width form; they stay
    assert unicodedata.normalize("NFKC", half) == unicodedata.normalize("NFKC", text)
    assert all(0xFF66 <= ord(sign) <= 0xFF9F or sign in small for sign in half)


@given(KEYS, st.sampled_from(CARE))
def test_whatever_is_written_differently_the_insurance_number_and_birthday_are_the_same(key: str, site):  # type: ignore[no-untyped-def]
    known = as_known_at(person(key), site)
    assert re.fullmatch(japan.MEMBER_ID_FORM, known.member_id)
    assert (known.member_id, known.birth) == (person(key).member_id, person(key).birth)


@given(KEYS)
def test_a_patient_number_means_something_at_one_institution_only(key: str):
    numbers = {local_number(person(key), site) for site in CARE}
    assert len(numbers) == len(CARE)


def test_the_sharing_services_patient_has_full_width_kana_and_no_full_width_space():
    for site in CARE:
        made = patient(as_known_at(person("k"), site), site, ecs=site.sends == "clins")
        texts = [name["text"] for name in made["name"]]
        assert all("\u3000" not in text for text in texts)
        if site.sends == "clins":
            assert not re.search("[\uff61-\uff9f]", "".join(texts))


def test_some_of_a_crowd_are_written_with_other_characters_some_have_moved_and_most_are_as_they_are():
    known = [as_known_at(person(str(n)), CARE[0]) for n in range(400)]
    assert 20 < sum(one.family == "髙橋" for one in known) < 90
    assert 15 < sum(one.address != person(one.key).address for one in known) < 80
    assert sum(one.family == "高橋" for one in known) > 300


@given(KEYS, st.sampled_from(CARE))
def test_a_newborn_without_a_name_is_written_as_hospitals_do(key: str, site):  # type: ignore[no-untyped-def]
    name = {"extension": [{"valueCode": "IDE"}], "text": "渡辺", "family": "渡辺"}
    baby = identity_of(key, {"name": [name], "gender": "female", "birthDate": "2026-11-15"})
    sent = patient(as_known_at(baby, site), site) | {"id": "1"}
    assert validate(parse(orjson.dumps(sent))) == []
    assert [unicodedata.normalize("NFKC", one["given"][0]) for one in sent["name"]] == ["ベビー", "ベビー"]
