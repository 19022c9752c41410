"""What can be asked, and how the rest is refused: by the parameter's name, with an example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.errors import BadSearchValue, Failure, NotSupported, TooCostly
from kakehashi.search import links, parse, results
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, Cursor, HasToken
from kakehashi.search.results import decode_cursor, encode_cursor
from kakehashi.search.split import plain, split


@pytest.mark.parametrize(
    ("kind", "name", "value", "refusal"),
    [
        ("Observation", "date", "２０２４", BadSearchValue),
        ("Observation", "date", "2024-02-30", BadSearchValue),
        ("Observation", "value-quantity", "５", BadSearchValue),
        ("Observation", "value-quantity", "5|mg", BadSearchValue),
        ("Observation", "value-quantity", "1e999999", BadSearchValue),
        ("Observation", "code", "a|b|c", BadSearchValue),
        ("Observation", "code", "|", BadSearchValue),
        ("Observation", "code:exact", "a", BadSearchValue),
        ("Observation", "code:below", "a", BadSearchValue),
        ("Observation", "code:in", "vs", BadSearchValue),
        ("Observation", "code:above", "http://s|", BadSearchValue),
        ("Observation", "code:missing", "yes", BadSearchValue),
        ("Observation", "subject", "Patient/あ", BadSearchValue),
        ("Observation", "subject:Patient", "Group/1", BadSearchValue),
        ("Observation", "subject:Patient.nickname", "x", BadSearchValue),
        ("Observation", "code.text", "x", BadSearchValue),
        ("Observation", "code-value-quantity", "718-7", BadSearchValue),
        ("Observation", "component-code-value-quantity", "http://loinc.org|$5", BadSearchValue),
        ("Patient", "_has:Observation:code:status", "final", BadSearchValue),
        ("Patient", "_has:Observation:patient", "x", BadSearchValue),
        ("Patient", "_query", "x", NotSupported),
        ("Patient", "_text", "(胃", BadSearchValue),
        ("Patient", "_text", "or", BadSearchValue),
        ("Patient", "_content:exact", "x", BadSearchValue),
        ("Patient", "_content", " ".join("abcdefghijklmnopqrstu"), TooCostly),
        ("Patient", "_content", "(" * 9 + "x" + ")" * 9, TooCostly),
        ("Patient", "_filter", "x", BadSearchValue),
        ("Patient", "_list", "a b", BadSearchValue),
        ("Patient", "_list", "$current-problems", NotSupported),
        ("Patient", "_contained", "true", NotSupported),
        ("Patient", "age", "30", NotSupported),
        ("Patient", "_id", "a b", BadSearchValue),
        ("Patient", "_profile:below", "http://p", NotSupported),
        ("Location", "near", "north", BadSearchValue),
        ("Observation", "_sort", "code", NotSupported),
        ("Observation", "_sort", "nothing", BadSearchValue),
        ("Observation", "_count", "-1", BadSearchValue),
        ("Observation", "_count", "１０", BadSearchValue),
        ("Observation", "_summary", "yes", BadSearchValue),
        ("Observation", "_include", "Observation:code", BadSearchValue),
        ("Observation", "_include", "Nothing:subject", BadSearchValue),
        ("Observation", "_include:deep", "Observation:subject", BadSearchValue),
        ("Observation", "_contained", "both", NotSupported),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    kind: str, name: str, value: str, refusal: type[Failure]
) -> None:
    with pytest.raises(refusal) as refused:
        parse_query(kind, [(name, value)], strict=True)
    problem = refused.value.problems[0]
    assert problem.place
    assert problem.ja
    assert problem.en


def test_an_unknown_name_is_passed_over_and_said() -> None:
    query = parse_query("Patient", [("nickname", "x"), ("gender", "male"), ("_format", "json")])
    assert query.ignored == ("nickname",)
    assert query.used == (("gender", "male"),)
    assert isinstance(query.where, And)
    assert isinstance(query.where.parts[0], HasToken)


def test_an_unknown_name_is_refused_when_asked_to_be_strict_and_the_known_ones_are_named() -> None:
    with pytest.raises(BadSearchValue, match="birthdate"):
        parse_query("Patient", [("nickname", "x")], strict=True)


@pytest.mark.parametrize(
    "pairs",
    [
        [("code", ",".join("a" * 3 for _ in range(links.VALUES + 1)))],
        [("code", "x")] * (parse.PARAMETERS + 1),
        [("code", "x" * (parse.LENGTH + 1))],
        [("patient" + ".general-practitioner:Patient" * links.DEPTH + ".name", "x")],
        [("_has:Observation:subject:" * (links.DEPTH + 1) + "code", "x")],
        [("subject:Patient.name", "x")] * (links.SUBSEARCHES + 1),
        [("_sort", ",".join(["date"] * (results.SORTS + 1)))],
        [("_include", "Observation:subject")] * (results.INCLUDES + 1),
    ],
)
def test_what_would_cost_too_much_is_refused_before_it_costs(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(TooCostly):
        parse_query("Observation", pairs)


def test_what_is_asked_of_the_answer() -> None:
    pairs = [
        ("_sort", "-date,status"), ("_count", "5000"), ("_include:iterate", "Observation:subject:Patient"),
        ("_revinclude", "Provenance:target"), ("_elements", "code,status"), ("_total", "accurate"),
        ("_summary", "data"),
    ]  # fmt: skip
    query = parse_query("Observation", pairs)
    assert [(key.parameter.code, key.descending) for key in query.sort] == [("date", True), ("status", False)]
    assert query.count == results.COUNT_MOST
    (include,), (back,) = query.include, query.revinclude
    assert (include.type, include.target, include.iterate) == ("Observation", "Patient", True)
    assert (back.type, back.iterate) == ("Provenance", False)
    assert (query.elements, query.total, query.summary) == (("code", "status"), "accurate", "data")


@given(st.lists(st.text("ab\\,$|", max_size=5), min_size=1, max_size=4))
def test_escaped_signs_are_text_and_the_others_divide(values: list[str]) -> None:
    escaped = [
        "".join(f"\\{letter}" if letter in "\\,$|" else letter for letter in value) for value in values
    ]
    assert [plain(part) for part in split(",".join(escaped), ",")] == values


@given(
    st.lists(st.one_of(st.floats(allow_nan=False), st.text(st.characters(codec="utf-8"))), max_size=3),
    st.integers(-(2**63), 2**63 - 1),
)
def test_a_cursor_comes_back_as_it_went(values: list[float | str], rid: int) -> None:
    cursor = Cursor(tuple(values), rid)
    if "\x00" not in values:
        assert decode_cursor(encode_cursor(cursor)) == cursor


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_whatever_breaks_the_reader(name: str, value: str) -> None:
    """Any pair is understood, passed over or refused by a Failure; nothing else comes out."""
    for whole in (name, f"code:{name}", f"subject.{name}", f"_has:Observation:patient:{name}"):
        try:
            parse_query("Observation", [(whole, value)])
        except Failure as refused:
            assert refused.problems[0].en
