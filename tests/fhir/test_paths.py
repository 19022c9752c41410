"""FHIRPath, as R4's invariants and search parameters use it. The persons are synthetic."""

import pytest

from kakehashi.fhir.paths.evaluate import compile_path
from kakehashi.fhir.paths.nodes import Env, root_node
from kakehashi.fhir.paths.syntax import UnknownPath

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "name": [
        {
            "use": "official",
            "family": "見本",
            "given": ["太郎", None],
            "_given": [None, {"extension": [{"url": "u"}]}],
        },
        {"use": "usual", "family": "見本"},
    ],
    "birthDate": "1980-02",
    "_birthDate": {"extension": [{"url": "http://x", "valueString": "y"}]},
    "deceasedDateTime": "2020-01-01T00:00:00Z",
    "multipleBirthInteger": 2,
    "contact": [{"period": {"start": "2020", "end": "2021"}}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "見本病院"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "urn:uuid:x"}],
}


def ask(expression, tree=PATIENT):
    whole = root_node(tree)
    env = Env(whole, whole, whole)
    return [node.value for node in compile_path(expression)([root_node(tree)], env)]


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("name.family", ["見本", "見本"]),
        ("Patient.name.where(use = 'usual').family", ["見本"]),
        ("Observation.code", []),
        ("name.given", ["太郎", None]),
        ("name.given.hasValue()", [False]),
        ("name.first().given.first().hasValue()", [True]),
        ("name[1].use", ["usual"]),
        ("name.use.isDistinct()", [True]),
        ("name.family.isDistinct()", [False]),
        ("name.count() = 2 and name.exists(use = 'old').not()", [True]),
        ("name.all(family.exists())", [True]),
        ("name.select(use & '-' & family)", ["official-見本", "usual-見本"]),
        ("deceased is dateTime", [True]),
        ("deceased is boolean", [False]),
        ("(deceased as boolean).exists()", [False]),
        ("deceased.ofType(dateTime)", ["2020-01-01T00:00:00Z"]),
        ("multipleBirth + 1 = 3", [True]),
        ("birthDate.extension.value", ["y"]),
        ("birthDate.extension('http://x').exists()", [True]),
        ("birthDate <= '1980-01-15'", [False]),
        ("birthDate <= '1980-02-15'", []),  # known to the month only
        ("contact.period.start < contact.period.end", [True]),
        ("active implies name.exists()", [True]),
        ("active xor name.exists()", [False]),
        ("gender = 'male'", []),
        ("gender = 'male' or active", [True]),
        ("gender = 'male' and active.not()", [False]),
        ("gender.empty()", [True]),
        ("'usual' in name.use", [True]),
        ("name.use contains 'old'", [False]),
        ("(name.use | name.family).count()", [3]),
        ("name.use.combine(name.use).count()", [4]),
        ("name.use.intersect('usual')", ["usual"]),
        ("managingOrganization.resolve().name", ["見本病院"]),
        ("generalPractitioner.where(resolve() is Practitioner).reference", ["Practitioner/1"]),
        ("contained.ofType(Organization).name", ["見本病院"]),
        ("contained.first().is(Organization)", [True]),
        ("%resource.active", [True]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("'#o'.substring(1)", ["o"]),
        ("'#'.substring(1)", []),
        ("'abc'.matches('^[a-c]+$') and 'abc'.startsWith('ab') and 'abc'.contains('bc')", [True]),
        ("'a.b.c'.replaceMatches('\\\\..*', '')", ["a"]),
        ("'12'.toInteger() > 3", [True]),
        ("'x'.toInteger()", []),
        ("iif(active, 'yes', 'no')", ["yes"]),
        ("iif(gender.exists(), 'yes')", []),
        ("descendants().where(reference = '#o').exists()", [True]),
        ("-1 < 0", [True]),
        ("{}", []),
        ("name.tail().use", ["usual"]),
        ("gender.startsWith('m').not()", [True]),
    ],
)
def test_an_expression_finds_what_it_says(expression, answer):
    assert ask(expression) == answer


@pytest.mark.parametrize(
    "text", ["name.", "name)", "name.memberOf('x')", "%unknown", "a = ", "name.where(", "'open", ""]
)
def test_what_is_no_known_expression_is_refused_when_it_is_compiled(text):
    with pytest.raises(UnknownPath):
        compile_path(text)


def test_quantities_compare_in_the_same_unit_only():
    def tree(low, high):
        return {"resourceType": "Observation", "referenceRange": [{"low": low, "high": high}]}

    less = "referenceRange.all(low <= high)"
    assert ask(less, tree({"value": 1, "unit": "mg"}, {"value": 2, "unit": "mg"})) == [True]
    assert ask(less, tree({"value": 3, "unit": "mg"}, {"value": 2, "unit": "mg"})) == [False]
    assert (
        ask(
            "referenceRange.low <= referenceRange.high",
            tree({"value": 3, "unit": "mg"}, {"value": 2, "unit": "g"}),
        )
        == []
    )
