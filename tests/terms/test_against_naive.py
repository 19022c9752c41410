"""What terms/ works out with columns and masks is what sets of codes say."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from naive_terms import NAMES, SYSTEMS, Naive, World, system_of

from kakehashi.fhir.text import normal
from kakehashi.terms import code_system
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.compose import Part, composed
from kakehashi.terms.expansion import Expander, Wanted, by_words
from kakehashi.terms.packing import Json, Packed
from kakehashi.terms.subsumption import subsumes

seeds = st.integers(0, 2**63)


def expanded(world: World, url: str, wanted: Wanted) -> Json:
    def found(part: Part) -> bytes:
        return by_words(part, normal(wanted.text))

    return Expander(composed(world.sets[url], world), wanted, normal, found).expansion()


def pairs(expansion: Json) -> list[tuple[str, str]]:
    return [(one["system"], one["code"]) for one in expansion.get("contains", [])]


@given(seeds)
@settings(max_examples=200, deadline=None)
def test_a_value_set_means_what_its_rules_say_and_each_code_once(seed: int) -> None:
    world = World(Random(seed))
    for url, meant in world.meant.items():
        expansion = expanded(world, url, Wanted())
        found = pairs(expansion)
        assert set(found) == meant and len(found) == len(meant) == expansion["total"]
        whole = composed(world.sets[url], world)
        for system, naive in world.naive.items():
            assert {(system, code) for code in naive.codes if whole.find(system, code)} == {
                one for one in meant if one[0] == system
            }


@given(
    seeds,
    st.sampled_from([*NAMES, "a1", "b", "とう", "2型", "fail", "ailure", "不全", "ふぜん 1", "type dia"]),
)
@settings(max_examples=200, deadline=None)
def test_a_filter_finds_the_codes_in_whose_names_every_word_stands(seed: int, words: str) -> None:
    world = World(Random(seed))
    for url, meant in world.meant.items():
        found = pairs(expanded(world, url, Wanted(text=words)))
        assert set(found) == {
            (system, code) for system, code in meant if world.naive[system].named(code, words)
        }


@given(seeds, st.integers(1, 5))
@settings(max_examples=100, deadline=None)
def test_pages_are_the_whole_in_parts(seed: int, count: int) -> None:
    world = World(Random(seed))
    for url in world.sets:
        whole = pairs(expanded(world, url, Wanted()))
        pages = [
            one
            for offset in range(0, len(whole) + count, count)
            for one in pairs(expanded(world, url, Wanted(offset=offset, count=count)))
        ]
        assert pages == whole


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_a_nested_expansion_has_the_same_codes_each_below_what_it_lies_below(seed: int) -> None:
    world = World(Random(seed))

    def walk(entries: list[Json], above: tuple[Json, ...]) -> list[tuple[str, str]]:
        found = []
        for one in entries:
            naive = world.naive[one["system"]]
            assert all(
                home["code"] in naive.above(one["code"]) for home in above if home["system"] == one["system"]
            )
            found += [(one["system"], one["code"]), *walk(one.get("contains", []), (*above, one))]
        return found

    for url, meant in world.meant.items():
        nested = walk(expanded(world, url, Wanted(nested=True)).get("contains", []), ())
        assert set(nested) == meant and len(nested) == len(meant)


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_only_active_codes_where_that_is_wanted(seed: int) -> None:
    world = World(Random(seed))
    for url, meant in world.meant.items():
        found = pairs(expanded(world, url, Wanted(active=True)))
        assert set(found) == {one for one in meant if not world.naive[one[0]].inactive(one[1])}


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_subsumption_is_reachability(seed: int) -> None:
    tree = system_of(Random(seed), SYSTEMS[0])
    naive, system = Naive(tree), CodeSystem.of(code_system.compiled(tree, normal))
    for one in naive.codes:
        for other in naive.codes:
            expected = (
                "equivalent"
                if one == other
                else "subsumes"
                if one in naive.above(other)
                else "subsumed-by"
                if other in naive.above(one)
                else "not-subsumed"
            )
            assert subsumes(system, one, other) == expected


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_a_frame_holds_what_was_put_into_it(seed: int) -> None:
    tree = system_of(Random(seed), SYSTEMS[0])
    packed = code_system.compiled(tree, normal)
    again = Packed.of_frame(packed.framed())
    assert again.head == packed.head and again.lists == packed.lists
    concepts = CodeSystem.of(again).concepts
    for code in Naive(tree).codes:
        place = concepts.find(code)
        assert place is not None and concepts.code(place) == code
    assert concepts.find("none") is None and concepts.find("") is None
