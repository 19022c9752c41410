"""When a change is an event: the rules of a topic's trigger, held against what they say, law by law."""

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.engines.subscriptions.rules import Rule
from kakehashi.search.plan import And, HasId

_CURRENT, _PREVIOUS, _WHERE = HasId(("current",)), HasId(("previous",)), HasId(("where",))
_ALL = frozenset({"create", "update", "delete"})
truths = st.booleans()
maybe = st.none() | st.booleans()


def state(**answers: bool):
    """A state of a resource that answers the three conditions as said."""
    known = {_CURRENT: answers.get("current", False), _PREVIOUS: answers.get("previous", False)}
    return lambda asked: True if asked == And() else known.get(asked, answers.get("where", True))


def rule(**said) -> Rule:
    return Rule(**{"type": "Observation", "interactions": _ALL, "where": _WHERE, **said})


@given(truths, truths)
def test_without_criteria_every_change_that_passes_the_filter_is_an_event(passes: bool, other: bool) -> None:
    there = state(where=passes, current=other)
    assert rule().met(None, there) is passes
    assert rule().met(state(where=other), there) is passes
    assert rule().met(there, None) is passes  # of a deletion: what it was


@given(st.sets(st.sampled_from(sorted(_ALL))))
def test_only_the_interactions_that_the_topic_names_are_events(named: set[str]) -> None:
    asked = rule(interactions=frozenset(named))
    there = state()
    assert asked.met(None, there) is ("create" in named)
    assert asked.met(there, there) is ("update" in named)
    assert asked.met(there, None) is ("delete" in named)


@given(truths, truths, truths)
def test_of_an_update_both_tests_count_as_the_topic_says(before: bool, after: bool, both: bool) -> None:
    asked = rule(current=_CURRENT, previous=_PREVIOUS, both=both)
    met = asked.met(state(previous=before), state(current=after))
    assert met is ((before and after) if both else (before or after))


@given(truths, maybe, truths)
def test_what_cannot_be_tested_counts_as_the_topic_says_and_else_not_at_all(
    holds: bool, counts: bool | None, both: bool
) -> None:
    created = rule(current=_CURRENT, previous=_PREVIOUS, for_create=counts, both=both)
    tests = [holds] if counts is None else [holds, counts]
    assert created.met(None, state(current=holds)) is (all(tests) if both else any(tests))
    deleted = rule(current=_CURRENT, previous=_PREVIOUS, for_delete=counts, both=both)
    assert deleted.met(state(previous=holds), None) is (all(tests) if both else any(tests))


@given(maybe)
def test_a_test_of_the_present_alone_meets_a_deletion_only_where_the_topic_says_so(
    counts: bool | None,
) -> None:
    assert rule(current=_CURRENT, for_delete=counts).met(state(), None) is (counts is True)
