"""The time-stamping authority over HTTP (RFC 3161, 3.4): what is sent to it, and no more than a token taken back."""

import asyncio
from functools import partial
from http.client import HTTPException
from urllib.request import Request, urlopen

from kakehashi.core.errors import Unavailable
from kakehashi.core.settings import Settings
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.timestamps import ANSWER_BYTES, Stamper, roots_in

_WAIT = 20  # seconds


def stamper(settings: Settings) -> Stamper | None:
    """Return what stamps this installation's checkpoints; None where no authority is set. Raises BadStamp."""
    if not settings.tsa_url:
        return None
    home = settings.home
    return Stamper(Held.at(home), Signer.at(home).verifier, roots_in(home), partial(send, settings.tsa_url))


async def send(url: str, query: bytes) -> bytes:
    """Send a request and return the answer. Raises Unavailable when there is none."""
    return await asyncio.to_thread(_send, url, query)


def _send(url: str, query: bytes) -> bytes:
    asked = Request(url, query, {"Content-Type": "application/timestamp-query"})  # noqa: S310 - http(s): settings.py
    try:
        with urlopen(asked, timeout=_WAIT) as answer:  # noqa: S310
            said: bytes = answer.read(ANSWER_BYTES + 1)
            return said
    except (OSError, HTTPException) as fault:
        raise Unavailable from fault
