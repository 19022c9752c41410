"""Bytes in: what is FHIR JSON is taken as it came, what is not is refused with its reason and place."""

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.core.errors import Malformed
from kakehashi.fhir.parse import entries, parse

PATIENT = '{"resourceType":"Patient","id":"p1","name":[{"text":"見本 太郎"}]}'

REFUSED = {
    # what is sent: (rule, words of the English text)
    "nothing": (b"", "json.syntax", "empty"),
    "broken JSON": (b'{"resourceType":"Patient",', "json.syntax", "ends too early"),
    "a trailing comma": (b'{"resourceType":"Patient",}', "json.syntax", "comma"),
    "two documents": (b'{"resourceType":"Patient"}{}', "json.syntax", "follows"),
    "XML": (b'<Patient xmlns="http://hl7.org/fhir"/>', "json.syntax", "XML"),
    "a BOM": (b"\xef\xbb\xbf" + PATIENT.encode(), "json.encoding", "byte order mark"),
    "UTF-16": (PATIENT.encode("utf-16"), "json.encoding", "UTF-16"),
    "Shift_JIS": (PATIENT.encode("cp932"), "json.encoding", "Shift_JIS"),
    "EUC-JP": (PATIENT.encode("euc_jp"), "json.encoding", "UTF-8 is needed"),
    "NaN": (b'{"resourceType":"Patient","x":NaN}', "json.syntax", "NaN"),
    "Infinity": (b'{"resourceType":"Patient","x":-Infinity}', "json.syntax", "Infinity"),
    "1e400": (b'{"resourceType":"Patient","x":1e400}', "json.syntax", "too large"),
    "a lone surrogate": (b'{"resourceType":"Patient","id":"\\ud800"}', "json.syntax", "surrogate"),
    "a raw control character": (
        b'{"resourceType":"Patient","id":"\x01"}',
        "json.syntax",
        "control character",
    ),
    "NUL": (b'{"resourceType":"Patient","name":[{"text":"a\\u0000"}]}', "json.control", "NUL"),
    "an escape character": (
        b'{"resourceType":"Patient","name":[{"text":"a\\u001b"}]}',
        "json.control",
        "U+001B",
    ),
    "a form feed": (b'{"resourceType":"Patient","id":"\\f"}', "json.control", "U+000C"),
    "100,000-deep arrays": (b"[" * 100_000 + b"]" * 100_000, "json.depth", "deeper"),
    "100,000-deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json.depth", "deeper"),
    "300-deep arrays": (b"[" * 300 + b"]" * 300, "json.depth", "deeper"),
    "a key twice": (b'{"resourceType":"Patient","id":"a","id":"b"}', "json.duplicate-key", '"id"'),
    "a key twice, deep": (
        b'{"resourceType":"Patient","name":[{"text":"a","text":"a"}]}',
        "json.duplicate-key",
        "text",
    ),
    "a key twice, escaped": (b'{"resourceType":"Patient","id":1,"\\u0069d":2}', "json.duplicate-key", '"id"'),
    "a key twice, hidden by escaped quotes": (
        b'{"resourceType":"Patient","id":1,"x":"\\u0022\\u0022","id":2}',
        "json.duplicate-key",
        '"id"',
    ),
    "an array": (b"[]", "fhir.resource-type", "JSON object"),
    "no resourceType": (b'{"id":"a"}', "fhir.resource-type", "There is no resourceType"),
    "a number as resourceType": (b'{"resourceType":1}', "fhir.resource-type", "There is no resourceType"),
    "an unknown type": (b'{"resourceType":"Karte"}', "fhir.resource-type", "no resource type Karte"),
    "a type of STU3": (b'{"resourceType":"ReferralRequest"}', "fhir.resource-type", "STU3"),
    "a type of R5": (b'{"resourceType":"NutritionIntake"}', "fhir.resource-type", "R5"),
    "an abstract type": (b'{"resourceType":"DomainResource"}', "fhir.resource-type", "no resource type"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_fhir_json_is_refused_with_its_reason(case):
    body, rule, words = REFUSED[case]
    with pytest.raises(Malformed) as refusal:
        parse(body)
    (problem,) = refusal.value.problems
    assert problem.rule == rule
    assert words in problem.en
    assert any("\u3040" <= one <= "\u30ff" for one in problem.ja)
    assert len(problem.ja) < 300 and len(problem.en) < 300


def test_a_syntax_error_is_told_by_line_and_column():
    with pytest.raises(Malformed) as refusal:
        parse(b'{"resourceType":"Patient",\n"id":oops}')
    assert refusal.value.problems[0].place == "line 2, column 6"


def test_a_control_character_is_told_by_its_place():
    with pytest.raises(Malformed) as refusal:
        parse(b'{"resourceType":"Patient","name":[{"text":"a"},{"text":"\\u0000"}]}')
    assert refusal.value.problems[0].place == "name[1].text"


def test_what_looks_like_an_escape_but_is_none_is_taken():
    body = b'{"resourceType":"Patient","name":[{"text":"\\\\u0000 \\\\b \\"x\\" \\u0022 \\n"}]}'
    assert parse(body).tree["name"][0]["text"] == '\\u0000 \\b "x" " \n'


def test_the_bytes_are_kept_as_they_came():
    body = b' {"resourceType":"Observation", "id":"o", "valueQuantity":{"value":1.10}}\n'
    resource = parse(body)
    assert (resource.type, resource.id, resource.body) == ("Observation", "o", body)


def test_a_resource_without_id_or_with_an_odd_one_has_none():
    assert parse(b'{"resourceType":"Patient"}').id == ""
    assert parse(b'{"resourceType":"Patient","id":5}').id == ""


numbers = st.one_of(st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False))
json_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), numbers, st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]))
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text('ab"\\é', max_size=3), inner)),
    max_leaves=20,
)


@settings(deadline=None)
@given(json_values, st.booleans())
def test_any_json_without_a_repeated_key_is_taken(value, ascii_only):
    body = json.dumps({"resourceType": "Basic", "x": value}, ensure_ascii=ascii_only).encode()
    assert parse(body).body == body


@settings(deadline=None)
@given(st.dictionaries(st.text('ab"\\', max_size=2), json_values, min_size=1), st.data())
def test_a_repeated_key_is_refused_wherever_and_however_it_stands(members, data):
    name = data.draw(st.sampled_from(sorted(members)))
    pairs = [*members.items(), (name, data.draw(json_values))]
    spelled = [json.dumps(pairs[0][0]), *(json.dumps(key) for key, _ in pairs[1:])]
    inner = ",".join(f"{key}:{json.dumps(value)}" for key, (_, value) in zip(spelled, pairs, strict=True))
    with pytest.raises(Malformed) as refusal:
        parse(f'{{"resourceType":"Basic","x":[{{{inner}}}]}}'.encode())
    assert refusal.value.problems[0].rule == "json.duplicate-key"


BUNDLE = b"""{"resourceType":"Bundle","type":"transaction","entry":[
  {"fullUrl":"urn:uuid:1","resource": {"resourceType":"Patient", "id":"p", "multipleBirthInteger": 2 } ,
   "request":{"method":"PUT","url":"Patient/p","ifMatch":"W/\\"1\\"","ifNoneExist":"identifier=a|b"}},
  {"request":{"method":"DELETE","url":"Patient/q","ifNoneMatch":"*"}}]}"""


def test_entries_keep_the_exact_bytes_of_their_resources():
    first, second = entries(parse(BUNDLE))
    assert first.body == b'{"resourceType":"Patient", "id":"p", "multipleBirthInteger": 2 }'
    assert first.resource.type == "Patient" and first.resource.tree["multipleBirthInteger"] == 2
    assert (first.full_url, first.method, first.url) == ("urn:uuid:1", "PUT", "Patient/p")
    assert (first.if_match, first.if_none_exist) == ('W/"1"', "identifier=a|b")
    assert (second.body, second.resource, second.method, second.if_none_match) == (None, None, "DELETE", "*")


def test_a_bundle_without_entries_has_none():
    assert entries(parse(b'{"resourceType":"Bundle","type":"collection"}')) == []


@pytest.mark.parametrize(
    "entry",
    [
        '{"resource":{"resourceType":"Sequence"}}',
        '{"resource":5}',
        '{"resource":null}',
        "5",
        '{"request":[]}',
        "null",
    ],
)
def test_a_misshapen_entry_is_refused_with_its_place(entry):
    bundle = parse(f'{{"resourceType":"Bundle","entry":[{entry}]}}'.encode())
    with pytest.raises(Malformed) as refusal:
        entries(bundle)
    assert refusal.value.problems[0].place.startswith("Bundle.entry")


@settings(deadline=None)
@given(st.lists(json_values, max_size=4))
def test_an_entrys_bytes_decode_to_what_the_bundle_holds(values):
    held = [{"resourceType": "Basic", "x": value} for value in values]
    bundle = parse(orjson.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in held]}))
    for one in entries(bundle):
        assert orjson.loads(one.body) == one.resource.tree
