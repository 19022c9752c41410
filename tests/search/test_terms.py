"""Codes that terminology gave to a search: one of many, on both engines, and wherever they stand in a search."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_engines import EVERYTHING, NOON, Undo, ask, in_memory, put
from search_worlds import CODES, SYSTEMS, window, world

from kakehashi.fhir.indexing.parameters import parameters
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, AnyCode, Condition, HasToken, Not, Or, Query, Terms
from kakehashi.search.terms import terms_in, with_codes
from kakehashi.store.database import Database

ASKED = [("Observation", "code"), ("Observation", "status"), ("Patient", "identifier"), ("Condition", "code")]


def each(asked: AnyCode) -> Condition:
    """The same question, code by code."""
    return Or(tuple(HasToken(asked.parameter, asked.system, code) for code in sorted(asked.codes)))


@given(st.integers(0, 2**63))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
async def test_one_of_many_codes_is_each_of_them_asked_for_alone(store: Database, seed: int) -> None:
    rng = Random(seed)
    rows, seen = world(rng), window(rng)
    try:
        async with store.transaction() as tx:
            await put(tx, rows)
            for kind, name in ASKED:
                parameter = parameters(kind)[name]
                codes = frozenset(rng.sample([*CODES, "final", "none"], rng.randint(1, 3)))
                asked = AnyCode(parameter, rng.choice(["", *SYSTEMS]), codes)
                for where in (asked, Not(asked), And((asked, Not(each(asked))))):
                    query = Query(kind, where)
                    expected = in_memory(rows, query, seen)
                    assert await ask(tx, query, seen) == expected, (kind, where)
                assert in_memory(rows, Query(kind, asked), seen) == in_memory(
                    rows, Query(kind, each(asked)), seen
                )
            raise Undo
    except Undo:
        pass


def parsed(kind: str, *pairs: tuple[str, str]) -> Query:
    return parse_query(kind, pairs, at=NOON, strict=True)


def asked_of(query: Query) -> list[tuple[str, str, str]]:
    return [(one.how, one.system, one.value) for one in terms_in(query.where)]


def test_what_terminology_is_asked_wherever_it_stands() -> None:
    query = parsed(
        "Patient",
        ("_has:Observation:patient:code:in", "http://vs"),
        ("gender:not-in", "ValueSet/1,http://other"),
        ("general-practitioner:Organization.type:below", "http://s|a"),
    )
    assert sorted(asked_of(query)) == [
        ("below", "http://s", "a"), ("in", "", "ValueSet/1"), ("in", "", "http://other"), ("in", "", "http://vs"),
    ]  # fmt: skip


def codes(*some: str) -> frozenset[str]:
    return frozenset(some)


def resolved(query: Query, *found: Iterable[tuple[str, frozenset[str]]]) -> Query:
    listed = list(terms_in(query.where))
    return replace(query, where=with_codes(query.where, dict(zip(listed, map(dict, found), strict=True))))


def test_a_plain_code_is_of_the_systems_of_its_value_set() -> None:
    rows = [_gender("f", "female"), _gender("m", "male"), _gender("u", None)]
    system = "http://hl7.org/fhir/administrative-gender"
    query = resolved(parsed("Patient", ("gender:in", "http://vs")), [(system, codes("male", "other"))])
    assert in_memory(rows, query, EVERYTHING).ids == ["m"]
    query = resolved(parsed("Patient", ("gender:not-in", "http://vs")), [(system, codes("male"))])
    assert sorted(in_memory(rows, query, EVERYTHING).ids) == [
        "f",
        "u",
    ]  # as `:not`, with those that have none
    elsewhere = resolved(parsed("Patient", ("gender:in", "http://vs")), [("urn:other", codes("male"))])
    assert in_memory(rows, elsewhere, EVERYTHING).ids == []


def test_an_empty_set_has_nothing_and_everything_is_outside_it() -> None:
    rows = [_gender("f", "female")]
    assert in_memory(rows, resolved(parsed("Patient", ("gender:in", "urn:v")), []), EVERYTHING).ids == []
    assert in_memory(rows, resolved(parsed("Patient", ("gender:not-in", "urn:v")), []), EVERYTHING).ids == [
        "f"
    ]


def test_no_engine_answers_for_terminology() -> None:
    query = parsed("Patient", ("gender:in", "urn:v"))
    assert isinstance(next(terms_in(query.where)), Terms)
    try:
        in_memory([_gender("f", "female")], query, EVERYTHING)
    except TypeError:
        return
    raise AssertionError("an unanswered question was answered")


def _gender(name: str, gender: str | None):  # type: ignore[no-untyped-def]
    from search_engines import held

    return held({"resourceType": "Patient", "id": name, **({"gender": gender} if gender else {})})
