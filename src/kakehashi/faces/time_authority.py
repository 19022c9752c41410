"""The time-stamping authority over HTTP (RFC 3161, 3.4): what is sent to it, and no more than a token taken back."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from kakehashi.core.errors import Unavailable
from kakehashi.core.settings import Settings
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held

if TYPE_CHECKING:
    import httpx

    from kakehashi.trust.timestamps import Stamper

_WAIT = 20  # seconds


def stamper(settings: Settings) -> "Stamper | None":
    """Return what stamps this installation's checkpoints; None where no authority is set. Raises BadStamp."""
    if not settings.tsa_url:
        return None
    from kakehashi.trust.timestamps import Stamper, roots_in

    home = settings.home
    return Stamper(Held.at(home), Signer.at(home).verifier, roots_in(home), partial(send, settings.tsa_url))


async def send(url: str, query: bytes) -> bytes:
    """Send a request and return the answer, a byte more than a token at most. Raises Unavailable when there is none."""
    import httpx

    from kakehashi.trust.timestamps import ANSWER_BYTES

    headers = {"content-type": "application/timestamp-query", "accept-encoding": "identity"}
    try:
        async with (
            asyncio.timeout(_WAIT),
            httpx.AsyncClient(timeout=_WAIT) as client,
            client.stream("POST", url, content=query, headers=headers) as answer,
        ):
            answer.raise_for_status()
            return await _first(answer, ANSWER_BYTES + 1)
    except (httpx.HTTPError, OSError, TimeoutError) as fault:
        raise Unavailable from fault


async def _first(answer: "httpx.Response", most: int) -> bytes:
    said = bytearray()
    async for part in answer.aiter_raw():
        said += part
        if len(said) >= most:
            break
    return bytes(said[:most])
