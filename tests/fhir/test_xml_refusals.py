"""What is no FHIR XML is refused by name, with place, line and mend; hostile XML costs no more than its bytes."""

import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import Malformed
from kakehashi.fhir.xml import json_of, xml_of

HEAD = '<Patient xmlns="http://hl7.org/fhir">'


def refused(xml: str | bytes):
    with pytest.raises(Malformed) as caught:
        json_of(xml.encode() if isinstance(xml, str) else xml)
    [problem] = caught.value.problems
    assert problem.ja and problem.en and problem.ja != problem.en
    return problem


def patient(inside: str) -> str:
    return f"{HEAD}{inside}</Patient>"


@pytest.mark.parametrize(
    ("xml", "rule", "place"),
    [
        (patient("<foo/>"), "xml.element", "Patient.foo"),
        (patient('<name><family value="x"/><foo value="1"/></name>'), "xml.element", "Patient.name[0].foo"),
        (patient("<birthDate><foo/></birthDate>"), "xml.element", "Patient.birthDate.foo"),
        (patient('<Active value="true"/>'), "xml.element", "Patient.Active"),
        (patient('<deceased value="true"/>'), "xml.element", "Patient.deceased"),
        (patient('<contact/><contact><name value="x" bar="2"/></contact>'), "xml.attribute", "Patient.contact[1].name"),
        (patient('<birthDate valu="2000"/>'), "xml.attribute", "Patient.birthDate"),
        (patient('<birthDate value="2000" url="x"/>'), "xml.attribute", "Patient.birthDate"),
        (patient('<name value="x"/>'), "xml.attribute", "Patient.name"),
        (patient('<birthDate xmlns:a="urn:a" a:value="2000"/>'), "xml.attribute", "Patient.birthDate"),
        ('<Patient xmlns="http://hl7.org/fhir" id="a"/>', "xml.attribute", "Patient"),
        (patient("見本"), "xml.text", "Patient"),
        (patient("<name>見本</name>"), "xml.text", "Patient.name[0]"),
        (patient("<birthDate>2000</birthDate>"), "xml.text", "Patient.birthDate"),
        (patient("\u3000"), "xml.text", "Patient"),
        (patient("<![CDATA[x]]>"), "xml.text", "Patient"),
        (patient('<active value="true"/><active value="true"/>'), "xml.order", "Patient.active"),
        (patient('<birthDate value="2000"/><active value="true"/>'), "xml.order", "Patient.active"),
        (patient('<name/><gender value="male"/><name/>'), "xml.order", "Patient.name"),
        (patient('<deceasedBoolean value="true"/><deceasedAge/>'), "xml.element", "Patient.deceasedAge"),
        (patient('<deceasedBoolean value="true"/><deceasedDateTime/>'), "xml.order", "Patient.deceasedDateTime"),
        (patient("<contained><Patient/><Patient/></contained>"), "xml.order", "Patient.contained[0].Patient"),
        (patient('<active value="TRUE"/>'), "xml.value", "Patient.active"),
        (patient('<multipleBirthInteger value="1.5"/>'), "xml.value", "Patient.multipleBirthInteger"),
        (patient('<multipleBirthInteger value="９"/>'), "xml.value", "Patient.multipleBirthInteger"),
        ("<Patient/>", "xml.namespace", ""),
        ('<Patient xmlns="http://hl7.org/fhir/"/>', "xml.namespace", ""),
        ('<ClinicalDocument xmlns="urn:hl7-org:v3"/>', "xml.namespace", ""),
        (patient('<active xmlns="urn:x" value="true"/>'), "xml.namespace", "Patient"),
        (patient('<div xmlns="http://www.w3.org/1999/xhtml"/>'), "xml.namespace", "Patient"),
        (patient("<text><div/></text>"), "xml.element", "Patient.text.div"),
        ('<Foo xmlns="http://hl7.org/fhir"/>', "fhir.resource-type", "resourceType"),
        ('<Resource xmlns="http://hl7.org/fhir"/>', "fhir.resource-type", "resourceType"),
        (patient("<contained><Foo/></contained>"), "fhir.resource-type", "Patient.contained[0].resourceType"),
        (patient("&nbsp;"), "xml.syntax", "line 1, column 38"),
        (HEAD, "xml.syntax", "line 1, column 38"),
        (patient("<name></Name>"), "xml.syntax", "line 1, column 46"),
        (patient('<active value="true" value="true"/>'), "xml.syntax", "line 1, column 59"),
        (patient('<f:active value="true"/>'), "xml.syntax", "line 1, column 38"),
        (patient('<name><text value="&#1;"/></name>'), "xml.syntax", "line 1, column 57"),
        (patient("") * 2, "xml.syntax", "line 1, column 48"),
        ("", "xml.syntax", "line 1, column 1"),
        ('\n<?xml version="1.0"?>' + patient(""), "xml.syntax", "line 2, column 1"),
        ('{"resourceType":"Patient"}', "xml.syntax", "line 1, column 1"),
        ('<?xml version="1.0" encoding="Shift_JIS"?>' + patient(""), "xml.encoding", ""),
        (patient('<name><text value="見本"/></name>').encode("cp932"), "xml.encoding", "line 1"),
        (patient("").encode("utf-16"), "xml.encoding", ""),
        (patient("").encode("utf-16-be"), "xml.encoding", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(xml, rule, place):
    found = refused(xml)
    assert (found.rule, found.place) == (rule, place)


def test_the_line_is_named():
    assert "(line 4)" in refused(f"{HEAD}\n<active\nvalue='true'/>\n<foo/></Patient>").en
    assert "(3 行目)" in refused(f"{HEAD}\n<!-- a -->\nx</Patient>").ja


def test_the_namespace_that_was_sent_is_named():
    assert "urn:hl7-org:v3" in refused('<ClinicalDocument xmlns="urn:hl7-org:v3"/>').en


@pytest.mark.parametrize(
    "number", ["1.", ".5", "+1", "01", "1,5", "NaN", "INF", "0x1", "1_0", "１", " 1", "1e999"]
)
def test_a_decimal_is_written_as_json_writes_it(number):
    value = f'<valueQuantity><value value="{number}"/></valueQuantity>'
    assert refused(f'<Observation xmlns="http://hl7.org/fhir">{value}</Observation>').rule == "xml.value"


def test_an_empty_element_is_not_lost_on_the_way_to_validation():
    assert orjson.loads(json_of(patient("<name><given/></name><birthDate/><contact/>").encode())) == {
        "resourceType": "Patient",
        "name": [{"_given": [{}]}],
        "_birthDate": {},
        "contact": [{}],
    }


SECRET = "山田花子"


@pytest.mark.parametrize(
    "inside",
    [
        f'<foo value="{SECRET}"/>', f'<name><text value="{SECRET}" bad="{SECRET}"/></name>', SECRET,
        f'<active value="{SECRET}"/>', f'<active value="{SECRET}"/><active value="{SECRET}"/>',
        f'<name><text value="{SECRET}"/><use value="{SECRET}"/></name>', f'<name><text value="{SECRET}></name>',
        f'<multipleBirthInteger value="{SECRET}"/>',
    ],
)  # fmt: skip
def test_no_value_is_said_again(inside):
    found = refused(patient(inside))
    assert SECRET not in found.ja + found.en + found.place


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE Patient [<!ENTITY l0 "lol">{LAUGHS}]>',
        '<!DOCTYPE Patient SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Patient [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]>',
        "<!DOCTYPE Patient>",
        '<?xml version="1.0" standalone="yes"?>\n<!DOCTYPE Patient [<!ATTLIST Patient id CDATA "a">]>',
    ],
)
def test_no_doctype_no_entities_nothing_fetched(doctype):
    assert refused(f"{doctype}{HEAD}<name><text value='&l9;&x;'/></name></Patient>").rule == "xml.doctype"


def test_a_doctype_in_a_narrative_is_no_xml():
    assert (
        refused(patient("<text><div xmlns='http://www.w3.org/1999/xhtml'><!DOCTYPE x></div></text>")).rule
        == "xml.syntax"
    )


def test_depth_is_bounded():
    deep = "<extension>" * 300 + "</extension>" * 300
    assert refused(patient(deep)).rule == "xml.deep"
    assert refused(patient("<extension>" * 1_000_000)).rule == "xml.deep"


def test_a_deep_narrative_is_carried_and_left_to_validation():
    deep = "<p>" * 5_000 + "</p>" * 5_000
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{deep}</div>'
    assert orjson.loads(json_of(patient(f"<text>{div}</text>").encode()))["text"]["div"] == div


@settings(max_examples=300)
@given(st.text(alphabet="<>/=\"'& ?!-[]xidvalue:\nPatientam&#;0{}", max_size=80))
def test_whatever_comes_is_json_or_refused(text):
    try:
        orjson.loads(json_of(patient(text).encode()))
    except Malformed as refusal:
        assert re.fullmatch(r"(xml|fhir)\.[a-z-]+", refusal.problems[0].rule)


# --- JSON that XML cannot say


@pytest.mark.parametrize(
    ("tree", "rule"),
    [
        ({"resourceType": "Patient", "name": [{"text": "\uffff"}]}, "xml.character"),
        ({"resourceType": "Patient", "foo": 1}, "xml.structure"),
        ({"resourceType": "Patient", "name": {"text": "x"}}, "xml.structure"),
        ({"resourceType": "Patient", "active": "yes"}, "xml.structure"),
        ({"resourceType": "Foo"}, "xml.structure"),
        ({"resourceType": "Patient", "contained": [{}]}, "xml.structure"),
        *(
            ({"resourceType": "Patient", "text": {"status": "generated", "div": div}}, "xml.narrative")
            for div in (
                "", "x", "<div/>",
                "<div xmlns='http://www.w3.org/1999/xhtml'></div></text><active value='true'/><text>",
                "<div xmlns='http://www.w3.org/1999/xhtml'>", "<div xmlns='http://www.w3.org/1999/xhtml'>&x;</div>",
                "<!DOCTYPE div []><div xmlns='http://www.w3.org/1999/xhtml'/>", "<p xmlns='http://www.w3.org/1999/xhtml'/>",
                "<h:div>x</h:div>",
            )
        ),
    ],
)  # fmt: skip
def test_what_xml_cannot_say_is_refused_and_nothing_breaks_out(tree, rule):
    with pytest.raises(Malformed) as caught:
        xml_of(orjson.dumps(tree))
    assert caught.value.problems[0].rule == rule
