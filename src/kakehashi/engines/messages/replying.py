"""The reply to a message: a message whose header says what came of it. The same for the same, byte for byte."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from kakehashi.core.errors import Failure
from kakehashi.core.ids import derived_id
from kakehashi.engines.messages.envelope import Message

OK, FATAL, TRANSIENT = "ok", "fatal-error", "transient-error"
_PASSING = (429, 503)
_RACES = ("store.race", "conflict")  # rules of a 409 that only says: another came at the same moment


def code_of(failure: Failure) -> str:
    """Return how a failure is told: `transient-error` where the same message may succeed later."""
    race = failure.status == 409 and failure.problems[0].rule in _RACES
    return TRANSIENT if race or failure.status in _PASSING else FATAL


def reply(
    message: Message, code: str, outcome: bytes, *, sender: int, endpoint: str, stored: Sequence[str] = ()
) -> bytes:
    """Return the reply as a Bundle. `sender`: key of the institution that sent; `outcome`: the OperationOutcome.

    `stored`: what was stored, as references; destination and source are the message's the other way round.
    """
    names = [derived_id("message-reply", str(sender), message.id, code, part) for part in ("0", "1", "2")]
    header: dict[str, Any] = {
        "resourceType": "MessageHeader",
        "id": names[1],
        **{name: message.header[name] for name in ("eventCoding", "eventUri") if name in message.header},
        "destination": [_turned(message.header["source"])],
        "source": {"name": "Kakehashi", "endpoint": endpoint},
        "response": {
            "identifier": message.id,
            "code": code,
            "details": {"reference": f"urn:uuid:{names[2]}"},
        },
    }
    if stored:
        header["focus"] = [{"reference": one} for one in stored]
    said = orjson.loads(outcome)
    entries = [
        {"fullUrl": f"urn:uuid:{names[1]}", "resource": header},
        {"fullUrl": f"urn:uuid:{names[2]}", "resource": {**said, "id": names[2]}},
    ]
    return orjson.dumps({"resourceType": "Bundle", "id": names[0], "type": "message", "entry": entries})


def _turned(source: Mapping[str, Any]) -> dict[str, Any]:
    """The sender as the destination of the reply."""
    return {name: source[name] for name in ("name", "endpoint") if name in source}
