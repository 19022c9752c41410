"""A large Bundle is read entry by entry, in turns: with the verdict that a small one gets, and at a bounded cost."""

import asyncio
import json
import tracemalloc
from collections.abc import Callable

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_parse import REFUSED, json_values

from kakehashi.core.errors import Malformed, Problem
from kakehashi.fhir import large, malformed
from kakehashi.fhir.decode import quotes
from kakehashi.fhir.parse import entries, parse, parsing
from kakehashi.fhir.turns import BIT, in_turns

MEGABYTE = 1 << 20
LAB = (
    '{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation","status":"final","code":{"coding":'
    '[{"system":"urn:oid:1.2.392.200119.4.504","code":"3A010000002327101","display":"総蛋白(TP)"}]},'
    '"subject":{"reference":"Patient/p"},"valueQuantity":{"value":7.20,"unit":"g/dL"}}}'
).encode()
HEAD, TAIL = b'{"resourceType":"Bundle","type":"collection","entry":[', b"]}"


def bundle(*entries: bytes, head: bytes = HEAD, tail: bytes = TAIL) -> bytes:
    return head + b",".join(entries) + tail


def labs(size: int, *last: bytes) -> bytes:
    """A Bundle of laboratory results, so many bytes of them, with these entries behind."""
    return bundle(*[LAB] * (size // len(LAB)), *last)


def problem_of(body: bytes) -> Problem | None:
    """Why a body is refused; None when it is read."""
    try:
        parse(body)
    except Malformed as refusal:
        (problem,) = refusal.problems
        return problem
    return None


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Problem | None]:
    """Judge a body as if it were large, a few entries at a time."""

    def judge(body: bytes) -> Problem | None:
        with monkeypatch.context() as patch:
            patch.setattr(large, "LARGE", 0)
            patch.setattr(large, "BIT", 80)
            return problem_of(body)

    return judge


NESTED = {
    **{name: body for name, (body, rule, _) in REFUSED.items() if rule in ("json.duplicate-key", "json.control")},
    **{name: REFUSED[name][0] for name in ("NaN", "1e400", "a lone surrogate", "a trailing comma", "Shift_JIS")},
    **{name: REFUSED[name][0] for name in ("300-deep arrays", "100,000-deep objects", "a raw control character")},
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_small_is_refused_large_with_the_same_words(apart, case):
    body, *_ = REFUSED[case]
    assert apart(body) == problem_of(body)


@pytest.mark.parametrize("case", NESTED)
def test_in_a_bundle_it_is_refused_by_the_same_rule(apart, case):
    body = bundle(LAB, LAB, b'{"resource":\n' + NESTED[case] + b"}", LAB)
    told, whole = apart(body), problem_of(body)
    assert told is not None and whole is not None
    assert told.rule == whole.rule
    if told.rule == "json.syntax":
        assert told == whole


def test_the_entry_is_told(apart):
    twice = bundle(LAB, LAB, b'{"fullUrl":"urn:uuid:1","fullUrl":"urn:uuid:2"}', LAB)
    assert apart(twice).place == "entry[2]"
    control = bundle(LAB, LAB, LAB, b'{"resource":{"resourceType":"Patient","name":[{"text":"a\\u0000"}]}}')
    assert apart(control).place == "entry[3].resource.name[0].text"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (bundle(LAB, tail=b'],"type":"batch"}'), "type"),
        (bundle(LAB, tail=b'],"entry":[]}'), "entry"),
        (bundle(LAB, tail=b'],"\\u0065ntry":[]}'), "entry"),
        (bundle(LAB, tail=b'],"id":"\\u0022\\u0022","type":"batch"}'), "type"),
        (bundle(head=b'{"resourceType":"Bundle","meta":{"tag":[],"tag":[]},"entry":['), "tag"),
    ],
)
def test_what_a_bundle_itself_has_twice_is_refused(apart, body, name):
    for told in (apart(body), problem_of(body)):
        assert told.rule == "json.duplicate-key"
        assert f'"{name}"' in told.en and f'"{name}"' in told.ja


@pytest.mark.parametrize("levels", range(248, 256))
def test_the_deepest_is_as_deep_large_as_small(apart, levels):
    inside = b"[" * levels + b"]" * levels
    in_entry, beside = b'{"x":' + inside + b"}", b'],"x":' + inside + b"}"
    for body, outer in ((bundle(LAB, in_entry), 3), (bundle(LAB, tail=beside), 1)):
        told, whole = apart(body), problem_of(body)
        wanted = "json.depth" if outer + levels > malformed.DEEPEST else None
        assert (told and told.rule) == (whole and whole.rule) == wanted


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(json_values, max_size=6), json_values, st.booleans())
def test_a_bundle_read_in_parts_is_what_it_is_read_whole(monkeypatch, values, own, ascii_only):
    held = {"resourceType": "Bundle", "x": own, "entry": values}
    body = json.dumps(held, ensure_ascii=ascii_only).encode()
    whole = parse(body)
    with monkeypatch.context() as patch:
        patch.setattr(large, "LARGE", 0)
        patch.setattr(large, "BIT", 20)
        assert parse(body) == whole
    assert list(whole.tree) == ["resourceType", "x", "entry"]


@settings(deadline=None)
@given(json_values, st.data())
def test_quotes_are_counted_however_they_are_spelled(value, data):
    """Every quote, spelled plain or by its number, counts once; a backslash before it may be one that is meant."""
    plain = json.dumps(value, ensure_ascii=False)
    parts = plain.replace("\\\\", "\0").split('\\"')
    spelled = parts[0] + "".join(
        data.draw(st.sampled_from(['\\"', "\\u0022"]), label="spelling") + part for part in parts[1:]
    )
    assert quotes(spelled.replace("\0", "\\\\").encode()) == plain.count('"')


def test_quotes_by_number_are_taken_as_they_came():
    text = rb'"\u0022\\u0022\\\u0022"'
    body = bundle(LAB, b'{"id":' + text + b"}")
    assert parse(body).tree["entry"][1]["id"] == orjson.loads(text) == '"\\u0022\\"'


def test_a_real_bundle_of_six_megabytes_is_read_and_its_bytes_are_kept():
    body = labs(6 * MEGABYTE)
    resource = parse(body)
    assert resource.body is body
    inside = entries(resource)
    assert len(inside) == len(resource.tree["entry"]) == 6 * MEGABYTE // len(LAB)
    assert b'"value":7.20' in inside[-1].body and inside[-1].resource.tree["valueQuantity"]["value"] == 7.2


def _of(unit: bytes, size: int = 6 * MEGABYTE) -> bytes:
    return b",".join([unit] * (size // (len(unit) + 1)))


OWN = b'{"resourceType":"Bundle","x":['
HOSTILE = {
    # what is sent: (six megabytes of it, the rule that refuses it)
    "numbers": (OWN + _of(b"1") + b"]}", "json.dense"),
    "short strings": (OWN + _of(b'"a"') + b"]}", "json.dense"),
    "empty lists": (OWN + _of(b"[]") + b"]}", "json.dense"),
    "small objects": (OWN + _of(b'{"a":1}') + b"]}", "json.dense"),
    "nests": (OWN + _of(b"[" * 200 + b"]" * 200) + b"]}", "json.dense"),
    "brackets that never close": (b"[" * (6 * MEGABYTE), "json.dense"),
    "members that never close": (b'{"a":' * MEGABYTE, "json.depth"),
    "a key twice in the last entry": (labs(6 * MEGABYTE, b'{"id":1,"id":2}'), "json.duplicate-key"),
    "a key twice at the very end": (labs(6 * MEGABYTE)[:-1] + b',"type":"batch"}', "json.duplicate-key"),
    "a key twice in one resource": (
        bundle(b'{"resource":{"resourceType":"Bundle","entry":[' + _of(LAB) + b'],"id":1,"id":2}}'),
        "json.duplicate-key",
    ),
    "a key twice behind escaped quotes": (
        b'{"resourceType":"Bundle","id":"' + b"\\u0022" * MEGABYTE + b'","id":"1"}',
        "json.duplicate-key",
    ),
    "a control character in the last entry": (labs(6 * MEGABYTE, b'{"id":"\\u0001"}'), "json.control"),
    "a control character in one resource": (
        bundle(b'{"resource":{"resourceType":"Bundle","entry":[' + _of(LAB) + b'],"id":"\\b"}}'),
        "json.control",
    ),
    "NaN in the last entry": (labs(6 * MEGABYTE, b"NaN"), "json.syntax"),
    "a lone surrogate in the last entry": (labs(6 * MEGABYTE, b'"\\ud800"'), "json.syntax"),
    "Shift_JIS in the last entry": (labs(6 * MEGABYTE, '"見本"'.encode("cp932")), "json.encoding"),
    "UTF-16": (labs(3 * MEGABYTE).decode().encode("utf-16"), "json.encoding"),
    "half a body": (labs(12 * MEGABYTE)[: 6 * MEGABYTE], "json.syntax"),
    "another release's type": (labs(6 * MEGABYTE).replace(b'"Bundle"', b'"Karte"', 1), "fhir.resource-type"),
}  # fmt: skip
TIMES = (
    24  # times a body's length; twelve are the room that the decoder sets aside for one text, and seldom uses
)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_body_is_refused_with_its_reason_and_takes_bounded_memory(case):
    body, rule = HOSTILE[case]
    parse(LAB[LAB.index(b'{"resourceType') : -1])  # whatever is made once is made
    tracemalloc.start()
    told = problem_of(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told is not None and told.rule == rule
    assert told.ja != told.en and len(told.ja) < 300 and len(told.en) < 300
    assert peak < TIMES * len(body)


def test_a_body_that_is_not_large_may_be_as_dense_as_it_likes_and_a_record_is_far_from_it():
    signs = len(LAB.translate(None, bytes(set(range(256)) - set(b",[{"))))
    assert len(LAB) > 1.5 * large.DENSEST * signs
    small = OWN + _of(b"1", malformed.CLOSELY - 100) + b"]}"
    assert parse(small).type == "Bundle"
    assert problem_of(small + b" " * 100).rule == "json.dense"


def test_what_stands_behind_the_first_bad_entry_is_not_looked_at():
    turns = 0
    with pytest.raises(Malformed) as refusal:
        for _ in parsing(bundle(b'{"id":1,"id":2}', *[LAB] * 40_000)):
            turns += 1
    assert refusal.value.problems[0].place == "entry[0]"
    assert turns < 5


def test_an_ordinary_bundle_takes_a_third_of_the_memory_that_decoding_it_whole_would():
    body, peaks = labs(6 * MEGABYTE), []
    for read in (parse, orjson.loads):
        tracemalloc.start()
        read(body)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < 10 * len(body) < peaks[1]


async def test_others_are_served_while_a_large_bundle_is_read():
    body, served = labs(6 * MEGABYTE), 0

    async def other() -> None:
        nonlocal served
        while True:
            await asyncio.sleep(0)
            served += 1

    beside = asyncio.create_task(other())
    resource = await in_turns(parsing(body))
    beside.cancel()
    assert resource.tree == orjson.loads(body)
    assert served >= len(body) // BIT
