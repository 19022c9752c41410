"""Every mistake in a ViewDefinition is named: by rule, by place, in two languages."""

import pytest
from view_words import Json, column, columns, definition, table

from kakehashi.core.errors import TooCostly
from kakehashi.fhir.views.columns import BadRow, BadView
from kakehashi.fhir.views.compiling import compile_view, view_of

OK = columns("id")
SELECT = "ViewDefinition.select[0]"


@pytest.mark.parametrize(
    ("view", "rule", "place"),
    [
        ({}, "view.select", "ViewDefinition.select"),
        ([], "view.form", "ViewDefinition"),
        ({"resourceType": "Patient"}, "view.form", "ViewDefinition"),
        ({"select": [OK]}, "view.resource", "ViewDefinition.resource"),
        (definition(OK, resource="Pateint"), "view.resource", "ViewDefinition.resource"),
        (definition(OK, fhirVersion=["5.0.0"]), "view.version", "ViewDefinition.fhirVersion"),
        (definition(OK, name="患者"), "view.name", "ViewDefinition.name"),
        (definition({"column": {}}), "view.form", f"{SELECT}.column"),
        (definition({"forEach": "name"}), "view.select", "ViewDefinition.select"),
        (definition(columns("name.where(")), "view.path", f"{SELECT}.column[0].path"),
        (definition(columns("name.nonsense()")), "view.path", f"{SELECT}.column[0].path"),
        (definition(columns("%nobody")), "view.constant", f"{SELECT}.column[0].path"),
        (definition({"column": [{"name": "a"}]}), "view.path", f"{SELECT}.column[0].path"),
        (definition({"forEach": 1, **OK}), "view.path", f"{SELECT}.forEach"),
        (definition({"column": [column("a b", "id")]}), "view.name", f"{SELECT}.column[0].name"),
        (
            definition(OK, {"column": [column("A", "id")]}),
            "view.column.twice",
            "ViewDefinition.select[1].column[0].name",
        ),
        (definition({"forEach": "name", "repeat": ["name"], **columns("family")}), "view.exclusive", SELECT),
        (
            definition({"unionAll": [OK, {"column": [column("b", "id")]}]}),
            "view.union",
            f"{SELECT}.unionAll[1]",
        ),
        (definition({"unionAll": [OK, columns("active")]}), "view.union", f"{SELECT}.unionAll[1]"),
        (definition(columns("name.first()")), "view.primitive", f"{SELECT}.column[0].path"),
        (definition(columns("gender", type="integer")), "view.type", f"{SELECT}.column[0].type"),
        (definition(OK, where=[{"path": "name.family"}]), "view.where", "ViewDefinition.where[0].path"),
        (definition(OK, constant=[{"name": "c"}]), "view.constant", "ViewDefinition.constant[0]"),
        (
            definition(OK, constant=[{"name": "c", "valueDate": "soon"}]),
            "view.constant",
            "ViewDefinition.constant[0]",
        ),
        (
            definition(OK, constant=[{"name": "resource", "valueCode": "x"}]),
            "view.constant",
            "ViewDefinition.constant[0].name",
        ),
        (definition(columns("id" + " " * 1000)), "view.size", f"{SELECT}.column[0].path"),
        (definition(columns("(" * 400 + "id" + ")" * 400)), "view.size", f"{SELECT}.column[0].path"),
    ],
)
def test_a_mistake_is_named_with_its_place(view: Json, rule: str, place: str):
    with pytest.raises(BadView) as refused:
        compile_view(view)
    assert (rule, place) in [(one.rule, one.place) for one in refused.value.problems]
    assert all(one.ja and one.en and one.ja != one.en for one in refused.value.problems)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(BadView) as refused:
        compile_view(definition(columns("name.where(", "%nobody", "name"), where=[{"path": "id"}]))
    assert len(refused.value.problems) == 4


def test_selects_nest_only_so_deep_and_columns_are_only_so_many():
    deep: Json = OK
    for _ in range(40):
        deep = {"select": [deep]}
    for view in (definition(deep), definition({"column": [column(f"c{i}", "id") for i in range(501)]})):
        with pytest.raises(BadView) as refused:
            compile_view(view)
        assert "view.size" in [one.rule for one in refused.value.problems]


def test_what_is_no_json_is_said():
    with pytest.raises(BadView):
        view_of(b"{")


def test_a_value_of_another_type_than_the_column_says_is_refused_with_its_resource():
    lab = {"resourceType": "Observation", "id": "o9", "valueString": "陽性"}
    with pytest.raises(BadRow) as refused:
        table(columns("value", type="integer"), of=(lab,), resource="Observation")
    assert refused.value.problems[0].rule == "view.type"
    assert "Observation/o9" in refused.value.problems[0].ja


def test_a_resource_that_is_no_r4_is_told_by_its_own_mistakes():
    bad = {"resourceType": "Patient", "id": "p", "name": ["見本"]}
    with pytest.raises(BadRow) as refused:
        table(columns("name.first().family"), of=(bad,))
    assert any(one.place.startswith("Patient.name") for one in refused.value.problems)


def test_a_regular_expression_that_is_none_is_a_mistake_and_no_fault():
    with pytest.raises(BadRow):
        table(columns("gender.matches('(')"), of=({"resourceType": "Patient", "id": "p", "gender": "male"},))


BIG = {
    "resourceType": "Patient",
    "id": "big",
    "name": [{"given": [f"g{i}" for i in range(200)]} for _ in range(20)],
}


@pytest.mark.parametrize(
    "select",
    [
        columns("descendants().select(%resource.descendants()).select(%resource.descendants()).count()"),
        columns("name.select(%resource.name.given).select(%resource.name.given).count()"),
        columns("id.repeat($this & 'x').count()"),
        columns("id" + ".select($this & $this)" * 40),
        columns("id" + ".replace('', 'aaaaaaaaaaaa')" * 20),
        columns("2" + ".select($this.combine($this))" * 30 + ".count()"),
        {"repeat": ["$this"], **columns("id")},
        *([{"select": [{"forEach": "name.given", "column": [column(f"c{i}", "$this")]} for i in range(3)]}]),
    ],
)
def test_a_view_that_would_eat_the_machine_is_stopped(select: Json):
    with pytest.raises((TooCostly, BadRow)):
        table(select, of=(BIG,))


def test_numbers_that_grow_beyond_measure_are_none():
    assert table(columns("2" + ".select($this * $this)" * 20), of=(BIG,)) == [(None,)]
