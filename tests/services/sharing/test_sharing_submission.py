"""What a submission asks for, what is kept of it, and under which names a resend finds it."""

from datetime import UTC, datetime

import pytest
from builders import BUILDERS, CLINIC, HOSPITAL, INFECTION_SYSTEM, MEMBER, coding, put, resource, urn

from kakehashi.core.actors import Institution, InstitutionType
from kakehashi.core.errors import Invalid
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import Flag, Kind
from kakehashi.services.sharing.submission import (
    RETENTION,
    Operation,
    Retention,
    Submission,
    plan_submission,
    resent_under_new_id,
)
from kakehashi.terms import japan

SENDER = Institution(7, HOSPITAL, "架空病院", InstitutionType.HOSPITAL)
OTHER = Institution(8, CLINIC, "架空診療所", InstitutionType.CLINIC)


def plan(name: str, *changes: tuple[str, object], sender: Institution = SENDER) -> Submission:
    tree = BUILDERS[name]()
    for path, value in changes:
        put(tree, path, value)
    return plan_submission(resource(tree), sender)


PLANS = [
    # submission, operation, kind of the Bundle, what becomes rows, retention
    ("conditions", Operation.REGISTER, Kind.SUBMISSION, [Kind.CONDITION] * 2, Retention.CLINICAL),
    (
        "allergies",
        Operation.REGISTER,
        Kind.SUBMISSION,
        [Kind.CONTRAINDICATION, Kind.ALLERGY],
        Retention.CLINICAL,
    ),
    ("labs", Operation.REGISTER, Kind.SUBMISSION, [Kind.LAB] * 2, Retention.CLINICAL),
    ("deletion", Operation.WITHDRAW, Kind.SUBMISSION, [], Retention.CLINICAL),
    ("referral", Operation.REGISTER, Kind.REFERRAL, [Kind.PRESCRIPTION], Retention.DOCUMENT),
    (
        "referral_with_discharge",
        Operation.REGISTER,
        Kind.REFERRAL,
        [Kind.PRESCRIPTION] * 2,
        Retention.DOCUMENT,
    ),
    ("care_plan", Operation.REGISTER, Kind.CARE_PLAN, [], Retention.CARE_PLAN),
    ("checkup", Operation.REGISTER, Kind.CHECKUP, [], Retention.CHECKUP),
]


@pytest.mark.parametrize(("name", "operation", "kind", "rows", "retention"), PLANS)
def test_what_a_submission_becomes(
    name: str, operation: Operation, kind: Kind, rows: list[Kind], retention: Retention
):
    made = plan(name)
    assert (made.operation, made.kind, [row.kind for row in made.rows]) == (operation, kind, rows)
    assert made.retention is retention
    assert made.key.member == MEMBER and made.key.system == japan.BUNDLE_ID
    assert made.origin == row_key("Bundle", made.bundle_id)


def test_a_resend_has_the_names_of_the_former():
    first, second = plan("labs"), plan("labs", ("timestamp", "2026-11-21T08:00:00.000+09:00"))
    assert first.bundle_id == second.bundle_id
    assert [row.id for row in first.rows] == [row.id for row in second.rows]
    assert len({row.id for row in first.rows}) == 2


def test_a_resend_with_a_new_identifier_or_member_is_another_submission():
    first = plan("labs")
    assert plan("labs", ("identifier.value", f"{HOSPITAL}^2026^other")).bundle_id != first.bundle_id
    moved = plan("labs", ("entry.0.resource.identifier.1.value", "00099999:あ:1:01"))
    assert moved.bundle_id != first.bundle_id


def test_what_is_kept_under_another_bundle_is_not_taken_twice():
    """A vendor's resend under a new identifier would make the same finding stand twice."""
    made = plan("labs")
    key = ("Observation", f"{HOSPITAL}-o1")
    (problem,) = resent_under_new_id(made, {key: f"{HOSPITAL}^2026^former"})
    assert problem.rule == "C1.submission.new-identifier" and f"{HOSPITAL}^2026^former" in problem.en
    assert resent_under_new_id(made, {key: made.key.value}) == []
    assert resent_under_new_id(made, {}) == []


def test_an_identifier_used_twice_still_gives_two_rows():
    made = plan("labs", ("entry.2.resource.identifier.0.value", f"{HOSPITAL}-o1"))
    assert len({row.id for row in made.rows}) == 2


def test_nobody_writes_or_withdraws_in_another_institutions_name():
    with pytest.raises(Invalid) as caught:
        plan("deletion", sender=OTHER)
    assert caught.value.problems[0].rule == "C1.submission.sender"
    with pytest.raises(Invalid):
        plan("labs", ("entry.1.resource.extension.0.valueIdentifier.value", CLINIC))


def test_a_submission_without_its_key_is_refused():
    tree = BUILDERS["deletion"]()
    put(tree, "entry.0.resource.identifier.1")
    with pytest.raises(Invalid) as caught:
        plan_submission(resource(tree), SENDER)
    assert caught.value.problems[0].rule == "C1.submission.key"


@pytest.mark.parametrize("category", ["19", "49", "69", "79", "89"])
def test_a_checkup_of_a_withdrawing_category_withdraws(category: str):
    made = plan("checkup", ("entry.0.resource.category.0.coding.0.code", category))
    assert (made.operation, made.rows) == (Operation.WITHDRAW, ())
    assert made.bundle_id == plan("checkup").bundle_id


def test_a_referral_has_its_addressee_and_attachments():
    made = plan("referral_with_discharge")
    assert made.addressee == CLINIC
    assert [(found.type, found.kind) for found in made.attachments] == [("Bundle", Kind.DISCHARGE)]
    assert [(row.index, row.inner) for row in made.rows] == [(6, None), (7, 7)]
    assert plan("labs").addressee is None


def test_rows_carry_flags_times_and_the_references_to_put_in():
    tags = [coding(japan.INDICATION, "LTS"), coding(japan.INDICATION, "UNINFORMED")]
    made = plan("conditions", ("entry.1.resource.meta.tag", tags))
    told, plain = made.rows
    assert told.flags == Flag.LTS | Flag.UNINFORMED and told.retention is Retention.LONG
    assert plain.flags == Flag.NONE and plain.retention is Retention.CLINICAL
    assert told.at == datetime(2020, 4, 9, 15, tzinfo=UTC)
    assert made.references[urn("patient")] == f"Patient/{made.patient_id}"
    assert made.references[told.full_url] == f"Condition/{told.id}"
    assert Flag.UNINFORMED in made.flags


def test_a_referral_with_an_untold_disease_is_untold_as_a_whole():
    made = plan("referral", ("entry.5.resource.meta.tag", [coding(japan.INDICATION, "UNINFORMED")]))
    assert made.flags == Flag.UNINFORMED


def test_an_infection_is_told_from_a_laboratory_result_by_its_code():
    made = plan(
        "labs", ("entry.1.resource.code.coding.1", coding(INFECTION_SYSTEM, "5F016141002305151", "x"))
    )
    assert [row.kind for row in made.rows] == [Kind.INFECTION, Kind.LAB]


def test_every_retention_class_says_its_length_and_source():
    assert set(RETENTION) == set(Retention)
    assert all(keeping.source for keeping in RETENTION.values())
