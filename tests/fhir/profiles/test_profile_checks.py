"""Each kind of rule that a profile can state, with a resource that keeps it and one that breaks it (synthetic)."""

import pytest
from profile_making import CORE, HERE, element, extension, found, package, profile, profiles, resource

from kakehashi.fhir.profiles import ProfileSet

SYSTEM = "http://example.org/codes"
IDENTIFIER = {"system": "http://example.org/ids", "value": "1"}


def patient(**more):
    return {"resourceType": "Patient", **more}


def observation(**more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": "見本"}, **more}


SIMPLE = {
    "an element that must be there": (
        element("Patient.birthDate", min=1),
        patient(birthDate="1980-01-01"),
        patient(),
        ("profile.cardinality", "Patient.birthDate"),
    ),
    "an element that may not be there": (
        element("Patient.photo", max="0"),
        patient(),
        patient(photo=[{"title": "x"}]),
        ("profile.cardinality", "Patient.photo"),
    ),
    "an element that may be there once": (
        element("Patient.name", max="1"),
        patient(name=[{"text": "見本"}]),
        patient(name=[{"text": "見本"}, {"text": "太郎"}]),
        ("profile.cardinality", "Patient.name"),
    ),
    "an element deep in a data type": (
        element("Patient.name.family", min=1),
        patient(name=[{"family": "見本"}]),
        patient(name=[{"family": "見本"}, {"text": "太郎"}]),
        ("profile.cardinality", "Patient.name[1].family"),
    ),
    "fewer types of a choice": (
        element("Observation.value[x]", type=[{"code": "Quantity"}, {"code": "string"}]),
        observation(valueString="x"),
        observation(valueBoolean=True),
        ("profile.type", "Observation.valueBoolean"),
    ),
    "a fixed primitive": (
        element("Observation.status", fixedCode="final"),
        observation(),
        observation(status="preliminary"),
        ("profile.fixed", "Observation.status"),
    ),
    "a fixed element holds nothing more": (
        element("Observation.code", fixedCodeableConcept={"text": "見本"}),
        observation(),
        observation(code={"text": "見本", "coding": [{"code": "x"}]}),
        ("profile.fixed", "Observation.code"),
    ),
    "a pattern may hold more": (
        element("Observation.code", patternCodeableConcept={"coding": [{"system": SYSTEM, "code": "a"}]}),
        observation(
            code={"text": "x", "coding": [{"code": "z"}, {"system": SYSTEM, "code": "a", "display": "A"}]}
        ),
        observation(code={"coding": [{"system": SYSTEM, "code": "b"}]}),
        ("profile.pattern", "Observation.code"),
    ),
    "a pattern does not take 1 for true": (
        element("Observation.value[x]", patternInteger=1),
        observation(valueInteger=1),
        observation(valueBoolean=True),
        ("profile.pattern", "Observation.valueBoolean"),
    ),
    "the longest text": (
        element("Patient.name.text", maxLength=3),
        patient(name=[{"text": "見本花"}]),
        patient(name=[{"text": "見本花子"}]),
        ("profile.length", "Patient.name[0].text"),
    ),
    "the least number": (
        element("Observation.value[x]", minValueInteger=1),
        observation(valueInteger=1),
        observation(valueInteger=0),
        ("profile.value", "Observation.valueInteger"),
    ),
    "the latest date": (
        element("Patient.birthDate", maxValueDate="2030-01-01"),
        patient(birthDate="2029-12-31"),
        patient(birthDate="2030-01-02"),
        ("profile.value", "Patient.birthDate"),
    ),
    "an invariant": (
        element(
            "Patient",
            constraint=[{"key": "x-1", "severity": "error", "human": "h", "expression": "name.exists()"}],
        ),
        patient(name=[{"text": "見本"}]),
        patient(),
        ("x-1", "Patient"),
    ),
    "an invariant on an element": (
        element(
            "Patient.name",
            constraint=[
                {"key": "x-2", "severity": "error", "human": "h", "expression": "text.contains('　').not()"}
            ],
        ),
        patient(name=[{"text": "見本 太郎"}]),
        patient(name=[{"text": "見本　太郎"}]),
        ("x-2", "Patient.name[0]"),
    ),
    "the type of a reference's target": (
        element("Observation.subject", type=[{"code": "Reference", "targetProfile": [CORE + "Patient"]}]),
        observation(subject={"reference": "Patient/1"}),
        observation(subject={"reference": "Device/1"}),
        ("profile.target", "Observation.subject.reference"),
    ),
    "the type that a reference states": (
        element("Observation.subject", type=[{"code": "Reference", "targetProfile": [CORE + "Patient"]}]),
        observation(subject={"type": "Patient", "display": "見本"}),
        observation(subject={"type": "Device", "display": "見本"}),
        ("profile.target", "Observation.subject.reference"),
    ),
    "a contained resource's type": (
        element("Observation.contained", type=[{"code": "Specimen"}]),
        observation(contained=[{"resourceType": "Specimen", "id": "s"}], specimen={"reference": "#s"}),
        observation(contained=[{"resourceType": "Device", "id": "s"}], device={"reference": "#s"}),
        ("profile.type", "Observation.contained[0]"),
    ),
    "R4's own SimpleQuantity": (
        element("Observation.value[x]", type=[{"code": "Quantity", "profile": [CORE + "SimpleQuantity"]}]),
        observation(valueQuantity={"value": 1}),
        observation(valueQuantity={"value": 1, "comparator": "<"}),
        ("profile.cardinality", "Observation.valueQuantity.comparator"),
    ),
}


@pytest.mark.parametrize("held", ["differential", "snapshot"])
@pytest.mark.parametrize("case", SIMPLE)
def test_a_rule_is_kept_or_broken(case, held):
    rule, good, bad, wanted = SIMPLE[case]
    kind = good["resourceType"]
    known = profiles(profile("p", kind, {"path": kind}, rule, held=held))
    assert found(known, good, "p") == []
    assert found(known, bad, "p") == [wanted]


def test_every_problem_names_the_profile_and_speaks_both_languages():
    for rule, good, bad, _wanted in SIMPLE.values():
        known = profiles(profile("p", good["resourceType"], rule))
        for problem in known.check(resource(bad), [HERE + "p"]):
            assert problem.source.startswith(("http://example.org/", CORE))
            assert problem.ja and problem.en and problem.ja != problem.en


def test_an_element_that_must_be_supported_need_not_be_there():
    known = profiles(profile("p", "Patient", element("Patient.name", mustSupport=True)))
    assert found(known, patient(), "p") == []


def test_a_resource_of_another_type_does_not_conform():
    known = profiles(profile("p", "Patient"))
    assert found(known, observation(), "p") == [("profile.type", "Observation")]


def test_a_warning_does_not_refuse():
    rule = {"key": "x-3", "severity": "warning", "human": "名前があるとよい", "expression": "name.exists()"}
    known = profiles(profile("p", "Patient", element("Patient", constraint=[rule])))
    (problem,) = known.check(resource(patient()), [HERE + "p"])
    assert (problem.rule, problem.severity, problem.ja) == ("x-3", "warning", "名前があるとよい (x-3)。")


def test_a_constraint_that_cannot_be_worked_out_warns_and_one_that_cannot_be_read_is_told():
    unknown = {"key": "x-4", "severity": "error", "human": "h", "expression": "memberOf('http://x')"}
    broken = {"key": "x-5", "severity": "error", "human": "h", "expression": "id.matches('(?<!a)b')"}
    known = profiles(profile("p", "Patient", element("Patient", constraint=[unknown, broken])))
    (problem,) = known.check(resource(patient(id="1")), [HERE + "p"])
    assert (problem.rule, problem.severity) == ("profile.not-evaluated", "warning")
    (note,) = known.unchecked()
    assert "x-4" in note.en and note.rule == "profile.unchecked"


class TestClaims:
    """Which profiles a resource is held against."""

    known = profiles(profile("p", "Patient", element("Patient.name", min=1), version="2.0"))

    def test_those_of_meta_profile(self):
        claimed = patient(meta={"profile": [HERE + "p"]})
        assert found(self.known, claimed) == [("profile.cardinality", "Patient.name")]
        assert found(self.known, patient()) == []

    @pytest.mark.parametrize(("version", "said"), [("2.0", []), ("1.0.0", []), ("3.0", ["profile.version"])])
    def test_a_version_is_the_definitions_or_the_packages(self, version, said):
        claimed = patient(name=[{"text": "見本"}], meta={"profile": [f"{HERE}p|{version}"]})
        assert [one.rule for one in self.known.check(resource(claimed))] == said

    def test_another_version_is_still_checked(self):
        claimed = patient(meta={"profile": [f"{HERE}p|9"]})
        assert found(self.known, claimed) == [("profile.cardinality", "Patient.name")]

    def test_one_that_is_not_installed_is_told_and_does_not_refuse(self):
        (problem,) = self.known.check(resource(patient(meta={"profile": [HERE + "q"]})))
        assert (problem.rule, problem.severity, problem.place) == (
            "profile.unknown",
            "information",
            "Patient.meta.profile[0]",
        )

    def test_r4s_own_type_needs_no_package(self):
        assert self.known.check(resource(patient(meta={"profile": [CORE + "Patient"]}))) == []

    def test_resources_within_are_held_against_their_own(self):
        claimed = patient(meta={"profile": [HERE + "p"]})
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001", "resource": claimed}],
        }
        assert found(self.known, bundle) == [("profile.cardinality", "Bundle.entry[0].resource.name")]
        inside = observation(contained=[{**claimed, "id": "x"}], subject={"reference": "#x"})
        assert found(self.known, inside) == [("profile.cardinality", "Observation.contained[0].name")]

    def test_without_packages_nothing_is_known(self):
        assert [
            one.rule for one in ProfileSet().check(resource(patient(meta={"profile": [HERE + "p"]})))
        ] == ["profile.unknown"]


class TestSnapshots:
    """A differential is laid upon its base."""

    def test_the_bases_rules_hold_too(self):
        known = profiles(
            profile("base", "Patient", element("Patient.name", min=1)),
            profile("p", "Patient", element("Patient.birthDate", min=1), base=HERE + "base"),
        )
        assert found(known, patient(), "p") == [
            ("profile.cardinality", "Patient.name"),
            ("profile.cardinality", "Patient.birthDate"),
        ]

    def test_a_base_may_stand_in_another_package(self):
        base = package(profile("base", "Patient", element("Patient.name", min=1)))
        more = package(profile("p", "Patient", base=HERE + "base"), about={"name": "more", "version": "1"})
        assert found(ProfileSet.of([more, base]), patient(), "p") == [("profile.cardinality", "Patient.name")]

    def test_a_slice_of_the_base_can_be_narrowed_and_one_added(self):
        by_system = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
        known = profiles(
            profile(
                "base",
                "Patient",
                element("Patient.identifier", slicing=by_system),
                element("Patient.identifier", "a"),
                element("Patient.identifier.system", id="Patient.identifier:a.system", fixedUri="http://a"),
            ),
            profile(
                "p",
                "Patient",
                element("Patient.identifier", "a", id="Patient.identifier:a", min=1),
                element("Patient.identifier", "b", id="Patient.identifier:b", max="1"),
                element("Patient.identifier.system", id="Patient.identifier:b.system", fixedUri="http://b"),
                base=HERE + "base",
            ),
        )
        a, b = {"system": "http://a", "value": "1"}, {"system": "http://b", "value": "1"}
        assert found(known, patient(identifier=[a, b]), "p") == []
        assert found(known, patient(identifier=[b, b]), "p") == [
            ("profile.slice", "Patient.identifier"),
            ("profile.slice", "Patient.identifier[1]"),
        ]
        assert found(known, patient(identifier=[b, b]), "base") == []

    def test_a_base_that_is_missing_or_goes_in_a_circle_is_told(self):
        known = profiles(
            profile("p", "Patient", element("Patient.name", min=1), base=HERE + "gone"),
            profile("q", "Patient", base=HERE + "r"),
            profile("r", "Patient", base=HERE + "q"),
        )
        assert found(known, patient(), "p") == [("profile.cardinality", "Patient.name")]
        assert found(known, patient(), "q") == []
        assert len(known.unchecked()) == 3


class TestTypes:
    """Profiles on data types, and on what references find."""

    def test_a_data_type_keeps_its_profile(self):
        known = profiles(
            profile("id", "Identifier", element("Identifier.system", min=1)),
            profile(
                "p",
                "Patient",
                element("Patient.identifier", type=[{"code": "Identifier", "profile": [HERE + "id"]}]),
            ),
        )
        assert found(known, patient(identifier=[IDENTIFIER]), "p") == []
        assert found(known, patient(identifier=[{"value": "1"}]), "p") == [
            ("profile.cardinality", "Patient.identifier[0].system")
        ]

    def test_of_several_profiles_one_is_enough(self):
        known = profiles(
            profile("s", "Identifier", element("Identifier.system", min=1)),
            profile("v", "Identifier", element("Identifier.value", min=1)),
            profile(
                "p",
                "Patient",
                element(
                    "Patient.identifier", type=[{"code": "Identifier", "profile": [HERE + "s", HERE + "v"]}]
                ),
            ),
        )
        assert found(known, patient(identifier=[{"system": "http://x"}, {"value": "1"}]), "p") == []
        assert found(known, patient(identifier=[{"use": "usual"}]), "p") == [
            ("profile.type-profile", "Patient.identifier[0]")
        ]

    known = profiles(
        profile("named", "Patient", element("Patient.name", min=1)),
        profile(
            "o",
            "Observation",
            element("Observation.subject", type=[{"code": "Reference", "targetProfile": [HERE + "named"]}]),
        ),
    )

    def test_a_contained_target_keeps_the_target_profile(self):
        def contained(**more):
            return observation(contained=[patient(id="x", **more)], subject={"reference": "#x"})

        assert found(self.known, contained(name=[{"text": "見本"}]), "o") == []
        assert found(self.known, contained(), "o") == [("profile.target", "Observation.subject")]

    def test_so_does_a_target_in_the_same_bundle(self):
        def bundle(**more):
            url = "urn:uuid:00000000-0000-4000-8000-000000000001"
            return {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [
                    {"fullUrl": url, "resource": patient(**more)},
                    {
                        "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002",
                        "resource": observation(subject={"reference": url}, meta={"profile": [HERE + "o"]}),
                    },
                ],
            }

        assert found(self.known, bundle(name=[{"text": "見本"}])) == []
        assert found(self.known, bundle()) == [("profile.target", "Bundle.entry[1].resource.subject")]

    def test_of_a_target_elsewhere_only_the_type_is_asked(self):
        assert found(self.known, observation(subject={"reference": "Patient/9"}), "o") == []
        assert found(self.known, observation(subject={"reference": "Group/9"}), "o") == [
            ("profile.target", "Observation.subject.reference")
        ]

    def test_references_in_a_circle_end(self):
        ring = profiles(
            profile(
                "ring",
                "Organization",
                element(
                    "Organization.partOf", type=[{"code": "Reference", "targetProfile": [HERE + "ring"]}]
                ),
            )
        )
        one = {"resourceType": "Organization", "name": "見本", "partOf": {"reference": "#o"}}
        assert (
            found(ring, {**one, "contained": [{**one, "id": "o", "partOf": {"reference": "#"}}]}, "ring")
            == []
        )


class TestExtensions:
    """An extension keeps its own definition wherever it stands."""

    known = profiles(
        extension("on-patient", "string", context=[{"type": "element", "expression": "Patient"}]),
        extension("on-name", "code", context=[{"type": "element", "expression": "HumanName.family"}]),
        extension("within", "string", context=[{"type": "extension", "expression": HERE + "outer"}]),
        profile(
            "outer",
            "Extension",
            element("Extension.extension", min=1),
            element("Extension.value[x]", max="0"),
            context=[{"type": "element", "expression": "Element"}],
        ),
        extension("named", "string", context=[{"type": "fhirpath", "expression": "Patient.name"}]),
    )

    def test_its_value_has_the_type_that_it_says(self):
        good, bad = {"valueString": "x"}, {"valueCode": "x"}
        assert found(self.known, patient(extension=[{"url": HERE + "on-patient", **good}])) == []
        assert found(self.known, patient(extension=[{"url": HERE + "on-patient", **bad}])) == [
            ("profile.type", "Patient.extension[0].valueCode")
        ]

    def test_it_stands_where_it_may(self):
        misplaced = {"url": HERE + "on-patient", "valueString": "x"}
        assert found(self.known, patient(name=[{"text": "見本", "extension": [misplaced]}])) == [
            ("profile.extension-context", "Patient.name[0].extension[0]")
        ]

    def test_it_may_stand_beside_a_primitive(self):
        said = [{"url": HERE + "on-name", "valueCode": "x"}]
        assert found(self.known, patient(name=[{"family": "見本", "_family": {"extension": said}}])) == []
        assert found(self.known, patient(birthDate="1980", _birthDate={"extension": said})) == [
            ("profile.extension-context", "Patient.birthDate.extension[0]")
        ]

    def test_one_within_another(self):
        inner = {"url": HERE + "within", "valueString": "x"}
        assert found(self.known, patient(extension=[{"url": HERE + "outer", "extension": [inner]}])) == []
        assert found(self.known, patient(extension=[inner])) == [
            ("profile.extension-context", "Patient.extension[0]")
        ]
        assert found(self.known, patient(extension=[{"url": HERE + "outer", "valueString": "x"}])) == [
            ("profile.cardinality", "Patient.extension[0].extension"),
            ("profile.cardinality", "Patient.extension[0].value"),
        ]

    def test_an_element_within_its_own_kind_is_of_that_kind(self):
        known = profiles(
            extension("on-item", "string", context=[{"type": "element", "expression": "Questionnaire.item"}])
        )
        inner = {
            "linkId": "2",
            "text": "x",
            "type": "display",
            "extension": [{"url": HERE + "on-item", "valueString": "x"}],
        }
        outer = {"linkId": "1", "text": "x", "type": "group", "item": [inner]}
        asking = {"resourceType": "Questionnaire", "status": "active", "item": [outer]}
        assert found(known, asking) == []
        assert found(known, {**asking, "extension": inner["extension"]}) == [
            ("profile.extension-context", "Questionnaire.extension[0]")
        ]

    def test_a_context_by_fhirpath(self):
        said = [{"url": HERE + "named", "valueString": "x"}]
        assert found(self.known, patient(name=[{"text": "見本"}], extension=said)) == []
        assert found(self.known, observation(extension=said)) == [
            ("profile.extension-context", "Observation.extension[0]")
        ]

    def test_a_profile_asks_for_it_by_its_url(self):
        asking = profiles(
            extension("e", "string"),
            profile(
                "p",
                "Patient",
                element(
                    "Patient.extension",
                    "e",
                    min=1,
                    max="1",
                    type=[{"code": "Extension", "profile": [HERE + "e"]}],
                ),
            ),
        )
        one, other = {"url": HERE + "e", "valueString": "x"}, {"url": "http://other", "valueString": "x"}
        assert found(asking, patient(extension=[other, one]), "p") == []
        assert found(asking, patient(extension=[other]), "p") == [("profile.slice", "Patient.extension")]
        assert found(asking, patient(extension=[one, one]), "p") == [
            ("profile.slice", "Patient.extension[1]")
        ]

    def test_one_that_nobody_defines_is_let_pass(self):
        assert (
            self.known.check(resource(patient(extension=[{"url": "http://other", "valueString": "x"}]))) == []
        )
