"""Fetching the inputs of an import from addresses that the operator allows, onto the disk.

Only from hosts that `import_sources` names, by HTTPS, with the same care as published keys (trust/addresses.py):
where we connect to is resolved first, held against what is allowed, and connected to by that very address; no
redirects, no proxies from the environment. An address inside the operator's own network is refused, unless
`key_networks` has it.
"""

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from kakehashi.core.errors import Failure, Refused
from kakehashi.core.settings import Settings
from kakehashi.engines.transfer import files
from kakehashi.trust.addresses import Addresses, Resolve, Shut, trusting

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0  # without a byte
MOST_BYTES = 16 << 30  # of one input
_CHUNK = 1 << 20


class Unfetched(Failure):
    """An input could not be had; the rule says why, in a word."""

    default_ja = "取り込み元のファイルを取得できませんでした。アドレスと公開状態を確かめてください。"
    default_en = "An input could not be fetched. Check its address, and that it is served."


def require_allowed(settings: Settings, url: str) -> None:
    """Raise Refused unless the operator lets inputs be fetched from the address's host."""
    parts = _parts(url)
    if parts.scheme != "https" or parts.userinfo or parts.host not in settings.import_sources.lower().split():
        raise Refused(
            "この取り込み元は許可されていません。運用担当者が import_sources に登録したホストの https:// だけです。",
            "Inputs are not fetched from there: https:// addresses of hosts in the operator's import_sources only.",
            rule="bulk.import-source",
            place="inputSource",
        )


class Inputs:
    """Fetches inputs. `resolve` and `context` stand in for the name service and the authorities of the machine."""

    def __init__(
        self, settings: Settings, *, resolve: Resolve | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self._settings, self._context = settings, context
        self._addresses = Addresses(settings.key_networks, resolve=resolve)

    async def fetch(self, url: str, path: Path) -> None:
        """Fetch one input to a new file. Raises Refused, Unfetched."""
        import httpx

        require_allowed(self._settings, url)
        part = path.with_suffix(".part")
        await asyncio.to_thread(part.unlink, missing_ok=True)
        try:
            await self._fetch(_parts(url), part)
        except Shut as shut:
            raise Unfetched(rule=f"bulk.fetch.{shut}") from None
        except (httpx.HTTPError, OSError, UnicodeError) as fault:
            raise Unfetched(rule=f"bulk.fetch.{type(fault).__name__}") from None
        await asyncio.to_thread(part.rename, path)

    async def _fetch(self, url: "httpx.URL", part: Path) -> None:
        import httpx

        address = await self._addresses.of(url.host, url.port or 443)
        headers = {"host": url.netloc.decode("ascii"), "accept": "application/fhir+ndjson"}
        headers["accept-encoding"] = "identity"
        said = {"sni_hostname": url.host}  # the certificate is held against the name, not against the address
        pinned = url.copy_with(host=str(address))
        length = 0
        async with (
            httpx.AsyncClient(verify=self._context or trusting(), trust_env=False, timeout=SECONDS) as client,
            client.stream("GET", pinned, headers=headers, extensions=said) as answer,
        ):
            if answer.status_code != 200:
                raise Unfetched(rule="bulk.fetch.status")
            async for some in answer.aiter_raw(_CHUNK):
                length += len(some)
                if length > MOST_BYTES:
                    raise Unfetched(rule="bulk.fetch.size")
                await asyncio.to_thread(files.write, part, some)


def _parts(url: str) -> "httpx.URL":
    import httpx

    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return httpx.URL("")
