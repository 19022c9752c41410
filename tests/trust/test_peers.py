"""Where a request comes from, as far as it can be trusted: a header counts only when a trusted proxy sends it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kakehashi.core.settings import Settings
from kakehashi.trust.peers import client_address, is_here, is_proxy

SECRET = "s" * 32
BEHIND = Settings(proxy_secret=SECRET, proxies="10.0.0.5 192.0.2.0/28 2001:db8:1::/64")
addresses = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "::1", "10.0.0.5", "192.0.2.14", "2001:db8:1::9", "::ffff:10.0.0.5"]
)
def test_a_proxy_is_believed_from_its_place_and_with_its_secret(peer: str) -> None:
    assert is_proxy(peer, SECRET, BEHIND)
    assert client_address(peer, SECRET, ["203.0.113.9"], BEHIND) == "203.0.113.9"


@pytest.mark.parametrize(("peer", "secret", "settings"), [
    ("127.0.0.1", "", Settings()),
    ("127.0.0.1", "", BEHIND),
    ("127.0.0.1", "x" * 32, BEHIND),
    ("127.0.0.1", "\ud800", BEHIND),
    ("127.0.0.1", "short", replace(BEHIND, proxy_secret="short")),
    ("10.0.0.6", SECRET, BEHIND),
    ("192.0.2.16", SECRET, BEHIND),
    ("testclient", SECRET, BEHIND),
    ("", SECRET, BEHIND),
])  # fmt: skip
def test_nobody_else_is_and_what_they_forward_does_not_count(
    peer: str, secret: str, settings: Settings
) -> None:
    assert not is_proxy(peer, secret, settings)
    assert client_address(peer, secret, ["203.0.113.9"], settings) == peer


@given(peer=addresses, forwarded=st.lists(addresses | st.text(max_size=20), max_size=4))
def test_without_a_secret_no_header_changes_the_address(peer: str, forwarded: list[str]) -> None:
    assert client_address(peer, SECRET, forwarded, Settings(proxies="0.0.0.0/0 ::/0")) == client_address(
        peer, "", [], Settings()
    )


clients = st.ip_addresses(v=4).filter(lambda one: one.is_global).map(str)


@given(invented=st.lists(addresses | st.text(max_size=20), max_size=4), real=clients)
def test_what_the_client_invents_stands_before_what_the_proxy_adds(invented: list[str], real: str) -> None:
    assert client_address("127.0.0.1", SECRET, [*invented, real], BEHIND) == real
    assert client_address("127.0.0.1", SECRET, [", ".join([*invented, real])], BEHIND) == real


def test_a_chain_of_listed_proxies_is_read_to_its_end_and_no_further() -> None:
    chain = "198.51.100.1, 203.0.113.9, 192.0.2.3, 10.0.0.5"
    assert client_address("127.0.0.1", SECRET, [chain], BEHIND) == "203.0.113.9"
    assert client_address("127.0.0.1", SECRET, ["unknown, 10.0.0.5"], BEHIND) == "10.0.0.5"
    assert client_address("127.0.0.1", SECRET, [], BEHIND) == "127.0.0.1"


@pytest.mark.parametrize(("said", "read"), [
    ("203.0.113.9:4711", "203.0.113.9"), ("[2001:db8::7]:443", "2001:db8::7"), ("2001:DB8::7", "2001:db8::7"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
])  # fmt: skip
def test_one_address_is_counted_once_however_it_is_written(said: str, read: str) -> None:
    assert client_address("127.0.0.1", SECRET, [said], BEHIND) == read


def test_here_is_only_where_nothing_can_be_in_front() -> None:
    assert is_here("127.0.0.1", {}, Settings()) and is_here("::1", {}, Settings())
    for peer, headers, settings in (
        ("203.0.113.9", {}, Settings()),
        ("", {}, Settings()),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.9"}, Settings()),
        ("127.0.0.1", {"via": "1.1 proxy"}, Settings()),
        ("127.0.0.1", {}, Settings(base_url="https://kakehashi.example")),  # a proxy that says nothing
    ):
        assert not is_here(peer, headers, settings), (peer, headers)
