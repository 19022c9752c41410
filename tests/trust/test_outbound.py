"""Sending to others' addresses: which may be asked at all, and that nothing of an answer can hold us."""

import pytest

from kakehashi.trust.outbound import Outbound, Unsent, sound


async def _refused(url: str, networks: str, *found: str) -> str:
    async def resolve(_: str, __: int) -> list[str]:
        return list(found)

    with pytest.raises(Unsent) as refusal:
        await Outbound(networks, resolve=resolve).reach(url)
    return refusal.value.why


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
    ],
)
async def test_no_address_of_our_own_network_is_reached(address: str) -> None:
    assert await _refused("https://a.example/", "", address) == "hook.network"
    assert await _refused("https://a.example/", "", "93.184.215.14", address) == "hook.network"


@pytest.mark.parametrize(
    ("url", "networks", "found", "why"),
    [
        ("http://a.example/", "", "93.184.215.14", "hook.scheme"),
        ("http://a.example/", "10.0.0.0/8", "93.184.215.14", "hook.scheme"),
        ("https://a.example/", "10.0.0.0/8", "192.168.0.1", "hook.network"),
    ],
)
async def test_plain_http_is_for_listed_networks_alone(url: str, networks: str, found: str, why: str) -> None:
    assert await _refused(url, networks, found) == why


@pytest.mark.parametrize(
    ("url", "networks", "found"),
    [
        ("https://a.example/", "", "93.184.215.14"),
        ("https://a.example/", "10.0.0.0/8", "10.1.2.3"),
        ("http://a.example/", "10.0.0.0/8", "10.1.2.3"),
    ],
)
async def test_what_is_public_or_listed_is_reached(url: str, networks: str, found: str) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        return [found]

    await Outbound(networks, resolve=resolve).reach(url)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example/hook?x=1", True),
        ("http://10.0.0.1:8080/", True),
        ("https://u:p@a.example/", False),
        ("https://a.example/#x", False),
        ("file:///etc/passwd", False),
        ("//a.example", False),
        ("https://", False),
        ("", False),
    ],
)
def test_the_form_of_an_address_is_looked_at_when_it_is_given(url: str, good: bool) -> None:
    assert sound(url) is good
