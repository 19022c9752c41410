"""Send to an address that a subscriber named, without lending anybody our place in the network.

The address is resolved once and held against what is allowed (trust/addresses.py). HTTPS; plain HTTP within the
networks that the operator lists, and nowhere else. No redirects, no proxies from the environment, little time. Of
the answer only the status is read: its body may be endless, or somebody's.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kakehashi.core.errors import Unavailable
from kakehashi.store.watch import OUTBOUND, step
from kakehashi.trust.addresses import Addresses, Resolve, Shut, trusting

if TYPE_CHECKING:
    import httpx

SECONDS = 10.0  # for all of it: name, connection, sending, status
_PORTS = {"https": 443, "http": 80}


class Unsent(Unavailable):
    """It was not taken; `rule` says why, in a word: `hook.network`, `hook.status.500`, `hook.TimeoutError`."""

    @property
    def why(self) -> str:
        """The reason, in a word."""
        return self.problems[0].rule


class Outbound:
    """Sends. `networks`: of our own, with blanks between, in which subscribers may be, over plain HTTP too."""

    def __init__(
        self,
        networks: str = "",
        *,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._addresses = Addresses(networks, resolve=resolve)
        self._context = context
        self._seconds = seconds

    async def reach(self, url: str) -> None:
        """Find out whether we may connect to an address at all, without doing so. Raises Unsent."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._pinned(_parts(url))
        except (OSError, TimeoutError, UnicodeError) as fault:
            raise Unsent(rule=f"hook.{type(fault).__name__}") from None

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send, and return when the other side has taken it (2xx). Raises Unsent."""
        import httpx

        try:
            with step(OUTBOUND):
                async with asyncio.timeout(self._seconds):
                    status = await self._sent(method, _parts(url), body, headers)
        except (httpx.HTTPError, OSError, TimeoutError, UnicodeError) as fault:
            raise Unsent(rule=f"hook.{type(fault).__name__}") from None
        if not 200 <= status < 300:
            raise Unsent(rule=f"hook.status.{status}")

    async def _sent(self, method: str, url: "httpx.URL", body: bytes, headers: Mapping[str, str]) -> int:
        import httpx

        pinned = await self._pinned(url)
        said = {**headers, "host": url.netloc.decode("ascii"), "accept-encoding": "identity"}
        name = {"sni_hostname": url.host}  # the certificate is held against the name, not against the address
        async with (
            httpx.AsyncClient(verify=self._trust(), trust_env=False, timeout=self._seconds) as client,
            client.stream(method, pinned, content=body, headers=said, extensions=name) as answer,
        ):
            return answer.status_code

    async def _pinned(self, url: "httpx.URL") -> "httpx.URL":
        """Return the URL with the address in the place of the name. Raises Unsent, OSError."""
        try:
            address = await self._addresses.of(url.host, url.port or _PORTS[url.scheme])
        except Shut as shut:
            raise Unsent(rule=f"hook.{shut}") from None
        if url.scheme == "http" and not self._addresses.is_own(address):
            raise Unsent(rule="hook.scheme")
        return url.copy_with(host=str(address))

    def _trust(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting()
        return self._context


def sound(url: str) -> bool:
    """Say whether a URL has the form of one that may be sent to; where it leads is asked when it is used."""
    import httpx

    try:
        _parts(url)
    except (Unsent, httpx.InvalidURL):
        return False
    return True


def _parts(url: str) -> "httpx.URL":
    import httpx

    parts = httpx.URL(url)
    if parts.scheme not in _PORTS or not parts.host or parts.userinfo or parts.fragment:
        raise Unsent(rule="hook.address")
    return parts
