"""Keys published by a real HTTPS server: fetched as far as certificate, place in the network, size and time allow."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from oauth_systems import NOON, System, new_system

from kakehashi.core.errors import Failure
from kakehashi.trust.addresses import is_public
from kakehashi.trust.keys import Authority
from kakehashi.trust.oauth import fetching
from kakehashi.trust.oauth.fetching import Fetcher, Unfetched
from kakehashi.trust.oauth.jwks import SHORTEST_KEPT, Published

HOST = "ehr.example"
LOOPBACK = "127.0.0.0/8"


@dataclass
class Hospital:
    """A small HTTPS server of a hospital that publishes the keys of its system."""

    system: System
    context: ssl.SSLContext  # what trusts its authority
    port: int = 0
    head: str = "HTTP/1.1 200 OK\r\ncache-control: max-age=120\r\n"
    body: bytes = b""
    delay: float = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/jwks.json"

    def fetcher(self, networks: str = LOOPBACK, to: Sequence[str] = ("127.0.0.1",)) -> Fetcher:
        """A fetcher for which the hospital's name leads to these addresses."""

        async def resolve(host: str, port: int) -> list[str]:
            return list(to) if host == HOST else []

        return Fetcher(networks, resolve=resolve, context=self.context)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        await asyncio.sleep(self.delay)
        writer.write(
            f"{self.head}content-length: {len(self.body)}\r\nconnection: close\r\n\r\n".encode() + self.body
        )
        writer.close()


@pytest.fixture
async def hospital(tmp_path: Path) -> AsyncIterator[Hospital]:
    authority = Authority.make("見本認証局", at=datetime.now(UTC))
    authority.server([HOST], at=datetime.now(UTC)).write(tmp_path, "server")
    inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inside.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    outside = ssl.create_default_context(cadata=authority.issued.certificate.decode())
    system = new_system()
    one = Hospital(system, outside, body=system.jwks().encode())
    server = await asyncio.start_server(one.answer, "127.0.0.1", 0, ssl=inside)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    server.close()
    await server.wait_closed()


async def why(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(Unfetched) as told:
        await fetcher.fetch(url)
    return told.value.problems[0].rule.removeprefix("oauth.jwks.")


async def test_keys_are_fetched_by_the_name_that_the_certificate_is_for(hospital: Hospital) -> None:
    found = await hospital.fetcher().fetch(hospital.url)
    assert (found.body, found.max_age) == (hospital.system.jwks().encode(), 120)
    assert f"\r\nhost: {HOST}:{hospital.port}\r\n" in hospital.asked[0].lower()


async def test_a_certificate_for_another_name_or_of_an_unknown_authority_is_refused(
    hospital: Hospital,
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    other = Fetcher(LOOPBACK, resolve=resolve, context=hospital.context)
    assert await why(other, hospital.url.replace(HOST, "evil.example")) == "ConnectError"
    assert await why(Fetcher(LOOPBACK, resolve=resolve), hospital.url) == "ConnectError"
    assert hospital.asked == []


@pytest.mark.parametrize("to", [
    ["127.0.0.1"], ["::1"], ["10.1.2.3"], ["169.254.169.254"], ["192.168.0.1"], ["fe80::1%eth0"], ["fd00::1"],
    ["0.0.0.0"], ["::ffff:10.0.0.1"], ["64:ff9b::a00:1"], ["2002:a00:1::"], ["100.64.0.1"], ["224.0.0.1"],
    ["93.184.216.34", "10.0.0.1"],
])  # fmt: skip
async def test_a_name_that_leads_into_a_network_of_our_own_is_not_asked(
    hospital: Hospital, to: list[str]
) -> None:
    assert await why(hospital.fetcher("", to), hospital.url) == "network"
    assert hospital.asked == []


def test_public_addresses_are_public_also_through_nat64() -> None:
    for one in ("93.184.216.34", "2606:4700::6810:84e5", "64:ff9b::5db8:d822"):
        assert is_public(ip_address(one)), one


async def test_what_the_operator_allows_is_asked_and_its_neighbour_is_not(hospital: Hospital) -> None:
    assert (await hospital.fetcher("10.0.0.0/8 127.0.0.1/32").fetch(hospital.url)).body
    assert await why(hospital.fetcher("127.0.0.2/32"), hospital.url) == "network"


async def test_plain_http_an_unknown_name_and_a_closed_door(hospital: Hospital) -> None:
    assert await why(hospital.fetcher(), hospital.url.replace("https:", "http:")) == "scheme"
    assert await why(hospital.fetcher(), hospital.url.replace("://", "://user@")) == "scheme"
    assert await why(hospital.fetcher(), hospital.url.replace(HOST, "nobody.example")) == "name"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"https://{HOST}:{free.getsockname()[1]}/"
        assert await why(hospital.fetcher(), closed) == "ConnectError"


async def test_another_status_a_redirect_too_much_and_too_slow(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher = hospital.fetcher()
    for status in ("404 Not Found", "302 Found\r\nlocation: https://127.0.0.1/keys"):
        hospital.head = f"HTTP/1.1 {status}\r\n"
        assert await why(fetcher, hospital.url) == "status"
    assert len(hospital.asked) == 2
    hospital.head, hospital.body = "HTTP/1.1 200 OK\r\n", b" " * 70_000
    assert await why(fetcher, hospital.url) == "size"
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    hospital.delay = 0.5
    assert await why(fetcher, hospital.url) in ("TimeoutError", "ReadTimeout")


@pytest.mark.parametrize(("said", "kept"), [
    ("max-age=300", 300), ("public, Max-Age=60, must-revalidate", 60), ("no-store, max-age=300", 0), ("private", 0),
    ("max-age=300\r\nage: 100", 200), ("max-age=-5", 0), ("no-cache", 0), ("x-max-age=9", 0),
])  # fmt: skip
async def test_how_long_it_may_be_kept(hospital: Hospital, said: str, kept: int) -> None:
    hospital.head = f"HTTP/1.1 200 OK\r\ncache-control: {said}\r\n"
    assert (await hospital.fetcher().fetch(hospital.url)).max_age == kept


async def test_an_address_is_asked_once_in_a_while_whatever_is_claimed_in_its_name(
    hospital: Hospital,
) -> None:
    """Also when it fails, and by many at once: nobody can make us knock at somebody's door without end."""
    published = Published(hospital.fetcher().fetch)
    good, _ = await asyncio.gather(
        *(published.keys(hospital.url, kid, at=NOON) for kid in ("k1", "invented"))
    )
    assert "k1" in good and len(hospital.asked) == 1
    for number in range(5):
        assert "k1" in await published.keys(hospital.url, f"invented-{number}", at=NOON)
    hospital.head = "HTTP/1.1 500 Broken\r\n"
    later = NOON + SHORTEST_KEPT
    with pytest.raises(Failure):
        await published.keys(hospital.url, "new", at=later)
    for number in range(5):
        assert "new" not in await published.keys(hospital.url, "new", at=later + timedelta(seconds=number))
    assert "k1" in await published.keys(hospital.url, "k1", at=later)  # what is good stays good
    assert len(hospital.asked) == 2
