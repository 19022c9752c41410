"""Addresses of apps: compared sign by sign; a native app's loopback alone may differ, and in its port alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.trust.oauth import redirects

REGISTERED = (
    "https://app.example/cb?x=1",
    "http://127.0.0.1/done",
    "http://[::1]/done",
    "http://localhost:4711/cb",
)


@given(st.sampled_from(REGISTERED))
def test_what_is_registered_is_registered(url: str) -> None:
    assert redirects.is_registered(url, REGISTERED)


@given(st.integers(1, 65_535), st.sampled_from(("127.0.0.1", "[::1]")))
def test_a_native_app_listens_at_any_port(port: int, host: str) -> None:
    assert redirects.is_registered(f"http://{host}:{port}/done", REGISTERED)


@given(
    st.text(max_size=60)
    | st.sampled_from(REGISTERED).flatmap(lambda one: st.text(max_size=3).map(one.__add__))
)
def test_anything_else_is_not(url: str) -> None:
    if url not in REGISTERED:
        assert not redirects.is_registered(url, REGISTERED)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4711/done/", "http://127.0.0.1:4711/done?x=1", "http://127.0.0.1:4711/done#x",
        "https://127.0.0.1:4711/done", "http://user@127.0.0.1:4711/done", "http://127.0.0.1:099/done",
        "http://127.0.0.1:99999/done", "http://127.0.0.1:65536/done",
        "HTTP://127.0.0.1:4711/done",
        "HTTP://127.0.0.1/done",
        "http://127.0.0.1:/done",
        "http://127.0.0.2:4711/done", "http://localhost:4712/cb", "http://localhost/cb", "http://127.0.0.1:/done ",
        "https://app.example:8443/cb?x=1", "http://127.0.0.1\\@evil.example/done",
    ],
)  # fmt: skip
def test_near_misses_are_not(url: str) -> None:
    assert not redirects.is_registered(url, REGISTERED)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://app.example/cb", "https://app.example"), ("https://app.example:443/", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"), ("http://localhost:4711/cb", "http://localhost:4711"),
        ("http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"), ("http://127.0.0.1/cb", ""),
        ("http://[::1]:4711/cb", "http://[::1]:4711"),
    ],
)  # fmt: skip
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str) -> None:
    assert redirects.origin_of(url) == origin


def test_what_an_address_had_in_its_query_stays() -> None:
    assert redirects.with_query("https://a.example/?x=1", code="a b") == "https://a.example/?x=1&code=a+b"
