"""Slices: told apart by every kind of discriminator, counted, ordered, closed. All resources are synthetic."""

import pytest
from profile_making import HERE, element, extension, found, profile, profiles


def patient(**more):
    return {"resourceType": "Patient", **more}


def ids(*systems):
    return [{"system": f"http://{one}", "value": "1"} for one in systems]


def by(kind, path, rules="open", **more):
    return {"discriminator": [{"type": kind, "path": path}], "rules": rules, **more}


def sliced_ids(rules="open", ordered=False, **a_says):
    """Patient.identifier sliced by system into a and b."""
    return profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system", rules, ordered=ordered)),
            element("Patient.identifier", "a", id="Patient.identifier:a", **a_says),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            element("Patient.identifier", "b", id="Patient.identifier:b"),
            element("Patient.identifier.system", id="Patient.identifier:b.system", patternUri="http://b"),
        )
    )


@pytest.mark.parametrize(
    ("says", "systems", "wrong"),
    [
        ({"min": 1}, "ab", []),
        ({"min": 1}, "bx", [("profile.slice", "Patient.identifier")]),
        ({"max": "1"}, "a", []),
        ({"max": "1"}, "aba", [("profile.slice", "Patient.identifier[2]")]),
        ({"max": "0"}, "b", []),
        ({"max": "0"}, "ba", [("profile.slice", "Patient.identifier[1]")]),
    ],
)
def test_items_are_counted_by_slice(says, systems, wrong):
    assert found(sliced_ids(**says), patient(identifier=ids(*systems)), "p") == wrong


@pytest.mark.parametrize(
    ("rules", "ordered", "systems", "wrong"),
    [
        ("open", False, "xbay", []),
        ("closed", False, "ba", []),
        ("closed", False, "bxa", [("profile.slice-closed", "Patient.identifier[1]")]),
        ("open", True, "axb", []),
        ("open", True, "ba", [("profile.slice-order", "Patient.identifier[1]")]),
        ("openAtEnd", False, "bax", []),
        ("openAtEnd", False, "bxa", [("profile.slice-order", "Patient.identifier[1]")]),
    ],
)
def test_a_list_is_open_closed_or_ordered(rules, ordered, systems, wrong):
    known = sliced_ids(rules, ordered)
    assert found(known, patient(identifier=ids(*systems)), "p") == wrong


def test_a_slices_items_keep_what_the_slice_says_and_others_need_not():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system")),
            element("Patient.identifier", "a", id="Patient.identifier:a"),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            element("Patient.identifier.use", id="Patient.identifier:a.use", min=1),
        )
    )
    assert found(known, patient(identifier=ids("b")), "p") == []
    assert found(known, patient(identifier=ids("b", "a")), "p") == [
        ("profile.cardinality", "Patient.identifier[1].use")
    ]


def test_ids_are_made_where_a_differential_has_none():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system")),
            element("Patient.identifier", "a", min=1),
            element("Patient.identifier.system", fixedUri="http://a"),
        )
    )
    assert found(known, patient(identifier=ids("b")), "p") == [("profile.slice", "Patient.identifier")]
    assert found(known, patient(identifier=ids("a")), "p") == []


def coded(*codes):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "見本"},
        "category": [{"coding": [{"system": "http://s", "code": one}]} for one in codes],
    }


@pytest.mark.parametrize(
    ("discriminator", "said"),
    [
        (
            ("pattern", "$this"),
            [element("Observation.category", "a", min=1, patternCodeableConcept={"coding": [{"code": "a"}]})],
        ),
        (
            ("value", "coding.code"),
            [
                element("Observation.category", "a", min=1),
                element(
                    "Observation.category.coding.code", id="Observation.category:a.coding.code", fixedCode="a"
                ),
            ],
        ),
        (
            ("value", "$this"),
            [
                element("Observation.category", "a", min=1),
                element(
                    "Observation.category.coding.code",
                    id="Observation.category:a.coding.code",
                    min=1,
                    fixedCode="a",
                ),
            ],
        ),
        (
            ("value", "$this"),
            [
                element(
                    "Observation.category",
                    "a",
                    min=1,
                    binding={"strength": "required", "valueSet": HERE + "vs"},
                )
            ],
        ),
    ],
)
def test_values_at_a_path_tell_slices_apart(discriminator, said):
    value_set = {
        "resourceType": "ValueSet",
        "url": HERE + "vs",
        "status": "active",
        "compose": {"include": [{"system": "http://s", "concept": [{"code": "a"}]}]},
    }
    sliced = element("Observation.category", slicing=by(*discriminator))
    known = profiles(profile("p", "Observation", sliced, *said), value_set)
    assert known.unchecked() == []
    assert found(known, coded("b", "a"), "p") == []
    assert found(known, coded("b"), "p") == [("profile.slice", "Observation.category")]


def test_two_discriminators_must_both_agree_and_one_without_a_value_asks_for_presence():
    two = {"discriminator": [{"type": "value", "path": one} for one in ("system", "value")], "rules": "open"}
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=two),
            element("Patient.identifier", "a", id="Patient.identifier:a", min=1),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            element("Patient.identifier.value", id="Patient.identifier:a.value", min=1),
        )
    )
    assert found(known, patient(identifier=ids("a")), "p") == []
    assert found(known, patient(identifier=[{"system": "http://a"}]), "p") == [
        ("profile.slice", "Patient.identifier")
    ]


def test_the_type_of_a_choice():
    known = profiles(
        profile(
            "p",
            "Observation",
            element("Observation.value[x]", slicing=by("type", "$this", "closed")),
            element("Observation.value[x]", "valueQuantity", id="Observation.value[x]:valueQuantity"),
            element("Observation.value[x].unit", id="Observation.value[x]:valueQuantity.unit", min=1),
        )
    )
    base = {"resourceType": "Observation", "status": "final", "code": {"text": "見本"}}
    assert found(known, {**base, "valueQuantity": {"value": 1, "unit": "g"}}, "p") == []
    assert found(known, {**base, "valueQuantity": {"value": 1}}, "p") == [
        ("profile.cardinality", "Observation.valueQuantity.unit")
    ]
    assert found(known, {**base, "valueString": "x"}, "p") == [
        ("profile.slice-closed", "Observation.valueString")
    ]


def test_a_choice_may_be_written_by_its_short_name():
    known = profiles(profile("p", "Observation", element("Observation.valueQuantity.unit", min=1)))
    base = {"resourceType": "Observation", "status": "final", "code": {"text": "見本"}}
    assert found(known, {**base, "valueString": "x"}, "p") == []
    assert found(known, {**base, "valueQuantity": {"value": 1}}, "p") == [
        ("profile.cardinality", "Observation.valueQuantity.unit")
    ]


def test_whether_an_element_is_there():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.contact", slicing=by("exists", "telecom", "closed")),
            element("Patient.contact", "reachable", id="Patient.contact:reachable", min=1),
            element("Patient.contact.telecom", id="Patient.contact:reachable.telecom", min=1),
            element("Patient.contact", "other", id="Patient.contact:other", max="1"),
            element("Patient.contact.telecom", id="Patient.contact:other.telecom", max="0"),
        )
    )
    there, not_there = {"telecom": [{"system": "phone", "value": "1"}]}, {"name": {"text": "見本"}}
    assert found(known, patient(contact=[not_there, there]), "p") == []
    assert found(known, patient(contact=[not_there, not_there]), "p") == [
        ("profile.slice", "Patient.contact"),
        ("profile.slice", "Patient.contact[1]"),
    ]


def bundle(*resources):
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012}", "resource": one}
        for number, one in enumerate(resources, 1)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


NAMED = profile("named", "Patient", element("Patient.name", min=1))


def sliced_bundle(kind, path):
    return profiles(
        NAMED,
        profile(
            "p",
            "Bundle",
            element("Bundle.entry", slicing=by(kind, path)),
            element("Bundle.entry", "patient", id="Bundle.entry:patient", min=1, max="1"),
            element(
                "Bundle.entry.resource",
                id="Bundle.entry:patient.resource",
                type=[{"code": "Patient", "profile": [HERE + "named"]}],
            ),
        ),
    )


def test_entries_by_the_profile_of_their_resource():
    known = sliced_bundle("profile", "resource")
    good, bad = patient(name=[{"text": "見本"}]), patient()
    assert found(known, bundle({"resourceType": "Basic", "code": {"text": "x"}}, good, bad), "p") == []
    assert found(known, bundle(bad), "p") == [("profile.slice", "Bundle.entry")]
    assert found(known, bundle(good, good), "p") == [("profile.slice", "Bundle.entry[1]")]


def test_entries_by_the_type_of_their_resource():
    known = sliced_bundle("type", "resource")
    assert found(known, bundle(patient(name=[{"text": "見本"}])), "p") == []
    assert found(known, bundle(patient()), "p") == [("profile.cardinality", "Bundle.entry[0].resource.name")]


@pytest.mark.parametrize("kind", ["type", "profile"])
def test_references_by_what_they_find(kind):
    known = profiles(
        NAMED,
        profile(
            "p",
            "Composition",
            element("Composition.author", slicing=by(kind, "resolve()")),
            element(
                "Composition.author",
                "patient",
                id="Composition.author:patient",
                min=1,
                type=[{"code": "Reference", "targetProfile": [HERE + "named"]}],
            ),
        ),
    )

    def composition(**more):
        return {
            "resourceType": "Composition",
            "status": "final",
            "type": {"text": "見本"},
            "date": "2026",
            "title": "見本",
            "contained": [{"id": "x", **more}],
            "author": [{"reference": "#x"}],
        }

    assert found(known, composition(resourceType="Patient", name=[{"text": "見本"}]), "p") == []
    assert found(known, composition(resourceType="Organization", name="見本"), "p") == [
        ("profile.slice", "Composition.author")
    ]


def test_by_the_value_of_an_extension():
    known = profiles(
        extension("kind", "code"),
        profile(
            "p",
            "Patient",
            element("Patient.name", slicing=by("value", f"extension('{HERE}kind').value")),
            element("Patient.name", "kanji", id="Patient.name:kanji", min=1),
            element(
                "Patient.name.extension",
                "kind",
                id="Patient.name:kanji.extension:kind",
                min=1,
                type=[{"code": "Extension", "profile": [HERE + "kind"]}],
            ),
            element(
                "Patient.name.extension.value[x]",
                id="Patient.name:kanji.extension:kind.value[x]",
                fixedCode="IDE",
            ),
        ),
    )

    def named(code):
        return patient(name=[{"text": "見本", "extension": [{"url": HERE + "kind", "valueCode": code}]}])

    assert known.unchecked() == []
    assert found(known, named("IDE"), "p") == []
    assert found(known, named("SYL"), "p") == [("profile.slice", "Patient.name")]


def test_slices_of_slices():
    inner = by("value", "use")
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system")),
            element("Patient.identifier", "a", id="Patient.identifier:a", slicing=inner),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            element("Patient.identifier", "a/old", id="Patient.identifier:a/old", max="1"),
            element("Patient.identifier.use", id="Patient.identifier:a/old.use", fixedCode="old"),
        )
    )
    old, other = {"system": "http://a", "use": "old"}, {"system": "http://b", "use": "old"}
    assert found(known, patient(identifier=[old, other, other]), "p") == []
    assert found(known, patient(identifier=[old, old]), "p") == [("profile.slice", "Patient.identifier[1]")]


def test_a_name_with_a_slash_need_not_be_a_slice_of_a_slice():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system")),
            element("Patient.identifier", "x/a", id="Patient.identifier:x/a", min=1),
            element("Patient.identifier.system", id="Patient.identifier:x/a.system", fixedUri="http://a"),
        )
    )
    assert found(known, patient(identifier=ids("a")), "p") == []
    assert found(known, patient(identifier=ids("b")), "p") == [("profile.slice", "Patient.identifier")]


def test_the_default_slice_takes_the_rest():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system", "closed")),
            element("Patient.identifier", "a", id="Patient.identifier:a"),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            element("Patient.identifier", "@default", id="Patient.identifier:@default"),
            element("Patient.identifier.use", id="Patient.identifier:@default.use", min=1),
        )
    )
    assert found(known, patient(identifier=ids("a")), "p") == []
    assert found(known, patient(identifier=ids("b")), "p") == [
        ("profile.cardinality", "Patient.identifier[0].use")
    ]


def test_without_a_discriminator_a_slice_takes_what_keeps_all_it_says():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing={"rules": "open"}),
            element("Patient.identifier", "a", id="Patient.identifier:a", min=1),
            element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
        )
    )
    assert found(known, patient(identifier=ids("b", "a")), "p") == []
    assert found(known, patient(identifier=ids("b")), "p") == [("profile.slice", "Patient.identifier")]


def test_a_slice_that_cannot_be_told_apart_is_not_checked_and_said_so():
    known = profiles(
        profile(
            "p",
            "Patient",
            element("Patient.identifier", slicing=by("value", "system", "closed")),
            element("Patient.identifier", "a", id="Patient.identifier:a", min=1),
        )
    )
    assert found(known, patient(identifier=ids("b")), "p") == []
    assert [one.rule for one in known.unchecked()] == ["profile.unchecked"]


def test_a_contained_resource_by_its_type():
    known = profiles(
        profile(
            "p",
            "Observation",
            element("Observation.contained", slicing=by("type", "$this")),
            element(
                "Observation.contained", "s", id="Observation.contained:s", min=1, type=[{"code": "Specimen"}]
            ),
            element("Observation.contained.type", id="Observation.contained:s.type", min=1),
        )
    )

    def holding(**specimen):
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "見本"},
            "contained": [{"resourceType": "Specimen", "id": "s", **specimen}],
            "specimen": {"reference": "#s"},
        }

    assert found(known, holding(type={"text": "血清"}), "p") == []
    assert found(known, holding(), "p") == [("profile.cardinality", "Observation.contained[0].type")]


def test_elements_that_contain_themselves_keep_the_same_rules():
    known = profiles(
        profile(
            "p",
            "Questionnaire",
            element("Questionnaire.item.text", min=1),
            element("Questionnaire.item.item", contentReference="#Questionnaire.item", min=0),
        )
    )

    def asking(**more):
        inner = {"linkId": "3", "type": "display", **more}
        middle = {"linkId": "2", "type": "group", "text": "見本", "item": [inner]}
        item = {"linkId": "1", "type": "group", "text": "見本", "item": [middle]}
        return {"resourceType": "Questionnaire", "status": "active", "item": [item]}

    assert found(known, asking(text="x"), "p") == []
    assert found(known, asking(), "p") == [
        ("profile.cardinality", "Questionnaire.item[0].item[0].item[0].text")
    ]
