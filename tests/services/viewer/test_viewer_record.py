"""Problems, alerts, time line, documents, check-ups and banner, from records as they come."""

from datetime import date

import pytest
from viewer_words import NOW, OURS, THEIRS, at, concept, lab, sheet

from kakehashi.core.kinds import Flag, Kind
from kakehashi.services.viewer.checkups import checkups_of
from kakehashi.services.viewer.documents import documents_of, sections_of
from kakehashi.services.viewer.problems import alerts_of, problems_of
from kakehashi.services.viewer.record import banner_of
from kakehashi.services.viewer.timeline import UNDATED, timeline_of


def condition(text, day="2026-01-01", *, where=OURS, state="active", flags=Flag.NONE, dated=True, **codes):
    more = {"code": concept(text, **codes), "clinicalStatus": concept(clinical=state)}
    return sheet(Kind.CONDITION, "Condition", day, where=where, flags=flags, dated=dated, **more)


def allergy(text, day="2026-01-01", *, kind=Kind.CONTRAINDICATION, **tree):
    return sheet(kind, "AllergyIntolerance", day, code=concept(text), **tree)


def infection(text, said, day="2026-01-01", **tree):
    return sheet(
        Kind.INFECTION, "Observation", day, code=concept(text), valueCodeableConcept=concept(said), **tree
    )


def test_one_disease_of_two_institutions_is_one_line_since_the_first():
    [one] = problems_of(
        [
            condition("高血圧症", "2024-05-01", disease="20061593"),
            condition("高血圧", "2020-04-10", where=THEIRS, disease="20061593"),
        ]
    )
    assert one.since == at("2020-04-10") and set(one.custodians) == {OURS, THEIRS} and one.active


def test_a_disease_is_dated_by_whoever_says_since_when_and_else_not_at_all():
    said, silent = condition("喘息", "2024-05-01"), condition("喘息", "2020-04-10", dated=False)
    [one] = problems_of([said, silent])
    assert (one.since, one.dated) == (at("2024-05-01"), True)
    [alone] = problems_of([silent])
    assert (alone.since, alone.dated) == (at("2020-04-10"), False)  # when it came in


def test_an_allergy_and_a_document_without_a_date_say_so():
    [alert] = alerts_of([allergy("鯖", dated=False)])
    [head] = documents_of([sheet(Kind.NOTE, "Composition", title="経過", dated=False)])
    assert not alert.dated and not head.dated and documents_of([document()])[0].dated


def test_what_has_ended_comes_after_what_goes_on():
    made = problems_of(
        [condition("終わった病気", "2026-05-01", state="resolved"), condition("続く病気", "2010-05-01")]
    )
    assert [(one.name, one.active) for one in made] == [("続く病気", True), ("終わった病気", False)]


def test_two_uncoded_diseases_stay_two():
    codes = {"disease": "99999999"}
    assert len(problems_of([condition("甲", **codes), condition("乙", **codes)])) == 2


@pytest.mark.parametrize(("flags", "uninformed", "undelivered"), [
    (Flag.NONE, False, False), (Flag.UNINFORMED, True, False), (Flag.UNDELIVERED, False, True),
])  # fmt: skip
def test_flags_are_told_beside_the_disease(flags, uninformed, undelivered):
    [one] = problems_of([condition("病", flags=flags)])
    assert (one.uninformed, one.undelivered) == (uninformed, undelivered)


ALERTS = [
    # record, is it an alert, severe
    (allergy("ペニシリン", criticality="high"), True, True),
    (allergy("卵", kind=Kind.ALLERGY), True, False),
    (allergy("そば", kind=Kind.ALLERGY, reaction=[{"severity": "severe"}]), True, True),
    (allergy("鯖", kind=Kind.ALLERGY, clinicalStatus=concept(clinical="resolved")), False, False),
    (allergy("乳", verificationStatus=concept(clinical="refuted")), False, False),
    (sheet(Kind.ALLERGY, "AllergyIntolerance", code=concept("なし", snomed="716186003")), False, False),
    (infection("HBs抗原", "陽性(+)"), True, True),
    (infection("HBs抗原", "陰性(-)"), False, False),
    (infection("HCV抗体", "", interpretation=[concept(mark="POS")]), True, True),
]


@pytest.mark.parametrize(("record", "shown", "severe"), ALERTS)
def test_what_must_be_in_sight_is(record, shown, severe):
    found = alerts_of([record])
    assert bool(found) is shown and any(one.severe for one in found) is severe


def test_the_newest_word_on_a_substance_decides():
    was, now = (
        allergy("鯖", "2020-01-01"),
        allergy("鯖", "2026-01-01", verificationStatus=concept(clinical="refuted")),
    )
    assert alerts_of([was, now]) == []


def test_severe_alerts_come_first():
    assert [one.name for one in alerts_of([allergy("あ"), allergy("ん", criticality="high")])] == ["ん", "あ"]


def test_a_day_is_a_day_in_japan_and_tells_each_institution_apart():
    made = timeline_of(
        [lab(1.0, day="2026-11-01"), lab(2.0, day="2026-11-01", where=THEIRS), lab(1.0, day="2026-10-31")]
    )
    assert [one.day for one in made] == [date(2026, 11, 1), date(2026, 10, 31)]
    assert [stay.custodian for stay in made[0].stays] == [OURS, THEIRS]


def test_many_results_of_a_day_are_named_and_counted():
    [day] = timeline_of([lab(float(n), text=f"項目{n}") for n in range(10)])
    [event] = day.stays[0].events
    assert len(event.lines) == 4 and event.more == 6


def test_what_is_only_counted_is_not_read():
    read = []

    def result(number):
        one = lab(float(number), text=f"項目{number}")
        whole = one.read
        one.read = lambda: read.append(number) or whole()
        return one

    [day] = timeline_of([result(number) for number in range(10)])
    assert day.stays[0].events[0].more == 6 and read == [0, 1, 2, 3]


def test_on_the_time_line_the_day_on_which_something_came_in_is_said_to_be_that():
    silent = sheet(Kind.LAB, "Observation", code=concept("尿酸"), dated=False)
    [day] = timeline_of([lab(1.0), silent])
    [known, undated] = day.stays[0].events[0].lines
    assert UNDATED not in known and undated.endswith(UNDATED)


def test_who_a_person_is_makes_no_event():
    assert timeline_of([sheet(Kind.PATIENT, "Patient"), sheet(Kind.COVERAGE, "Coverage")]) == []


def document(kind=Kind.CHECKUP, day="2026-06-29", **observations):
    """A report with these measured values (in cm) in its one section."""
    entries = [
        {
            "fullUrl": f"urn:{name}",
            "resource": {"resourceType": "Observation", "code": concept(name), **_cm(value)},
        }
        for name, value in observations.items()
    ]
    author = {"fullUrl": "urn:a", "resource": {"resourceType": "Practitioner", "name": [{"text": "青木 力"}]}}
    pointers = [{"reference": one["fullUrl"]} for one in entries]
    section = {"title": "検査", "text": {"div": "<div>身長</div>"}, "entry": pointers}
    head = {"title": "報告書", "author": [{"reference": "urn:a"}], "section": [section]}
    composition = {"fullUrl": "urn:c", "resource": {"resourceType": "Composition", **head}}
    return sheet(kind, "Bundle", day, entry=[composition, author, *entries])


def _cm(value):
    return {"valueQuantity": {"value": value, "unit": "cm"}}


def test_a_document_has_its_title_author_and_sections_with_entries_written_out():
    one = document(身長=171.2)
    [head] = documents_of([one])
    assert (head.title, head.author) == ("報告書", "青木 力")
    [section] = sections_of(one)
    assert section.title == "検査" and section.lines == ("身長 171.2 cm",) and "身長" in section.narrative


def test_a_section_that_points_nowhere_is_empty_and_no_error():
    one = document()
    one.tree["entry"][0]["resource"]["section"][0]["entry"] = [{"reference": "urn:nowhere"}]
    assert sections_of(one)[0].lines == ()


def test_checkups_are_columns_newest_first_and_gaps_stay_gaps():
    table = checkups_of(
        [document(day="2025-06-29", 身長=170.0), document(day="2026-06-29", 身長=171.0, 体重=60.0)]
    )
    assert [one.day.year for one in table.checkups] == [2026, 2025]
    rows = {item.name: [result.value if result else None for result in item.results] for item in table.items}
    assert rows == {"身長": [171.0, 170.0], "体重": [60.0, None]}


def test_an_empty_record_has_no_checkups():
    assert checkups_of([lab(1.0)]).checkups == ()


BORN = [("2024-11-21", 2), ("2024-11-22", 1), ("1962-05-14", 64), ("not a date", None), ("1990", None)]


@pytest.mark.parametrize(("birth", "age"), BORN)
def test_the_banner_has_the_age_of_today_in_japan(birth, age):
    banner = banner_of([sheet(Kind.PATIENT, "Patient", birthDate=birth, gender="female")], NOW)
    assert banner.age == age and banner.sex[0] == "女"


def test_the_newest_description_names_the_person_and_none_names_nobody():
    old, new = (
        sheet(Kind.PATIENT, "Patient", day, name=[{"text": text}])
        for day, text in (("2020-01-01", "旧姓"), ("2026-01-01", "新姓"))
    )
    assert banner_of([new, old], NOW).name == "新姓"
    assert banner_of([], NOW).name == ""
