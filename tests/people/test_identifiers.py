"""Identifiers of Japanese people, as they are written and as they are written wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_people import patient

from kakehashi.people.identifiers import (
    LOCAL_PREFIX,
    MEMBER_SYSTEM,
    PAYER_SYSTEM,
    LocalNumber,
    MemberId,
    OtherId,
    PayerId,
    member_id,
    of_patient,
    parse,
)

INSURER, SYMBOL, NUMBER = (
    st.from_regex(r"\A[0-9]{8}\Z"),
    st.text("0123456789千葉-ー－A", max_size=6),
    st.from_regex(r"\A[0-9]{1,8}\Z"),
)


@pytest.mark.parametrize(
    ("system", "value", "said"),
    [
        (MEMBER_SYSTEM, "06139877:8740:32483467:02", MemberId("06139877", "8740", "32483467", "02")),
        (MEMBER_SYSTEM, "06139877:８７４０:３２４:", MemberId("06139877", "８７４０", "３２４", "")),
        (MEMBER_SYSTEM, "39130083::98873986:", MemberId("39130083", "", "98873986", "")),
        (PAYER_SYSTEM, "12131234::1234567:", PayerId("12131234", "1234567")),
        (LOCAL_PREFIX + "1310000001", "00042", LocalNumber("1310000001", "00042")),
        ("http://example.org/card", "X-1", OtherId("http://example.org/card", "X-1")),
    ],
)
def test_a_right_identifier_is_read(system, value, said):
    assert parse(system, value) == said


@pytest.mark.parametrize(
    ("system", "value", "rule", "mend"),
    [
        (MEMBER_SYSTEM, "131011:8492:644647:02", "R1013", "00131011"),
        (MEMBER_SYSTEM, "０６１３９８７７:8740:1:02", "R1013", "half-width digits"),
        (MEMBER_SYSTEM, "06139877:8740:32483467:2", "R1013", "2 half-width digits"),
        (MEMBER_SYSTEM, "06139877:8740:32483467:０２", "R1013", "2 half-width digits"),
        (MEMBER_SYSTEM, "06139877:8740:32483467", "R1013", "keep the colons"),
        (MEMBER_SYSTEM, "06139877:87 40:32483467:02", "R1013", "Remove blanks"),
        (MEMBER_SYSTEM, "06139877:87　40:32483467:02", "R1013", "Remove blanks"),
        (MEMBER_SYSTEM, "06139877:8740::02", "R1013", "number of the insurance card"),
        (
            MEMBER_SYSTEM.replace("Idsystem", "IdSystem"),
            "06139877:8740:1:02",
            "people.identifier.system",
            MEMBER_SYSTEM,
        ),
        (PAYER_SYSTEM, "12131234:1:1234567:", "people.identifier.payer", "::recipient:"),
        (LOCAL_PREFIX, "00042", "R1010", "10 digits"),
        (LOCAL_PREFIX + "１３１００００００１", "00042", "R1010", "10 digits"),
        (LOCAL_PREFIX + "1310000001", " ", "R1010", "no value"),
        ("", "1", "people.identifier.empty", "both system and value"),
    ],
)
def test_a_wrong_identifier_says_how_to_mend_it(system, value, rule, mend):
    problems = parse(system, value, "Patient.identifier[0]")
    assert [problem.rule for problem in problems] == [rule]
    assert mend in problems[0].en and problems[0].ja and problems[0].place.startswith("Patient.identifier[0]")


def test_every_problem_is_told_at_once():
    assert len(parse(MEMBER_SYSTEM, "131011:8 7:1:2")) == 3


@given(INSURER, SYMBOL, NUMBER, st.sampled_from(["", "00", "07"]))
def test_what_is_matched_can_be_read_again_and_is_stable(insurer, symbol, number, branch):
    once = MemberId(insurer, symbol, number, branch)
    again = parse(MEMBER_SYSTEM, once.value)
    assert isinstance(again, MemberId) and again.value == once.value


@given(INSURER, SYMBOL, NUMBER)
def test_a_missing_branch_equals_no_branch(insurer, symbol, number):
    bare = MemberId(insurer, symbol, number)
    assert all(bare.value != MemberId(insurer, symbol, number, f"{branch:02}").value for branch in range(100))


def test_width_and_dashes_of_a_card_do_not_tell_people_apart():
    assert (
        len(
            {
                MemberId("06139877", symbol, "１２３", "01").value
                for symbol in ("千葉-12", "千葉－１２", "千葉−12", "千葉ー１２")
            }
        )
        == 1
    )


def test_only_a_branch_or_late_stage_elderly_insurance_names_one_person():
    assert [
        member_id(*card).names_one
        for card in (("131011", "8", "1", "01"), ("131011", "8", "1"), ("39130083", "", "1"))
    ] == [
        True,
        False,
        True,
    ]
    assert member_id("131011", "8", "1").insurer == "00131011"


def test_a_patient_gives_its_good_identifiers_and_the_problems_of_the_rest():
    good, bad = of_patient(
        patient(member="06139877:8740:1:2", number="42", identifiers=((LOCAL_PREFIX + "1310000001", "４２"),))
    )
    assert [one.value for one in good] == ["42"]
    assert [problem.place for problem in bad] == ["Patient.identifier[2].value"]
