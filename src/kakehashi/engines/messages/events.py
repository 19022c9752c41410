"""The events that messages may be about, as data. What a face does for each stands in faces/api/messages.py."""

from dataclasses import dataclass
from typing import Any

from kakehashi.core.errors import NotSupported

SYSTEM = "urn:kakehashi:event"
_V2 = "http://terminology.hl7.org/CodeSystem/v2-0003"
# Events of HL7 v2 after which the records that the message carries say all: to store them is what the event asks for.
# A merge (A40) or a deletion (A29) asks for more and is not among them.
_V2_RECORDS = frozenset(
    "A01 A02 A03 A04 A05 A08 A11 A13 A28 A31 O11 O13 O21 O23 P03 R01 S12 S13 S14 S15".split()
)


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of message: its code in SYSTEM, and what becomes of what it carries."""

    code: str
    ja: str
    en: str


RECORDS = Event(
    "records", "記録を一括で登録・更新する", "store the records that the message carries, all or none"
)
SUBMISSION = Event(
    "submission",
    "電子カルテ情報共有サービスの Bundle を登録・変更・取消する",
    "register, replace or withdraw a Bundle of the sharing service",
)
EVENTS = {one.code: one for one in (RECORDS, SUBMISSION)}


def event_of(header: dict[str, Any]) -> Event:
    """Return the event of a MessageHeader: `eventCoding` in SYSTEM, or `eventUri` SYSTEM:code. Raises NotSupported."""
    coding = header.get("eventCoding") or {}
    if coding.get("system") == _V2 and coding.get("code") in _V2_RECORDS:
        return RECORDS
    code = str(coding.get("code", "")) if coding.get("system") == SYSTEM else ""
    code = code or str(header.get("eventUri", "")).removeprefix(f"{SYSTEM}:")
    if code in EVENTS:
        return EVENTS[code]
    served = ", ".join(f"{SYSTEM}|{one.code} ({one.ja} · {one.en})" for one in EVENTS.values())
    raise NotSupported(
        f"このイベントのメッセージは扱いません。扱うもの: {served}",
        f"Messages of this event are not served. Served: {served}",
        rule="message.event",
        place="MessageHeader.event",
    )
