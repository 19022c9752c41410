"""A message as it came: who sent it, what event it is about, what it carries; and what makes two of them the same."""

from dataclasses import dataclass
from typing import Any

from kakehashi.core.errors import Invalid
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import Entry, Resource, entries, parse
from kakehashi.fhir.validate import validate

MOST = 10_000  # entries, as of a transaction


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `carried`: its entries but for the header; `covered`: what makes it the same when it comes again.

    The Bundle's own id and timestamp do not count: whoever sends again may put it into another envelope.
    """

    id: str  # MessageHeader.id
    header: dict[str, Any]
    carried: list[Entry]
    covered: bytes

    @property
    def key(self) -> str:
        """The idempotency key of its effect."""
        return f"message:{self.id}"


def message_of(bundle: Resource) -> Message:
    """Return the message that a Bundle is. Raises Invalid, Malformed."""
    if bundle.tree.get("type") != "message":
        raise _no_message("Bundle.type", "Bundle.type は message です。", "Bundle.type is message.")
    listed = bundle.tree.get("entry")
    if isinstance(listed, list) and len(listed) > MOST + 1:
        raise _no_message("Bundle.entry", f"entry は {MOST} 件までです。", f"At most {MOST} entries.")
    found = entries(bundle)
    first = found[0].resource if found else None
    if first is None or first.type != "MessageHeader":
        raise _no_message(
            "Bundle.entry[0]", "最初の entry は MessageHeader です。", "The first entry is a MessageHeader."
        )
    problems = [one for one in validate(first) if one.severity == "error"]
    if problems:
        raise Invalid(problems=[one.moved("Bundle.entry[0].resource") for one in problems])
    if not first.id:
        raise _no_message(
            "Bundle.entry[0].resource.id",
            "MessageHeader.id が必要です。再送はこれで見分けます。",
            "MessageHeader.id is needed: a message sent again is known by it.",
        )
    parts = (part for one in found for part in (one.full_url.encode(), one.body or b""))
    return Message(first.id, first.tree, found[1:], b"\x1f".join(parts))


def wishes_of(message: Message) -> list[Wanted]:
    """Return what the message wants stored: an entry under a `urn:` address or without id is new, others are updated.

    Raises Invalid where there is nothing, or an entry without a resource.
    """
    if not message.carried:
        raise _no_message("Bundle.entry", "登録する記録がありません。", "There is nothing to store.")
    return [_wish(number, one) for number, one in enumerate(message.carried, start=1)]


def submission_of(message: Message) -> Resource:
    """Return the one Bundle that the message carries. Raises Invalid."""
    match message.carried:
        case [Entry(resource=Resource(type="Bundle", body=body))]:
            return parse(body)
    raise _no_message(
        "Bundle.entry[1]",
        "MessageHeader の次に、共有サービスの Bundle を1つだけ入れてください。",
        "After the MessageHeader comes one Bundle of the sharing service, and nothing else.",
    )


def _wish(number: int, one: Entry) -> Wanted:
    place = f"Bundle.entry[{number}]"
    resource = one.resource
    if resource is None:
        raise _no_message(place, "resource がありません。", "There is no resource.")
    new = not resource.id or one.full_url.startswith("urn:")
    return Wanted(
        Method.CREATE if new else Method.UPDATE,
        resource.type,
        None if new else resource.id,
        one.body,
        full_url=one.full_url or None,
        place=f"{place}.resource",
        resource=resource,
    )


def _no_message(place: str, ja: str, en: str) -> Invalid:
    return Invalid(ja, en, rule="message.envelope", place=place)
