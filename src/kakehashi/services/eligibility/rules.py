"""What is asked at the card reader, item by item. Pure.

Sources: オンライン資格確認 (consent items 健診・薬剤・診療・手術, each by itself, 24 hours at this institution; R-A1);
電子カルテ情報共有サービス (5情報 travel with 診療; WG 19402 p.6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kakehashi.core.errors import BadRequest
from kakehashi.core.kinds import Kind, kinds
from kakehashi.trust.consents import CONSENTABLE


@dataclass(frozen=True, slots=True)
class Item:
    """One question at the reader, and the kinds of information (bit set) that a yes opens."""

    name: str
    ja: str
    en: str
    says: str  # what it holds, in the words of the screen
    kinds: int


_CHECKUP: Final = kinds(Kind.CHECKUP)
_MEDICINES: Final = kinds(Kind.PRESCRIPTION, Kind.DISPENSE)
_SURGERY: Final = kinds(Kind.PROCEDURE)
IDENTITY: Final = kinds(Kind.PATIENT)  # who it is goes with every yes: a record without a name is a danger
# Where somebody is insured is the desk's to ask, not the reader's: see trust/decide.py.
_CARE: Final = CONSENTABLE & ~(_CHECKUP | _MEDICINES | _SURGERY | IDENTITY | Kind.COVERAGE.bit)

ITEMS: Final = (
    Item("checkup", "健診情報", "Check-ups", "特定健診などの結果", _CHECKUP),
    Item("medicines", "薬剤情報", "Medicines", "処方・調剤", _MEDICINES),
    Item("care", "診療情報", "Care", "傷病名・検査・感染症・アレルギー・受診歴など", _CARE),
    Item("surgery", "手術情報", "Surgery", "手術・処置", _SURGERY),
)
_BY_NAME: Final = {item.name: item for item in ITEMS}


def kinds_of(names: Iterable[str]) -> int:
    """Return the kinds that a yes to these items opens. Raises BadRequest for none, or for one that is not asked."""
    chosen = [_BY_NAME.get(name) for name in names]
    opened = 0
    for item in chosen:
        if item is None:
            chosen = []
            break
        opened |= item.kinds
    if not chosen:
        raise BadRequest(
            "同意する情報を一つ以上選んでください。",
            "Choose at least one kind of information.",
            rule="eligibility.items",
            place="items",
        )
    return opened | IDENTITY


def items_in(opened: int) -> list[Item]:
    """Return the items that a consent to these kinds covers whole."""
    return [item for item in ITEMS if item.kinds & ~opened == 0]
