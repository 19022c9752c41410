"""JSON and XML say the same: there and back nothing is lost, for every type of R4. All persons in it are synthetic."""

import json
import random
import tarfile
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from r4_making import make

from kakehashi.fhir.parse import parse
from kakehashi.fhir.shapes import shape
from kakehashi.fhir.types import NUMBER
from kakehashi.fhir.xml import indented, json_of, xml_of

WRITTEN = ["1.50", "0.10", "-0", "-0.0", "1E3", "-1.5e-7", "123456789012345678901234567890.10", "100"]
TEXTS = [
    "<&>\"'",
    "a\tb\nc\r\nd",
    "山田　太郎",
    "𠮷 髙",
    "]]>",
    "&amp;",
    "{}",
    "\u2028\u00a0",
    "--><!-- ",
    "%s{0}",
]
DIVS = [
    '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b&#160;c</p><br/><!-- <div> --></div>',
    '<div  lang="ja"\n xmlns = \'http://www.w3.org/1999/xhtml\' title=">" ><div>内<div/></div>\r\n/></div>',
    '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:b>x</h:b></h:div>',
    '<div xmlns="http://www.w3.org/1999/xhtml"/>',
    '<div xmlns="http://www.w3.org/1999/xhtml"><![CDATA[ </div> ]]></div>',
]
BESIDE = [{"id": "b1"}, {"extension": [{"url": "urn:e", "valueCode": "unknown"}]},
          {"id": "b2", "extension": [{"url": "urn:f", "extension": [{"url": "g", "valueDecimal": 1.5}]}]}]  # fmt: skip
seeds = st.integers(0, 2**32)


def dressed(chance: random.Random, value: Any, name: str) -> Any:
    """A made object with odd texts and numbers, ids, and extensions of primitives: what XML writes in its own way."""
    known = shape(value.get("resourceType", name))
    made: dict[str, Any] = {}
    if not known.resource and chance.random() < 0.2:
        made["id"] = "e1"
    for key, item in value.items():
        member = known.members.get(key)
        if member is None or key == "id":
            made[key] = item
            continue
        items = item if member.element.array else [item]
        items = [_dressed_one(chance, one, member) for one in items]
        beside = None
        if member.primitive and member.shape != "xhtml" and chance.random() < 0.2 and key != "url":
            beside = [chance.choice([None, *BESIDE]) for _ in items]
            items = [
                None if one and chance.random() < 0.4 else it for it, one in zip(items, beside, strict=True)
            ]
        _put(made, key, items, beside, many=member.element.array)
    return made


def _dressed_one(chance: random.Random, item: Any, member: Any) -> Any:
    if isinstance(item, dict):
        return dressed(chance, item, member.shape)
    if member.shape == "decimal":
        return orjson.Fragment(chance.choice(WRITTEN))
    if member.shape == "boolean":
        return bool(item)
    if member.shape == "string" and chance.random() < 0.5:
        return chance.choice(TEXTS)
    return chance.choice(DIVS) if member.shape == "xhtml" else item


def _put(made: dict[str, Any], key: str, items: list[Any], beside: list[Any] | None, *, many: bool) -> None:
    if any(one is not None for one in items):
        made[key] = items if many else items[0]
    if beside and any(beside):
        made["_" + key] = beside if many else beside[0]


def told(body: bytes) -> Any:
    """Decoded JSON that keeps numbers as they are written."""
    return json.loads(
        body, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text)
    )


def shuffled(chance: random.Random, tree: Any) -> Any:
    if isinstance(tree, dict):
        keys = chance.sample(list(tree), len(tree))
        return {key: shuffled(chance, tree[key]) for key in keys}
    return [shuffled(chance, one) for one in tree] if isinstance(tree, list) else tree


@settings(max_examples=500, deadline=None)
@given(seeds, st.sampled_from(sorted(NUMBER)))
def test_json_through_xml_is_the_same_tree(seed, name):
    chance = random.Random(seed)
    body = orjson.dumps(dressed(chance, make(chance, name), name))
    xml = xml_of(body)
    back = json_of(xml)
    assert told(back) == told(body)
    assert xml_of(back) == xml
    assert json_of(xml_of(back)) == back  # and from then on the same bytes
    assert json_of(indented(xml)) == back


@pytest.mark.parametrize("name", sorted(NUMBER))
def test_every_type_of_r4_goes_through_xml(name):
    for seed in range(3):
        chance = random.Random(seed)
        body = orjson.dumps(dressed(chance, make(chance, name), name))
        assert told(json_of(xml_of(body))) == told(body)


@settings(max_examples=150, deadline=None)
@given(seeds, st.sampled_from(["Patient", "Observation", "Bundle", "Parameters", *sorted(NUMBER)]))
def test_the_order_of_jsons_members_changes_nothing_in_xml(seed, name):
    chance = random.Random(seed)
    tree = dressed(chance, make(chance, name), name)
    assert xml_of(orjson.dumps(shuffled(chance, tree))) == xml_of(orjson.dumps(tree))


@settings(max_examples=100, deadline=None)
@given(seeds, st.sampled_from(sorted(NUMBER)))
def test_elements_stand_in_the_order_of_the_definitions(seed, name):
    chance = random.Random(seed)
    root = ElementTree.fromstring(
        xml_of(orjson.dumps(shuffled(chance, dressed(chance, make(chance, name), name))))
    )
    order = [member.name for e in shape(name).elements if e.max != 0 for member in shape(name).named(e)]
    found = [one.tag.rpartition("}")[2] for one in root]
    assert found == sorted(found, key=order.index)


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1))
@example("\t\r\n")
@example('<&>"')
def test_any_text_survives_as_it_is(text):
    body = orjson.dumps({"resourceType": "Patient", "name": [{"text": text}]})
    assert told(json_of(xml_of(body))) == told(body)


def test_numbers_stay_as_they_are_written():
    for number in WRITTEN:
        body = b'{"resourceType":"Observation","valueQuantity":{"value":%b}}' % number.encode()
        assert b'<value value="%b"/>' % number.encode() in xml_of(body)
        assert json_of(xml_of(body)) == body


def test_nulls_hold_the_places_of_values_and_of_what_stands_beside_them():
    xml = b"""<Patient xmlns="http://hl7.org/fhir"><name>
      <given><extension url="urn:e"><valueCode value="unknown"/></extension></given>
      <given value="A"/><given id="g" value="B"/></name></Patient>"""
    assert orjson.loads(json_of(xml))["name"] == [
        {
            "_given": [{"extension": [{"url": "urn:e", "valueCode": "unknown"}]}, None, {"id": "g"}],
            "given": [None, "A", "B"],
        }
    ]


def test_what_only_stands_beside_a_value_needs_no_value():
    body = b'{"resourceType":"Patient","_birthDate":{"extension":[{"url":"urn:e","valueCode":"unknown"}]}}'
    assert json_of(xml_of(body)) == body


@pytest.mark.parametrize("div", DIVS)
def test_a_narrative_keeps_its_bytes(div):
    body = orjson.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": div}})
    assert div.encode() in xml_of(body)
    assert json_of(xml_of(body)) == body
    assert json_of(indented(xml_of(body))) == body


@pytest.mark.parametrize(
    ("root", "div", "alone"),
    [
        ('xmlns="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"', "<h:div><h:p>x</h:p></h:div>",
         '<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>x</h:p></h:div>'),
        ('xmlns="http://hl7.org/fhir" xmlns:h="urn:other"',
         '<h:div xmlns:h="http://www.w3.org/1999/xhtml"/>', '<h:div xmlns:h="http://www.w3.org/1999/xhtml"/>'),
        ('xmlns="http://hl7.org/fhir" xmlns:h="urn:other"', '<div xmlns="http://www.w3.org/1999/xhtml">h</div>',
         '<div xmlns="http://www.w3.org/1999/xhtml">h</div>'),
    ],
)  # fmt: skip
def test_a_narrative_stands_alone_whatever_declared_its_namespace(root, div, alone):
    xml = f'<Patient {root}><text><status value="generated"/>{div}</text></Patient>'
    assert orjson.loads(json_of(xml.encode()))["text"]["div"] == alone


def test_prefixes_comments_instructions_and_layout_say_nothing():
    plain = b'<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'
    odd = b"""\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>
    <?xml-stylesheet href="http://example.org/x.xsl"?><!-- a note -->
    <f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
      xsi:schemaLocation="http://hl7.org/fhir ../fhir-single.xsd">
      <!-- another --><f:active value = 'true' ></f:active>
    </f:Patient>""".replace(b"\n    <?xml-", b"<?xml-", 1)
    assert json_of(odd) == json_of(plain)


def test_resources_inside_of_resources():
    body = orjson.dumps(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [
                {"resource": {"resourceType": "Binary", "contentType": "text/plain", "data": "44GC"}},
                {"resource": {"resourceType": "Parameters", "parameter": [
                    {"name": "a", "resource": {"resourceType": "Patient", "active": False}},
                    {"name": "b", "part": [{"name": "c", "valueInteger": 3}]},
                ]}},
                {"resource": {"resourceType": "Observation", "contained": [
                    {"resourceType": "Patient", "id": "p"}, {"resourceType": "Group", "id": "g"}]}},
            ],
        }
    )  # fmt: skip
    assert json_of(xml_of(body)) == body


def test_laid_out_xml_has_a_line_for_each_element_and_leaves_narratives_alone():
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'}
    body = orjson.dumps({"resourceType": "Patient", "text": text, "name": [{"text": "x"}]})
    assert indented(xml_of(body)).decode().splitlines()[1:] == [
        '<Patient xmlns="http://hl7.org/fhir">',
        "  <text>",
        '    <status value="generated"/>',
        '    <div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>',
        "  </text>",
        "  <name>",
        '    <text value="x"/>',
        "  </name>",
        "</Patient>",
    ]


def test_every_example_of_the_japanese_guides_goes_through_xml(shared):
    files = sorted((shared / "data/examples").rglob("*.json"))
    assert len(files) >= 77
    for file in files:
        body = file.read_bytes()
        back = json_of(xml_of(body))
        assert told(back) == told(body), file.name
        parse(back)


def test_hl7s_own_definitions_go_through_xml(shared):
    with tarfile.open(shared / "data/packages/hl7.fhir.r4.core-4.0.1.tgz") as archive:
        names = [one for one in archive if one.name.startswith("package/") and one.size < 60_000]
        bodies = [archive.extractfile(one).read() for one in names[::9] if one.name.endswith(".json")]
    done = 0
    for body in bodies:
        if orjson.loads(body).get("resourceType") in NUMBER:
            assert told(json_of(xml_of(body))) == told(body)
            done += 1
    assert done > 200
