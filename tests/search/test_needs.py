"""What subscriptions are found by: a resource that meets a search has one of the tokens that the search needs."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_engines import NOON
from search_worlds import Asking, world

from kakehashi.engines.subscriptions.needs import MOST, needs_of, tokens_of
from kakehashi.engines.subscriptions.rules import Rule, alone
from kakehashi.search import memory
from kakehashi.search.parse import parse_query
from kakehashi.search.plan import And, Condition

_ALL = frozenset({"create", "update", "delete"})


def where(text: str, resource_type: str = "Observation") -> Condition:
    pairs = [(name, value) for name, _, value in (one.partition("=") for one in text.split("&") if one)]
    return parse_query(resource_type, pairs, at=NOON, strict=True).where


def rule(text: str = "", **said: object) -> Rule:
    return Rule(**{"type": "Observation", "interactions": _ALL, "where": where(text), **said})  # type: ignore[arg-type]


@given(st.integers(0, 2**63))
@settings(max_examples=60, deadline=None)
def test_whatever_meets_a_search_has_what_the_search_needs(seed: int) -> None:
    rng = Random(seed)
    rows = world(rng)
    asking = Asking(rng, rows)
    for resource_type, pairs in (asking.search() for _ in range(16)):
        asked = parse_query(resource_type, pairs, at=NOON, strict=True).where
        if not alone(asked):
            continue
        needs = needs_of(Rule(resource_type, _ALL, asked))
        for one in rows:
            if one.resource.type == resource_type and memory.asking(one)(asked):
                assert needs & tokens_of(one.resource), pairs


@given(
    st.integers(0, 2**63),
    st.booleans(),
    st.sampled_from([None, True, False]),
    st.sets(st.sampled_from(sorted(_ALL))),
)
@settings(max_examples=60, deadline=None)
def test_whatever_change_meets_a_rule_has_what_the_rule_needs(
    seed: int, both: bool, for_delete: bool | None, interactions: set[str]
) -> None:
    rng = Random(seed)
    rows = [one for one in world(rng) if one.resource.type == "Observation"]
    conditions = [
        asked
        for asked in (
            parse_query("Observation", pairs, at=NOON, strict=True).where
            for kind, pairs in (Asking(rng, rows).search() for _ in range(12 if rows else 0))
            if kind == "Observation"
        )
        if alone(asked)
    ]
    for current in conditions:
        for previous in (None, *conditions[:2]):
            tried = Rule(
                "Observation", frozenset(interactions), And(), current, previous, None, for_delete, both
            )
            needs = needs_of(tried)
            for before in (None, *rows[:3]):
                for after in (None, *rows[:3]):
                    states = [memory.asking(one) if one else None for one in (before, after)]
                    judged = after or before
                    if judged and tried.met(*states):
                        assert needs & tokens_of(judged.resource)


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("status=final", "status=final&code=http://loinc.org|718-7"),
        ("category=laboratory", "category=laboratory&code=718-7"),
        ("code=718-7", "code=718-7&patient=Patient/a"),
        ("", "code=718-7"),
        ("code=718-7", "code=718-7&identifier=urn:a|1"),
    ],
)
def test_the_rarest_part_of_a_search_is_what_it_is_found_by(broad: str, narrow: str) -> None:
    assert needs_of(rule(broad)) != needs_of(rule(narrow))


@pytest.mark.parametrize("text", ["", "status:not=final", "value-quantity=gt5", "code:missing=true"])
def test_where_no_token_can_be_named_every_change_of_the_type_is_looked_at(text: str) -> None:
    other = Rule("Condition", _ALL, And())
    assert needs_of(rule(text)) == needs_of(rule()) != needs_of(other)


def test_a_search_for_very_many_codes_is_looked_at_for_every_change_and_not_stored_by_code() -> None:
    assert needs_of(rule("code=" + ",".join(map(str, range(MOST + 1))))) == needs_of(rule())
    assert len(needs_of(rule("code=" + ",".join(map(str, range(MOST)))))) == MOST
