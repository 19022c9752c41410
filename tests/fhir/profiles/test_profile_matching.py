"""Laws of fixed values and patterns, and of the order in which versions stand."""

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.fhir.profiles.matching import fits, same

PRIMITIVES = st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["a", "b", "1", "true"]))
VALUES = st.recursive(
    PRIMITIVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.sampled_from("xyz"), inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_every_value_is_the_same_as_itself_and_fits_itself(value):
    assert same(value, value)
    assert fits(value, value)


@given(VALUES, VALUES)
def test_what_is_the_same_fits(wanted, value):
    assert not same(wanted, value) or fits(wanted, value)
    assert same(wanted, value) == same(value, wanted)


@given(st.dictionaries(st.sampled_from("xyz"), VALUES, min_size=1), VALUES)
def test_a_member_more_still_fits_and_is_no_longer_the_same(pattern, more):
    value = {**pattern, "w": more}
    assert fits(pattern, value)
    assert not same(pattern, value)
    assert not fits(value, pattern)


@given(st.lists(VALUES, min_size=1, max_size=4), st.lists(VALUES, max_size=3))
def test_a_list_fits_in_any_order_with_anything_between(pattern, more):
    assert fits(pattern, [*more, *reversed(pattern)])


@given(VALUES)
def test_true_is_not_one(value):
    assert not same(True, 1)
    assert not same(0, False)
    assert same(1, 1.0)
    assert not fits({"x": value}, value if not isinstance(value, dict) else [value])
