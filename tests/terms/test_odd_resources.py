"""Resources that nobody validated (they are sent along with a question) are compiled or refused, and nothing else."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from naive_terms import SYSTEMS, World, system_of

from kakehashi.core.errors import Failure
from kakehashi.fhir.text import normal
from kakehashi.terms import code_system, concept_map, value_set
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.compose import composed
from kakehashi.terms.concept_map import Asked, ConceptMap, translated
from kakehashi.terms.expansion import Expander, Wanted, by_words
from kakehashi.terms.facts import facts
from kakehashi.terms.packing import Packed
from kakehashi.terms.value_set import ValueSet

Json = dict[str, Any]
ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    2.5,
    True,
    "",
    "x",
    "糖尿病",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"code": 1},
    ["a", {"b": []}],
)


def spoilt(rng: Random, value: Any, share: float = 0.12) -> Any:
    """The same JSON with some of its values replaced by odd ones."""
    if rng.random() < share:
        return rng.choice(ODD)
    if isinstance(value, dict):
        return {name: spoilt(rng, one, share) for name, one in value.items()}
    return [spoilt(rng, one, share) for one in value] if isinstance(value, list) else value


def kept(packed: Packed) -> Packed:
    return Packed.of_frame(packed.framed())


@given(st.integers(0, 2**63))
@settings(max_examples=300, deadline=None)
def test_an_odd_code_system_is_compiled_and_can_be_asked(seed: int) -> None:
    rng = Random(seed)
    sound = {**system_of(rng, SYSTEMS[0]), "caseSensitive": False, "language": "ja"}
    tree = {**{name: spoilt(rng, value) for name, value in sound.items()}, "url": "urn:a"}
    system = CodeSystem.of(kept(code_system.compiled(tree, normal)))
    for place in range(len(system.concepts)):
        assert system.concepts.find(system.concepts.code(place)) is not None
        assert facts(system, place, "en")


@given(st.integers(0, 2**63))
@settings(max_examples=300, deadline=None)
def test_an_odd_value_set_is_expanded_or_refused(seed: int) -> None:
    rng = Random(seed)
    world = World(rng)
    concept = {"code": "a1", "display": "x", "designation": [{"language": "en", "value": "y"}]}
    rule = {
        "system": "urn:a", "version": "1", "concept": [concept, {"code": "b9"}], "valueSet": ["urn:vs:0"],
        "filter": [{"property": "concept", "op": "is-a", "value": "a1"}],
    }  # fmt: skip
    parts = [{name: rule[name] for name in rng.sample(sorted(rule), rng.randint(1, 4))} for _ in range(3)]
    tree: Json = {"compose": {"include": parts, "exclude": parts[:1], "inactive": False}}
    tree["expansion"] = {"contains": [{"system": "urn:a", "code": "a1", "contains": [concept]}]}
    if rng.random() < 0.3:
        del tree["compose"]
    odd = spoilt(rng, tree)
    odd = odd if isinstance(odd, dict) else {}
    try:
        value = ValueSet.of(kept(value_set.compiled(odd, normal)))
        Expander(
            composed(value, world), Wanted(text="x", designations=True, language="en", nested=True), normal,
            lambda part: by_words(part, "x"),
        ).expansion()  # fmt: skip
    except Failure:
        return


@given(st.integers(0, 2**63))
@settings(max_examples=200, deadline=None)
def test_an_odd_map_translates_something_or_nothing(seed: int) -> None:
    rng = Random(seed)
    target = {
        "code": "1", "display": "one", "equivalence": "wider", "dependsOn": [{"property": "p", "value": "v"}],
        "product": [{"property": "q", "system": "s", "value": "w"}],
    }  # fmt: skip
    element = [{"code": "a", "target": [target]}, {"code": "a", "target": [{"code": "2"}]}]
    unmapped = {"mode": rng.choice(["fixed", "provided", "other-map"]), "code": "z", "url": "urn:m"}
    tree = spoilt(
        rng, {"group": [{"source": "urn:a", "target": "urn:b", "element": element, "unmapped": unmapped}]}
    )
    found = ConceptMap.of(kept(concept_map.compiled(tree if isinstance(tree, dict) else {}, normal)))
    for code in ("a", "1", "z", ""):
        for reverse in (False, True):
            system = "urn:b" if reverse else "urn:a"
            matches = translated(
                found, Asked(system, code, reverse=reverse, dependencies={"p": "v"}), {"urn:m": found}
            )
            assert all(isinstance(one.code, str) and isinstance(one.equivalence, str) for one in matches)
