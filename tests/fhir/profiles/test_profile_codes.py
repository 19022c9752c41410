"""Bindings: as far as the codes are in the packages, they are asked for; as far as they are not, that is said."""

import pytest
from profile_making import HERE, element, found, profile, profiles, resource

S, T = "http://example.org/s", "http://example.org/t"

SYSTEM = {
    "resourceType": "CodeSystem",
    "url": S,
    "status": "active",
    "content": "complete",
    "concept": [
        {"code": "top", "concept": [{"code": "mid", "concept": [{"code": "low"}]}]},
        {"code": "other"},
        {"code": "late", "property": [{"code": "parent", "valueCode": "top"}]},
    ],
}
FRAGMENT = {**SYSTEM, "url": T, "content": "fragment"}


def value_set(*include, exclude=(), name="vs", **more):
    return {
        "resourceType": "ValueSet",
        "url": HERE + name,
        "status": "active",
        "compose": {"include": list(include), "exclude": list(exclude)},
        **more,
    }


def bound(strength="required", path="Observation.code"):
    binding = {"strength": strength, "valueSet": HERE + "vs"}
    return profile("p", "Observation", element(path, binding=binding))


def observation(*codings, **more):
    return {"resourceType": "Observation", "status": "final", "code": {"coding": list(codings)}, **more}


def coding(code, system=S):
    return {"system": system, "code": code}


def below(op, top):
    return {"system": S, "filter": [{"property": "concept", "op": op, "value": top}]}


CASES = {
    "listed codes": ([{"system": S, "concept": [{"code": "a"}]}], (), "a", "b"),
    "a whole system": ([{"system": S}], (), "low", "nothing"),
    "what is below a code": ([below("descendent-of", "top")], (), "low", "top"),
    "a code and what is below": ([below("is-a", "mid")], (), "mid", "top"),
    "a parent that is said as a property": ([below("is-a", "top")], (), "late", "other"),
    "all but some": ([{"system": S}], [{"system": S, "concept": [{"code": "low"}]}], "mid", "low"),
    "what two filters share": (
        [{"system": S, "filter": [*below("is-a", "top")["filter"], *below("is-a", "mid")["filter"]]}],
        (),
        "mid",
        "top",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_required_code_is_one_of_the_set(case):
    include, exclude, good, bad = CASES[case]
    known = profiles(bound(), SYSTEM, value_set(*include, exclude=exclude))
    assert found(known, observation(coding(good)), "p") == []
    assert found(known, observation(coding("z", T), coding(good)), "p") == []
    assert found(known, observation(coding(bad)), "p") == [("profile.binding", "Observation.code")]
    assert found(known, observation(coding(good, T)), "p") == [("profile.binding", "Observation.code")]
    assert known.unchecked() == []


def test_a_set_may_be_made_of_others_and_of_what_they_share():
    known = profiles(
        bound(),
        SYSTEM,
        value_set({"system": S, "valueSet": [HERE + "a", HERE + "b"]}),
        value_set(below("is-a", "top"), name="a"),
        value_set({"system": S, "concept": [{"code": "low"}, {"code": "other"}]}, name="b"),
    )
    assert found(known, observation(coding("low")), "p") == []
    assert found(known, observation(coding("mid")), "p") == [("profile.binding", "Observation.code")]


def test_an_expansion_is_taken_as_it_is():
    expansion = {"timestamp": "2026-01-01", "contains": [{"abstract": True, "contains": [coding("x", T)]}]}
    known = profiles(bound(), value_set({"system": T}, expansion=expansion))
    assert found(known, observation(coding("x", T)), "p") == []
    assert found(known, observation(coding("y", T)), "p") == [("profile.binding", "Observation.code")]


def test_an_extensible_binding_warns():
    known = profiles(bound("extensible"), value_set({"system": S, "concept": [{"code": "a"}]}))
    (problem,) = known.check(resource(observation(coding("b"))), [HERE + "p"])
    assert (problem.rule, problem.severity) == ("profile.binding", "warning")
    assert known.check(resource(observation(coding("a"))), [HERE + "p"]) == []


@pytest.mark.parametrize("strength", ["preferred", "example"])
def test_other_strengths_ask_for_nothing(strength):
    known = profiles(bound(strength), value_set({"system": S, "concept": [{"code": "a"}]}))
    assert known.check(resource(observation(coding("b"))), [HERE + "p"]) == []


@pytest.mark.parametrize("systems", [(), (FRAGMENT,)])
def test_a_system_that_is_not_here_is_let_pass_and_said_so(systems):
    known = profiles(bound(), *systems, value_set({"system": T}, {"system": S, "concept": [{"code": "a"}]}))
    assert found(known, observation(coding("anything", T)), "p") == []
    assert found(known, observation(coding("b")), "p") == [("profile.binding", "Observation.code")]
    (note,) = known.unchecked()
    assert T in note.en


def test_a_set_that_is_not_here_or_goes_in_a_circle_is_let_pass_and_said_so():
    for made in ((), (value_set({"valueSet": [HERE + "vs"]}),)):
        known = profiles(bound(), *made)
        assert found(known, observation(coding("b")), "p") == []
        assert [one.rule for one in known.unchecked()] == ["profile.unchecked"]


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("Observation.code.coding", observation(coding("a")), observation(coding("b"))),
        ("Observation.code.coding.code", observation(coding("a", T)), observation(coding("b", T))),
        (
            "Observation.language",
            observation(coding("x"), language="a"),
            observation(coding("x"), language="ja"),
        ),
        (
            "Observation.value[x]",
            observation(coding("x"), valueQuantity={"value": 1, **coding("a")}),
            observation(coding("x"), valueQuantity={"value": 1, **coding("b")}),
        ),
    ],
)
def test_every_coded_type_can_be_bound(path, good, bad):
    known = profiles(bound(path=path), value_set({"system": S, "concept": [{"code": "a"}]}))
    assert found(known, good, "p") == []
    assert [rule for rule, _place in found(known, bad, "p")] == ["profile.binding"]


def test_r4s_own_sets_need_no_package():
    binding = {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"}
    known = profiles(profile("p", "Observation", element("Observation.code", binding=binding)))
    gender = "http://hl7.org/fhir/administrative-gender"
    assert found(known, observation(coding("male", gender)), "p") == []
    assert found(known, observation(coding("man", gender)), "p") == [("profile.binding", "Observation.code")]
