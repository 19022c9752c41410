"""Memory for terminology: bounded, the longest unused first, nothing kept of what is gone."""

from hypothesis import given
from hypothesis import strategies as st

from kakehashi.engines.terminology.cache import Cache
from kakehashi.fhir.text import normal
from kakehashi.terms import code_system
from kakehashi.terms.packing import Packed


def packed(code: str) -> Packed:
    return code_system.compiled({"resourceType": "CodeSystem", "concept": [{"code": code}]}, normal)


def test_the_longest_unused_goes_first() -> None:
    cache = Cache(most=100)
    cache.put("a", "A", 40)
    cache.put("b", "B", 40)
    assert cache.get("a", str) == "A"
    cache.put("c", "C", 40)
    assert (cache.get("a", str), cache.get("b", str), cache.get("c", str)) == ("A", None, "C")


def test_what_is_made_of_something_goes_with_it_and_is_not_kept_without_it() -> None:
    cache = Cache(most=100)
    cache.put("system", "S", 40)
    cache.put("set", "V", 10, ["system"])
    cache.put("other", "O", 10, ["nothing"])
    assert cache.get("other", str) is None
    cache.put("large", "L", 90)
    assert cache.get("system", str) is None and cache.get("set", str) is None
    assert cache.size == 90


def test_using_a_set_keeps_what_it_is_made_of() -> None:
    cache = Cache(most=100)
    cache.put("system", "S", 40)
    cache.put("set", "V", 10, ["system"])
    cache.put("b", "B", 40)
    assert cache.get("set", str) == "V"
    cache.put("c", "C", 40)
    assert cache.get("system", str) == "S" and cache.get("b", str) is None


def test_columns_are_known_by_their_resource_while_it_is_kept() -> None:
    one = packed("a")
    cache = Cache(most=one.size + 10)
    cache.put_packed("one", one)
    assert cache.owner(one.lists[0]) == "one"
    other = packed("b")
    cache.put_packed("other", other)
    assert cache.owner(one.lists[0]) is None and cache.owner(other.lists[0]) == "other"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60), st.lists(st.integers(0, 5), max_size=2))))
def test_it_never_holds_more_than_it_may(steps: list[tuple[int, int, list[int]]]) -> None:
    cache = Cache(most=100)
    for key, size, uses in steps:
        cache.put(key, str(key), size, [one for one in uses if one != key])
        assert 0 <= cache.size <= 100
    assert cache.size == sum(one.size for one in cache._held.values())
