"""`_filter`: its grammar, what its operators mean, what it refuses and how it says so; the two engines agree."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_engines import NOON, Undo, ask, in_memory, put
from search_filters import Filtering, tree
from search_spec import Spec
from search_worlds import Asking, window, world
from test_engines_agree import EXAMPLES

from kakehashi.core.errors import BadSearchValue, NotSupported, TooCostly
from kakehashi.search.filters import Both, Compared, Step, read, written
from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database

SEARCHES = 12  # of each world


@given(st.integers(0, 2**63))
@settings(max_examples=300, deadline=None)
def test_what_a_tree_is_written_as_is_read_as_the_same_tree(seed: int) -> None:
    made = tree(Random(seed))
    assert read(written(made)) == made


def test_and_and_or_are_taken_from_left_to_right() -> None:
    a, b, c = (Compared((Step(name),), "eq", "1") for name in "abc")
    assert read("a eq 1 or b eq 1 and c eq 1") == Both(Both(a, "or", b), "and", c)
    assert read("a eq 1 or (b eq 1 and c eq 1)") == Both(a, "or", Both(b, "and", c))


@given(st.text(alphabet='ab_:.[]()" \\|and or not eqco山', max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        read(text)
    except (BadSearchValue, TooCostly) as refused:
        assert refused.problems[0].place == "_filter"


@pytest.mark.parametrize(("text", "position"), [
    (" ", 2), ("name", 5), ("name co", 8), ('name co "山', 9), ("(name co 山", 11),
    ("name co 山 birthdate eq 2024", 11), ("not name co 山", 5), ("name co 山 and", 14),
    ("name[gender eq male] co 山", 21),
    ("name like 山", 6), ("name co 山)", 10),
])  # fmt: skip
def test_a_filter_that_cannot_be_read_is_told_where_and_how(text: str, position: int) -> None:
    with pytest.raises(BadSearchValue) as refused:
        parse_query("Patient", [("_filter", text)])
    [problem] = refused.value.problems
    assert f" {position} 文字目" in problem.ja
    assert "birthdate ge 2014-10-10" in problem.en


@pytest.mark.parametrize(("text", "kind", "said"), [
    ("gender eq male and shoe eq 9", BadSearchValue, "character 20"),
    ("birthdate eq yesterday", BadSearchValue, "character 1"),
    ("gender gt male", NotSupported, "eq, ne, in"),
    ("name.family co 山", BadSearchValue, "name"),
    ("organization[shoe eq 1].name co 山", BadSearchValue, "shoe"),
    ("birthdate pr maybe", BadSearchValue, "true"),
    ("_filter co 山", BadSearchValue, "_content co"),
    ("_has:Patient:shoe:name co 山", BadSearchValue, "shoe"),
])  # fmt: skip
def test_what_a_filter_asks_wrongly_is_told_with_its_place(
    text: str, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        parse_query("Patient", [("_filter", text)])


@pytest.mark.parametrize("text", [
    " and ".join(["gender eq male"] * 51), "(" * 17 + "gender eq male" + ")" * 17,
    "not (" * 17 + "gender eq male" + ")" * 17,
    "gender eq " + "m" * 4000, " or ".join(["organization.name co 山"] * 25), "partof." * 13 + "name co 山",
    "general-practitioner[" * 17 + "name co 山" + "].name co 山" * 17,
])  # fmt: skip
def test_a_filter_has_bounds(text: str) -> None:
    kind = "Organization" if text.startswith("partof") else "Patient"
    with pytest.raises(TooCostly):
        parse_query(kind, [("_filter", text)])


@given(st.integers(0, 2**63))
@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck))
async def test_both_engines_answer_filters_alike(store: Database, seed: int) -> None:
    rng = Random(seed)
    rows, seen = world(rng), window(rng)
    filtering = Filtering(rng, Asking(rng, rows))
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for _ in range(SEARCHES):
                kind = rng.choice(["Patient", "Observation", "Encounter", "Organization"])
                text = written(filtering.filter(kind))
                query = parse_query(kind, [("_filter", text), ("_count", "3")], at=NOON, strict=True)
                assert await ask(tx, query, seen) == in_memory(rows, query, seen), (kind, text)
            raise Undo
    except Undo:
        pass


PATIENTS = """
    id | name                                   | birthDate  | gender | managingOrganization
    a  | [{"family": "山田", "given": ["太郎"]}]   | 1950-01-01 | male   | {"reference": "Organization/o1"}
    b  | [{"family": "山本", "given": ["花子"]}]   | 1980-06    | female | {"reference": "Organization/o2"}
    c  | [{"family": "大山"}]                     |            | male   |
    d  |                                        | 2001-12-31 |        | {"reference": "Organization/o1"}
"""
OBSERVATIONS = """
    id | code                                                              | subject                    | effectivePeriod
    x  | {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}     | {"reference": "Patient/a"} | {"start": "2024-01-01", "end": "2024-01-31"}
    y  | {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}    | {"reference": "Patient/b"} | {"start": "2024-02-01"}
    z  | {"text": "胃癌の所見"}                                                | {"reference": "Patient/a"} |
"""  # noqa: E501
ORGANIZATIONS = """
    id | name
    o1 | 桜病院
    o2 | みどり薬局
"""


@pytest.mark.parametrize(("asked", "found"), [
    ("name eq 山田", "a"), ("name sw 山", "ab"), ("name co 山", "abc"), ("name ew 山", "c"), ("name ne 山田", "bc"),
    ("name eq 山", ""), ("name pr true", "abc"), ("name pr false", "d"), ("name sw やま", ""),
    ('name eq "花子"', "b"),
    ("gender eq male", "ac"), ("gender ne male", "b"), ("not (gender eq male)", "bd"), ("_id eq b", "b"),
    ("birthdate lt 1980", "a"), ("birthdate ge 1980-06", "bd"), ("birthdate eq 1980", "b"), ("birthdate ne 1980", "ad"),
    ("birthdate sa 1980-06", "d"), ("birthdate eb 1980-06", "a"), ("birthdate po 1980-06-15", "b"),
    ("birthdate gt 1970 and gender eq female", "b"), ("gender eq female or birthdate gt 2000", "bd"),
    ("(gender eq male or gender eq female) and not (name co 田)", "bc"),
    ("organization.name co 病院", "ad"), ("organization:Organization.name eq 桜病院", "ad"),
    ("organization[name sw 桜].name ew 院", "ad"), ("organization[name sw 桜].name ew 局", ""),
    ("organization re Organization/o2", "b"), ("organization eq o1", "ad"), ("organization ne Organization/o1", "b"),
    ("_has:Observation:patient:code eq http://loinc.org|718-7", "a"),
    ("_has:Observation:patient:date po 2024-01-15", "a"),
    ("_has:Observation:patient:_content co 胃癌", "a"), ("_content co 桜", ""), ("_lastUpdated gt 2020", "abcd"),
])  # fmt: skip
async def test_operators_mean_what_r4_says(search: Spec, asked: str, found: str) -> None:
    search.given("Patient", PATIENTS)
    search.given("Observation", OBSERVATIONS)
    search.given("Organization", ORGANIZATIONS)
    assert await search(f"Patient?_filter={asked}") == set(found)


async def test_a_filter_stands_beside_other_parameters_and_in_a_chain(search: Spec) -> None:
    search.given("Patient", PATIENTS)
    search.given("Observation", OBSERVATIONS)
    assert await search("Observation?_filter=code eq 718-7 or code eq 4548-4&subject=Patient/a") == {"x"}
    assert await search("Observation?subject:Patient._filter=gender eq female") == {"y"}
    assert await search("Patient?_has:Observation:patient:_filter=code eq 718-7 or _content co 胃癌") == {"a"}
