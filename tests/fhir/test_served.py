"""What is kept and served: only id, version and time are the server's."""

import json
from datetime import UTC, datetime

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kakehashi.fhir.served import served

AT = datetime(2026, 11, 21, 7, 20, tzinfo=UTC)
ADDED = b'"id":"n","meta":{"versionId":"3","lastUpdated":"2026-11-21T07:20:00.000Z"'


def put(body: bytes) -> bytes:
    return served(body, id="n", version=3, changed_at=AT)


def test_decimals_escapes_and_order_stay():
    rest = b',"valueQuantity":{"value":1.10,"x":1E+2},"a":"\\u3042\\/","big":12345678901234567890123}'
    body = b'{"resourceType":"Observation"' + rest
    assert put(body) == b'{"resourceType":"Observation",' + ADDED + b"}" + rest


def test_the_servers_id_and_version_replace_the_senders():
    meta = b'{"versionId":"9","profile":[ "p" ],"_lastUpdated":{"id":"x"}}'
    body = b'{"id":"mine","resourceType":"Patient","meta":' + meta + b',"active":true}'
    assert put(body) == b'{"resourceType":"Patient",' + ADDED + b',"profile":[ "p" ]},"active":true}'


def test_serving_twice_is_serving_once():
    once = put(b'{"resourceType":"Patient","active":true}')
    assert put(once) == once


keys = st.text("abc_", min_size=1, max_size=4).filter(lambda name: name not in ("id", "meta"))


@settings(deadline=None)
@given(
    st.dictionaries(keys, st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.text(), st.none()))
)
def test_every_other_member_keeps_its_bytes_and_its_order(members):
    body = json.dumps({"resourceType": "Basic", **members}).encode()
    raw = msgspec.json.Decoder(dict[str, msgspec.Raw])
    before, after = raw.decode(body), raw.decode(put(body))
    assert [(name, bytes(value)) for name, value in after.items() if name not in ("id", "meta")] == [
        (name, bytes(value)) for name, value in before.items()
    ]
