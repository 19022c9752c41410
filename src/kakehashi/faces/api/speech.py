"""The one place where XML comes in and goes out: handlers think in JSON, and what is kept is JSON."""

import asyncio
from dataclasses import replace
from functools import lru_cache

import msgspec

from kakehashi.core.errors import BadRequest, Malformed
from kakehashi.faces.api.answer import FHIR, Answer, of_failure
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import NotAcceptable
from kakehashi.faces.api.formats import Format, Wish
from kakehashi.fhir.xml import indented, xml_of

XML = b"application/fhir+xml; charset=utf-8"
_LARGE = 200_000  # bytes that are worth a thread: some ten milliseconds of work


def _xml(body: bytes, pretty: bool) -> bytes:
    return indented(xml_of(body)) if pretty else xml_of(body)


_kept = lru_cache(maxsize=4)(_xml)  # for answers that are the same to all: the CapabilityStatement


async def spoken(answer: Answer, call: Call, *, same_to_all: bool) -> Answer:
    """Return an answer as its caller wishes to have it; in JSON where the wish itself cannot be met.

    What XML cannot write is refused to a reader, and told in JSON to a writer, for whom all is done already.
    """
    if answer.media != FHIR or not answer.body:
        return answer
    try:
        wish = call.wish
    except (NotAcceptable, BadRequest):
        return answer
    if wish == Wish():
        return answer
    try:
        if len(answer.body) > _LARGE:
            return await asyncio.to_thread(_written, answer, wish, same_to_all)
        return _written(answer, wish, same_to_all)
    except Malformed as unspeakable:
        reads = call.method in ("GET", "HEAD")
        return of_failure(NotAcceptable(problems=unspeakable.problems)) if reads else answer


def _written(answer: Answer, wish: Wish, same_to_all: bool) -> Answer:
    if wish.format is Format.JSON:
        return replace(answer, body=msgspec.json.format(answer.body, indent=2))
    body = (_kept if same_to_all else _xml)(answer.body, wish.pretty)
    return replace(answer, body=body, media=XML)
