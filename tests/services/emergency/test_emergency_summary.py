"""The emergency summary: what endangers life, on one screen."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "viewer"))
from viewer_words import NOW, concept, lab, medicine, sheet

from kakehashi.core.kinds import Kind
from kakehashi.services.emergency.summary import summary_of


def procedure(text):
    return sheet(Kind.PROCEDURE, "Procedure", code=concept(text))


def test_medicines_that_ended_more_than_100_days_ago_are_left_out():
    made = summary_of([medicine("今", "2026-10-22", 91), medicine("昔", "2026-01-22", 91)], NOW)
    assert [one.name for one in made.medicines] == ["今"]


def test_a_medicine_of_which_nobody_says_when_is_not_left_out():
    [one] = summary_of([medicine("今？", "2026-01-22", 7, dated=False)], NOW).medicines
    assert one.name == "今？" and not one.bars[0].dated


def test_blood_group_stands_alone_with_its_source():
    made = summary_of([lab("A型", text="ABO血液型", loinc="883-9"), lab(4.4, text="カリウム")], NOW)
    assert [one.text for one in made.blood] == ["ABO血液型 A型"] and [one.name for one in made.labs] == [
        "カリウム"
    ]
    assert made.blood[0].custodian == 1


def test_what_is_in_the_body_is_told_apart_from_other_operations():
    made = summary_of([procedure("ペースメーカー植込術"), procedure("胆嚢摘出術")], NOW)
    assert [one.text for one in made.devices] == ["ペースメーカー植込術"]
    assert [one.text for one in made.operations] == ["胆嚢摘出術"]


def test_ended_problems_do_not_crowd_the_screen():
    ended = sheet(
        Kind.CONDITION, "Condition", code=concept("風邪"), clinicalStatus=concept(clinical="resolved")
    )
    going = sheet(
        Kind.CONDITION, "Condition", code=concept("心房細動"), clinicalStatus=concept(clinical="active")
    )
    assert [one.name for one in summary_of([ended, going], NOW).problems] == ["心房細動"]


def test_an_empty_record_makes_an_empty_summary():
    made = summary_of([], NOW)
    assert not (made.alerts or made.medicines or made.problems or made.labs or made.blood or made.custodians)
