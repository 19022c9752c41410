"""`$process-message`: a message is carried out as a transaction or a submission is, and answered by a message.

Whether it went well is told in the reply's `MessageHeader.response`, under HTTP 200; what is no message, and who may
not send one, are answered as everywhere. Source: https://hl7.org/fhir/R4/messageheader-operation-process-message.html
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from kakehashi.core.errors import Failure, Invalid, NotSupported, Refused
from kakehashi.engines.messages.envelope import Message, message_of, submission_of, wishes_of
from kakehashi.engines.messages.events import RECORDS, SUBMISSION, event_of
from kakehashi.engines.messages.replying import OK, code_of, reply
from kakehashi.engines.records.submit import Sent, submit
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import version_path
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well, outcome_of
from kakehashi.faces.api.given import bad
from kakehashi.fhir.parse import Resource, parse
from kakehashi.services.sharing.register import register
from kakehashi.services.sharing.rules.whole import is_submission
from kakehashi.trust import roles


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of a message: an OperationOutcome, and references to what was stored."""

    outcome: bytes
    stored: tuple[str, ...] = ()


async def process(call: Call) -> Answer:
    """POST [base]/$process-message with a Bundle, or with Parameters (content)."""
    roles.require(call.actor, "create", resource_type="Bundle")
    content, asked = _content(await call.resource())
    for name, value in [*call.pairs, *asked]:
        if name == "response-url" or (name == "async" and value != "false"):
            raise _synchronous(name)
    message = message_of(content)
    endpoint = f"{call.api.base}/$process-message"
    sender = call.actor.institution.key
    try:
        done = await _HANDLERS[event_of(message.header).code](call, message)
    except Refused:
        raise
    except Failure as failure:
        if failure.status == 500:
            raise
        told = reply(
            message, code_of(failure), outcome_of(failure.problems), sender=sender, endpoint=endpoint
        )
        return Answer(200, told)
    return Answer(200, reply(message, OK, done.outcome, sender=sender, endpoint=endpoint, stored=done.stored))


async def _records(call: Call, message: Message) -> _Done:
    """Store what the message carries, as a transaction would."""
    wishes = wishes_of(message)
    for one in wishes:
        if one.resource is not None and is_submission(one.resource):
            raise Invalid(
                f"共有サービスの Bundle は、イベント {SUBMISSION.code} のメッセージで送ってください。",
                f"Send a Bundle of the sharing service in a message of the event {SUBMISSION.code}.",
                rule="sharing.transaction", place=one.place,
            )  # fmt: skip
    sent = Sent(call.request, message.key, message.covered, call.api.base)
    outcomes = await submit(call.house, wishes, by=call.actor, at=call.at, sent=sent)
    stored = tuple(version_path(one.type, one.id, one.version) for one in outcomes)
    return _Done(all_well(f"{len(stored)} 件を登録しました。", f"Stored {len(stored)} records."), stored)


async def _submission(call: Call, message: Message) -> _Done:
    """Hand a Bundle to the sharing service."""
    done = await register(
        call.house, submission_of(message).body, by=call.actor, at=call.at, key=message.key, request=call.request,
        covered=message.covered,
    )  # fmt: skip
    outcome = outcome_of(done.notes) if done.notes else all_well("受け付けました。", "Accepted.")
    return _Done(outcome, (f"Bundle/{done.bundle_id}",))


_HANDLERS: dict[str, Callable[[Call, Message], Awaitable[_Done]]] = {
    RECORDS.code: _records,
    SUBMISSION.code: _submission,
}


class _Parameter(msgspec.Struct):
    name: str = ""
    resource: msgspec.Raw = msgspec.Raw(b"")
    valueBoolean: bool | None = None  # noqa: N815 (FHIR's name)


class _Parameters(msgspec.Struct):
    parameter: list[_Parameter] = []


def _content(sent: Resource) -> tuple[Resource, list[tuple[str, str]]]:
    """The message with its bytes as they came, and the other parameters. Raises BadRequest, Malformed."""
    if sent.type == "Bundle":
        return sent, []
    found: list[_Parameter] = []
    if sent.type == "Parameters":
        try:
            found = msgspec.json.decode(sent.body, type=_Parameters).parameter
        except msgspec.ValidationError:
            raise bad("content", "Parameters.parameter.resource (Bundle)") from None
    contents = [parse(bytes(one.resource)) for one in found if one.name == "content" and bytes(one.resource)]
    if len(contents) != 1 or contents[0].type != "Bundle":
        raise bad("content", "Parameters.parameter.resource (Bundle)")
    return contents[0], [(one.name, "false" if one.valueBoolean is False else "true") for one in found]


def _synchronous(name: str) -> NotSupported:
    return NotSupported(
        f"{name} は使えません。応答はこのリクエストの答えとして返します（メッセージにある宛先へは接続しません）。",
        f"{name} is not supported: the reply is the answer to this request; no address in a message is called.",
        rule="message.asynchronous",
        place=name,
    )
