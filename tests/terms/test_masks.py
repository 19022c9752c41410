"""Sets as bytes do what sets do."""

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.terms import masks

LENGTH = 40
some = st.sets(st.integers(0, LENGTH - 1))


@given(some, some, st.integers(0, LENGTH + 2))
def test_masks_are_sets(one: set[int], other: set[int], skip: int) -> None:
    a, b = (masks.of_places(each, LENGTH) for each in (one, other))
    for mask, expected in (
        (masks.both(a, b), one & other),
        (masks.either(a, b), one | other),
        (masks.less(a, b), one - other),
    ):
        assert list(masks.places(mask)) == sorted(expected) and mask.count(1) == len(expected)
    assert list(masks.places(a, skip)) == sorted(one)[skip:]
    assert masks.less(masks.every(LENGTH), a).count(1) == LENGTH - len(one)
