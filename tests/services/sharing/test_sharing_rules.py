"""The rules of the sharing service: each has a submission that keeps it and one that breaks it."""

import re
from pathlib import Path
from typing import Any

import pytest
from broken import BROKEN
from builders import BUILDERS, Tree, condition, conditions, put, resource
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import BadRequest, Problem
from kakehashi.services.sharing import rules
from kakehashi.services.sharing.rules import RULES, check
from kakehashi.services.sharing.rules.invariants import COVERED_BY_CHECKER, RULE_OF_KEY
from kakehashi.services.sharing.rules.model import KNOWN_VERSIONS, version_of
from kakehashi.services.sharing.rules.table import AT_REGISTRATION, markdown
from kakehashi.terms import japan

RULE = {rule.id: rule for rule in RULES}
ATTACHED = {"discharge"}


def text_of(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def broken(rule_id: str) -> tuple[Tree, str, bool]:
    """The broken submission of a rule, the version it is broken under, and whether it is attached."""
    builder, changes, *more = BROKEN[rule_id]
    tree = BUILDERS[builder]()
    for path, value in changes:
        put(tree, re.sub(r"^@(\d+)", r"entry.\1.resource", path), value)
    return tree, more[0] if more else "1.11.0", more[1] if len(more) > 1 else builder in ATTACHED


def said(tree: Tree, version: str, *, attached: bool = False) -> set[str]:
    return {problem.rule for problem in check(resource(tree), version=version, attached=attached)}


@pytest.mark.parametrize("version", ["1.5.4", "1.6.0", "1.10.0", "1.11.0"])
@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_minimal_submission_breaks_no_rule(name: str, version: str):
    assert said(BUILDERS[name](), version, attached=name in ATTACHED) == set()


@pytest.mark.parametrize("rule_id", sorted(BROKEN))
def test_a_broken_submission_is_told_its_rule(rule_id: str):
    tree, version, attached = broken(rule_id)
    problems = [p for p in check(resource(tree), version=version, attached=attached) if p.rule == rule_id]
    assert problems, f"{rule_id} was not noticed"
    for problem in problems:
        assert problem.severity == RULE[rule_id].severity
        assert problem.place.startswith("Bundle") and problem.source and problem.ja and problem.en


@pytest.mark.parametrize("rule_id", sorted(rule.id for rule in RULES if rule.since or rule.until))
def test_a_rule_is_silent_outside_its_versions(rule_id: str):
    tree, _, attached = broken(rule_id)
    for version in KNOWN_VERSIONS:
        known = rule_id in said(tree, text_of(version), attached=attached)
        assert known is RULE[rule_id].holds_in(version), text_of(version)


def test_every_rule_has_a_breaking_case_and_a_name_of_its_own():
    """A rule without a test is a guess."""
    assert {rule.id for rule in RULES} == set(BROKEN)
    assert len(RULE) == len(RULES)


def test_every_rule_says_what_to_do_in_both_languages_and_where_it_comes_from():
    for rule in RULES:
        assert rule.source, rule.id
        assert re.search(r"[ぁ-ん]", rule.ja) and rule.ja.endswith(("。", "）", ")。")), rule.id
        assert re.search(r"[A-Za-z]", rule.en), rule.id


def test_every_published_invariant_is_a_rule_or_left_to_the_checker(shared: Path):
    lines = (shared / "facts/jpfhir-tables/profile-invariants.tsv").read_text("utf-8").splitlines()[1:]
    keys = {line.split("\t")[0] for line in lines}
    assert keys == set(RULE_OF_KEY) | COVERED_BY_CHECKER
    assert set(RULE_OF_KEY.values()) <= set(RULE)


def test_every_refusal_of_the_service_stands_in_the_manual():
    """Whatever rule the service's code names: it is one of RULES, or of the list of those at registration."""
    folder = Path(rules.__file__).parents[1]
    listed = {name for name, _, _ in AT_REGISTRATION}
    named = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(r'"(C1\.[a-z.-]+)"', path.read_text("utf-8"))
    }
    assert named == listed


def test_the_manuals_table_of_rules_is_up_to_date():
    """Write it anew with `python -m kakehashi.services.sharing.rules.table docs/rules-sharing.md`."""
    page = Path(__file__).resolve().parents[3] / "docs/rules-sharing.md"
    assert page.read_text("utf-8") == markdown()


def test_the_version_in_a_profile_holds_for_its_resource():
    tree = conditions()
    put(tree, "entry.1.resource.clinicalStatus.coding.0.code", "relapse")
    assert "C1.condition.clinical-narrowed" in said(tree, "1.11.0")
    put(tree, "entry.1.resource.meta.profile.0", f"{japan.JP}/eCS/StructureDefinition/JP_Condition_eCS|1.6.0")
    assert "C1.condition.clinical-narrowed" not in said(tree, "1.11.0")


def test_an_unknown_version_is_refused():
    with pytest.raises(BadRequest):
        check(resource(conditions()), version="2.0.0")
    assert version_of("1") == (1, 5, 2)


def test_a_problem_names_the_place_and_what_stood_there():
    tree = conditions()
    put(tree, "entry.2.resource.code.coding.0.code", "2006159")
    (problem,) = check(resource(tree))
    assert (problem.rule, problem.place) == (
        "C1.condition.key-form",
        "Bundle.entry[2].resource.code.coding[0].code",
    )
    assert "2006159" in problem.ja


def test_what_is_wrong_in_an_attached_document_is_told_at_its_place():
    tree = BUILDERS["referral_with_discharge"]()
    put(tree, "entry.7.resource.entry.0.resource.status", "preliminary")
    (problem,) = check(resource(tree))
    assert problem.rule == "C1.composition.status"
    assert problem.place == "Bundle.entry[7].resource.entry[0].resource.status"


def test_one_resource_alone_is_held_against_its_own_rules():
    tree = condition()
    del tree["code"]["text"]
    assert {p.rule for p in check(resource(tree))} == {"C1.condition.text"}


def test_a_withdrawal_is_the_patient_alone():
    assert said(BUILDERS["deletion"](), "1.11.0") == set()
    document = BUILDERS["referral"]()
    document["entry"] = [document["entry"][1]]
    assert said(document, "1.11.0") == set()


def test_public_assistance_stands_in_for_the_member_id_from_1_10():
    tree = BUILDERS["deletion"]()
    put(
        tree,
        "entry.0.resource.identifier.1",
        {"system": japan.PUBLIC_PAYER_ID, "value": "12130001::1234567:"},
    )
    assert "R1012" in said(tree, "1.9.0")
    assert said(tree, "1.11.0") == set()


@pytest.mark.parametrize(
    "value",
    [
        "00012345:あいう:１８７",
        "12345:a:1:01",
        "00012345:あ う:1:01",
        "00012345:a:1:０１",
        "00012345:a:1:001",
        "",
    ],
)
def test_a_member_id_of_another_form_is_refused(value: str):
    tree = BUILDERS["deletion"]()
    put(tree, "entry.0.resource.identifier.1.value", value)
    assert "R1013" in said(tree, "1.11.0")


@given(st.from_regex(japan.MEMBER_ID_FORM, fullmatch=True, alphabet=st.characters(exclude_categories=["C"])))
def test_a_member_id_of_the_form_has_three_colons_and_no_blank(value: str):
    assert value.count(":") == 3 and not re.search(r"\s", value)
    tree = BUILDERS["deletion"]()
    put(tree, "entry.0.resource.identifier.1.value", value)
    assert "R1013" not in said(tree, "1.11.0")


def test_ten_megabytes_are_refused_for_their_size_alone():
    tree = conditions()
    put(tree, "entry.1.resource.code.text", "あ" * 3_600_000)
    put(tree, "entry.1.resource.code.coding.0.code", "bad")
    assert said(tree, "1.11.0") == {"C1.bundle.size"}


PATHS = st.sampled_from(
    "meta meta.profile meta.tag identifier entry entry.0 entry.0.resource entry.0.resource.identifier "
    "entry.0.resource.name entry.1 entry.1.resource entry.1.resource.code entry.1.resource.extension".split()
    + "entry.1.resource.section entry.0.resource.section entry.0.resource.author entry.1.resource.contained".split()
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, "", "x", [], {}, [None], [[]], [{}], {"a": []}, ["x", 1]]
)


@settings(max_examples=150)
@given(st.sampled_from(sorted(BUILDERS)), PATHS, ODD)
def test_no_shape_of_json_breaks_the_rules(name: str, path: str, odd: Any):
    """Rules speak to what a stranger sent; they answer, whatever it is."""
    tree = BUILDERS[name]()
    try:
        put(tree, path, odd)
    except (IndexError, KeyError):
        return
    answered = check(resource(tree))
    assert all(isinstance(problem, Problem) for problem in answered)


def test_refusals_are_the_errors_only():
    tree = conditions()
    put(tree, "timestamp", "2026-11-20T10:00:00+09:00")
    assert said(tree, "1.11.0") == {"C1.bundle.timestamp-milliseconds"}
    assert rules.refusals(check(resource(tree))) == []


@pytest.mark.parametrize(
    ("ended", "told"), [("2021-11-20", False), ("2021", False), ("2021-10", True), ("2020", True)]
)
def test_a_disease_is_sent_for_five_years_after_its_end(ended: str, told: bool):
    """The Bundle is of 2026-11-20; what is written to the month or the year has the doubt in its favour."""
    tree = conditions()
    put(tree, "entry.1.resource.abatementDateTime", ended)
    put(tree, "entry.1.resource.clinicalStatus.coding.0.code", "resolved")
    assert ("C1.condition.ended-long-ago" in said(tree, "1.11.0")) is told
