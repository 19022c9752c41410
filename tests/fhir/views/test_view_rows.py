"""What rows a view makes. The persons are synthetic."""

import pytest
from view_words import HANAKO, JIRO, TARO, column, columns, table

from kakehashi.fhir.paths.numbers import Written
from kakehashi.fhir.views.columns import BadRow
from kakehashi.fhir.views.compiling import compile_view


def test_a_resource_of_the_type_is_a_row_and_one_of_another_type_is_none():
    lab = {"resourceType": "Observation", "id": "o"}
    assert table(columns("id", "gender"), of=(HANAKO, lab, JIRO)) == [("hanako", "female"), ("jiro", None)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name[1].family", "架橋"),
        ("name[7].family", None),
        ("name.where(use = 'official').given.first()", "花子"),
        ("name.first().given.join('・')", "花子・はな"),
        ("name.where(use = 'old').given.join('・')", ""),
        ("name.exists()", True),
        ("multipleBirth.ofType(integer) * 3 - 1", 5),
        ("multipleBirth.ofType(integer) / 4", 0.5),
        ("multipleBirth.ofType(integer) / 0", None),
        ("multipleBirth.ofType(boolean)", None),
        ("birthDate.lowBoundary()", "1962-05-01"),
        ("birthDate.highBoundary()", "1962-05-31"),
        ("getResourceKey()", "Patient/hanako"),
        ("managingOrganization.getReferenceKey()", "Organization/o1"),
        ("managingOrganization.getReferenceKey(Organization)", "Organization/o1"),
        ("managingOrganization.getReferenceKey(Patient)", None),
        ("generalPractitioner.getReferenceKey(Practitioner)", "Practitioner/1"),
        ("%rowIndex", 0),
        ("gender in ('female' | 'other')", True),
        ("iif(active, 'はい', 'いいえ')", "はい"),
    ],
)
def test_a_path_finds(path: str, found: object):
    assert table(columns(path), of=(HANAKO,)) == [(found,)]


def test_for_each_makes_rows_and_for_each_or_null_keeps_those_who_have_none():
    who = columns("id")
    names = {"column": [column("n", "%rowIndex"), column("family", "family")]}
    assert table(who, {"forEach": "name", **names}) == [
        ("hanako", 0, "見本"),
        ("hanako", 1, "架橋"),
        ("taro", 0, "見本"),
    ]
    kept = table(who, {"forEachOrNull": "name", **names})
    assert kept[-1] == ("jiro", 0, None)
    assert kept[:-1] == table(who, {"forEach": "name", **names})


def test_null_rows_of_nested_selects_have_every_column():
    both = {"forEachOrNull": "contact", "column": [column("family", "name.family")]}
    assert table({"column": [column("id", "id")]}, both, of=(TARO,)) == [("taro", None)]
    nested = {**both, "select": [{"forEachOrNull": "telecom", "column": [column("value", "value")]}]}
    assert table({"column": [column("id", "id")]}, nested, of=(TARO,)) == [("taro", None, None)]


def test_selects_side_by_side_multiply_and_a_union_adds():
    names, phones = (
        {"forEach": "name", **columns("family")},
        {"forEach": "contact.telecom", "column": [column("t", "value")]},
    )
    assert len(table(names, phones, of=(HANAKO,))) == 2 * 3
    union = {"unionAll": [names, {"forEach": "contact", **columns("name.family")}]}
    assert table(union, of=(HANAKO,)) == [("見本",), ("架橋",), ("見本",), ("架空",)]
    assert table(columns("id"), {"forEach": "photo", "column": [column("u", "url")]}, of=(HANAKO,)) == []


def test_columns_stand_before_nested_selects_and_these_before_the_union():
    select = {
        "unionAll": [{"column": [column("e", "'e'")]}],
        "select": [{"column": [column("c", "'c'")]}, {"column": [column("d", "'d'")]}],
        "column": [column("a", "'a'"), column("b", "'b'")],
    }
    assert table(select, of=(JIRO,)) == [("a", "b", "c", "d", "e")]


def test_the_index_of_a_row_counts_within_its_own_for_each():
    inner = {"forEach": "telecom", "column": [column("j", "%rowIndex"), column("v", "value")]}
    outer = {"forEach": "contact", "column": [column("i", "%rowIndex")], "select": [inner]}
    assert table(outer, of=(HANAKO,)) == [(0, 0, "1"), (0, 1, "2"), (1, 0, "3")]


def test_repeat_goes_down_every_level_depth_first():
    form = {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "item": [
            {
                "linkId": "1",
                "item": [{"linkId": "1.1", "answer": [{"valueString": "x", "item": [{"linkId": "1.1.1"}]}]}],
            },
            {"linkId": "2"},
        ],
    }
    rows = table(
        {"repeat": ["item", "answer.item"], **columns("%rowIndex", "linkId")},
        of=(form,),
        resource="QuestionnaireResponse",
    )
    assert rows == [(0, "1"), (1, "1.1"), (2, "1.1.1"), (3, "2")]


def test_where_keeps_what_is_true_and_drops_what_cannot_be_told():
    def kept(*paths: str) -> list[object]:
        return [row[0] for row in table(columns("id"), where=[{"path": one} for one in paths])]

    assert kept("active") == ["hanako"]
    assert kept("active.not()") == ["taro"]
    assert kept("name.exists()", "gender = 'female'") == ["hanako"]
    with pytest.raises(BadRow) as refused:
        kept("iif(id = 'jiro', 'x', true)")
    assert refused.value.problems[0].rule == "view.where"
    assert "Patient/jiro" in refused.value.problems[0].en


def test_constants_are_values_of_their_type():
    constant = [{"name": "use", "valueCode": "usual"}, {"name": "place", "valueInteger": 1}]
    assert table(
        columns("name.where(use = %use).family", "name[%place].use"), of=(HANAKO,), constant=constant
    ) == [("架橋", "usual")]


def test_a_collection_is_a_list_and_without_it_two_values_are_refused():
    assert table(columns("name.given", collection=True)) == [(["花子", "はな"],), ([],), ([],)]
    with pytest.raises(BadRow) as refused:
        table(columns("name.family"))
    problem = refused.value.problems[0]
    assert (problem.rule, problem.place) == ("view.many", "ViewDefinition.select[0].column[0].path")
    assert problem.en.startswith("Patient/hanako")


def test_a_value_that_has_only_extensions_is_no_value():
    tree = {
        "resourceType": "Patient",
        "id": "p",
        "_birthDate": {"extension": [{"url": "u", "valueCode": "unknown"}]},
        "name": [{"given": [None, "次郎"], "_given": [{"extension": [{"url": "u"}]}, None]}],
    }
    assert table(columns("birthDate", "birthDate.extension('u').value.ofType(code)"), of=(tree,)) == [
        (None, "unknown")
    ]
    assert table(columns("name.given", collection=True), of=(tree,)) == [(["次郎"],)]


def test_decimals_keep_their_digits_and_are_reckoned_with_exactly():
    def quantity(text: str) -> dict[str, object]:
        return {"resourceType": "Observation", "id": "o", "valueQuantity": {"value": Written(text)}}

    path = "value.ofType(Quantity).value"
    [(value, more, low, text)] = table(
        columns(path, f"{path} + 0.2", f"{path}.lowBoundary()", f"{path}.toString()"),
        of=(quantity("0.10"),),
        resource="Observation",
    )
    assert (str(value), str(more), str(low), text) == ("0.10", "0.30", "0.095", "0.10")


def test_the_types_of_columns_are_told_from_r4():
    view = compile_view(
        {
            "resource": "Observation",
            "select": [
                columns(
                    "status",
                    "issued",
                    "value.ofType(Quantity).value",
                    "code.exists()",
                    "%rowIndex",
                    "code.coding.first().userSelected",
                    "value",
                    "referenceRange.first().low.value + 1",
                )
            ],
        }
    )
    types = ["code", "instant", "decimal", "boolean", "integer", "boolean", "string", "decimal"]
    assert [one.type for one in view.columns] == types


def test_a_path_that_can_find_nothing_is_a_warning():
    view = compile_view({"resource": "Patient", "select": [columns("name.famly.first()")]})
    assert [(one.rule, one.severity, one.place) for one in view.warnings] == [
        ("view.element", "warning", "ViewDefinition.select[0].column[0].path")
    ]
    assert "HumanName.famly" in view.warnings[0].en
