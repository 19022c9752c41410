"""Under what right a record is open, in words for the top of the page. Pure.

It tells of consent and emergency only. That something is withheld, or not told to the person, is said nowhere here:
what may not be seen leaves no trace.
"""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.window import Window
from kakehashi.services.eligibility.rules import ITEMS


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of the consent: whether it opens anything to who looks, and whether only a part of it."""

    ja: str
    en: str
    open: bool
    part: bool


@dataclass(frozen=True, slots=True)
class Why:
    """The words; `items` of the consent, where there is one; `until`: when the window closes."""

    ja: str
    en: str
    tone: str
    urgent: bool = False
    items: tuple[Asked, ...] = ()
    until: datetime | None = None
    proxy: bool = False  # somebody else's record, opened on their behalf


def why_of(window: Window, given: int, *, own: bool, proxy: bool) -> Why:
    """Return why the record is open. `given`: the kinds that live consents name and the role of who looks may see.

    Not the kinds of the window's panes: those lack what is withheld, and the badges would tell of it.
    """
    if own:
        said = (
            ("代理人として開いています", "Open to you as a proxy")
            if proxy
            else ("あなたの記録です", "Your own record")
        )
        return Why(*said, "warn" if proxy else "good", proxy=proxy)
    if "emergency:" in window.because:
        return Why("救急閲覧", "Emergency", "danger", urgent=True, until=window.until)
    if "consent:" in window.because:
        items = tuple(
            Asked(item.ja, item.en, bool(item.kinds & given), bool(item.kinds & ~given)) for item in ITEMS
        )
        return Why(
            "本人の同意: 他施設の記録も表示",
            "By consent: other institutions too",
            "good",
            False,
            items,
            window.until,
        )
    return Why(
        "自施設の記録だけ（他施設の記録には受付での同意が必要）",
        "Only our own records; others need consent at reception",
        "warn",
    )
