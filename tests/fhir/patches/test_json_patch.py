"""RFC 6902, in its own words: what each operation does, what it refuses, and that nothing else moves."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.errors import Failure, Invalid, Malformed
from kakehashi.fhir.patches.json_patch import apply, read
from kakehashi.fhir.patches.pieces import same


def patched(before: str, *operations: object) -> str:
    return apply(read(orjson.dumps(operations)), before.encode()).decode()


@pytest.mark.parametrize(("before", "operation", "after"), [
    ('{"a":1}', {"op": "add", "path": "/b", "value": [2]}, '{"a":1,"b":[2]}'),
    ('{"a":1}', {"op": "add", "path": "/a", "value": None}, '{"a":null}'),
    ('{"a":[1,3]}', {"op": "add", "path": "/a/1", "value": 2}, '{"a":[1,2,3]}'),
    ('{"a":[1]}', {"op": "add", "path": "/a/-", "value": 2}, '{"a":[1,2]}'),
    ('{"a":1}', {"op": "add", "path": "", "value": {"b": 2}}, '{"b":2}'),
    ('{"a":1,"b":2}', {"op": "remove", "path": "/a"}, '{"b":2}'),
    ('{"a":[1,2]}', {"op": "remove", "path": "/a/0"}, '{"a":[2]}'),
    ('{"a":{"b":1}}', {"op": "replace", "path": "/a/b", "value": 2}, '{"a":{"b":2}}'),
    ('{"a":[1,2,3]}', {"op": "move", "from": "/a/0", "path": "/a/2"}, '{"a":[2,3,1]}'),
    ('{"a":{"b":1}}', {"op": "copy", "from": "/a", "path": "/c"}, '{"a":{"b":1},"c":{"b":1}}'),
    ('{"a/b":{"~":1}}', {"op": "replace", "path": "/a~1b/~0", "value": 2}, '{"a/b":{"~":2}}'),
    ('{"":1}', {"op": "remove", "path": "/"}, "{}"),
    ('{"a":1}', {"op": "add", "path": "/b", "value": 1, "more": "is passed over"}, '{"a":1,"b":1}'),
])  # fmt: skip
def test_each_operation(before: str, operation: object, after: str) -> None:
    assert patched(before, operation) == after


def test_what_is_not_on_the_way_keeps_its_bytes() -> None:
    before = '{"a" : {"x": 1.10, "y":"\\u3042"}, "b":[ 1e2 ,{"c":0.50}], "d":"\\/"}'
    after = patched(before, {"op": "replace", "path": "/b/1/c", "value": 7})
    assert after == '{"a":{"x": 1.10, "y":"\\u3042"},"b":[1e2,{"c":7}],"d":"\\/"}'


def test_a_copy_stands_by_itself() -> None:
    twice = ({"op": "copy", "from": "/a", "path": "/b"}, {"op": "add", "path": "/a/x", "value": 2})
    assert patched('{"a":{"x":1}}', *twice) == '{"a":{"x":2},"b":{"x":1}}'


@pytest.mark.parametrize("operation", [
    {"op": "remove", "path": "/b"}, {"op": "remove", "path": ""}, {"op": "replace", "path": "/b", "value": 1},
    {"op": "add", "path": "/a/3", "value": 1}, {"op": "add", "path": "/a/01", "value": 1},
    {"op": "add", "path": "/b/c", "value": 1}, {"op": "add", "path": "/n/c", "value": 1},
    {"op": "remove", "path": "/a/-"},
    {"op": "move", "from": "/o", "path": "/o/p"}, {"op": "copy", "from": "/b", "path": "/c"},
    {"op": "test", "path": "/n", "value": "1"}, {"op": "test", "path": "/n", "value": True},
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_path(operation: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        patched('{"a":[1,2],"n":1,"o":{}}', operation)
    assert refused.value.problems[0].place == operation["path"]


@pytest.mark.parametrize("body", [
    b'{"op":"remove","path":"/a"}', b"[1]", b'[{"op":"remove"}]', b'[{"op":"remove","path":"a"}]',
    b'[{"op":"remove","path":"/~2"}]', b'[{"op":"add","path":"/a"}]', b'[{"op":"move","path":"/a"}]',
    b'[{"op":"burn","path":"/a"}]', b"[", b'[{"op":"remove","op":"add","path":"/a","value":1}]',
    b'[{"op":"add","path":"/a","value":' + b"[" * 300 + b"]" * 300 + b"}]",
    b'[{"op":"remove","path":"' + b"/a" * 300 + b'"}]',
])  # fmt: skip
def test_what_is_no_patch_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)


def test_copies_that_double_are_stopped() -> None:
    body = b'{"a":["' + b"x" * 1000 + b'"]}'
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(60)]
    with pytest.raises(Failure) as refused:
        apply(read(orjson.dumps(doubling)), body)
    assert refused.value.problems[0].rule == "patch.cost"


@pytest.mark.parametrize(("one", "other", "alike"), [
    ("1.0", "1.00", True), ("1", "1.0", True), ("1e2", "100", True), ("true", "1", False), ("null", "false", False),
    ('"1"', "1", False), ('{"a":1,"b":2}', '{"b":2,"a":1.0}', True), ("[1,2]", "[2,1]", False),
    ('"\\u3042"', '"あ"', True),
    ("1e99999999999999999999", "1", False),
])  # fmt: skip
def test_values_are_compared_by_what_they_mean(one: str, other: str, alike: bool) -> None:
    assert same(one.encode(), other.encode()) is alike


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def pointers(value: object, at: str = "") -> list[str]:
    here = [at]
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, inner in members:
        here += pointers(inner, f"{at}/{str(name).replace('~', '~0').replace('/', '~1')}")
    return here


@given(JSON, st.data())
def test_what_was_added_is_there_and_goes_again(value: object, data: st.DataObject) -> None:
    whole = {"a": value}
    where = data.draw(st.sampled_from(pointers(whole)[1:]))
    body = orjson.dumps(whole)
    back = apply(read(orjson.dumps([
        {"op": "copy", "from": where, "path": "/zz"}, {"op": "move", "from": "/zz", "path": "/yy"},
        {"op": "test", "path": where, "value": orjson.loads(apply(read(orjson.dumps(
            [{"op": "copy", "from": where, "path": ""}])), body))},
        {"op": "remove", "path": "/yy"},
    ])), body)  # fmt: skip
    assert orjson.loads(back) == whole
