"""What of a record is wanted on the page: an institution, a kind, a period, how far back. Pure.

Choosing happens on rows before their bodies are read: a page costs what it shows, not what the person has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from kakehashi.core.kinds import Kind
from kakehashi.engines.records.asked import EVER, NEVER
from kakehashi.faces.web.rendering import JAPAN
from kakehashi.services.viewer.timeline import EVENTS, TOLD, day_of
from kakehashi.store.rows import Row

DAYS = 30  # days of the time line on one page
MOST_ROWS = 500  # read for one page: each costs time and a place in the log; a link leads to the older ones
EVERY_ROW = 10_000  # when everything is asked for
RECENT = timedelta(days=400)  # how far back the bars of medicines reach
PERIODS = ((1, "1年", "1 year"), (3, "3年", "3 years"), (5, "5年", "5 years"))


@dataclass(frozen=True, slots=True)
class Choice:
    """`place`: an institution's key; `before`: days before this one; `years`: back from now; `item`: one series."""

    tab: str
    place: int | None = None
    kind: Kind | None = None
    years: int | None = None
    before: date | None = None
    item: str = ""
    everything: bool = False

    @property
    def limit(self) -> int:
        """How many rows to read."""
        return EVERY_ROW if self.everything or self.item or self.place else MOST_ROWS

    @property
    def narrowed(self) -> bool:
        """Whether anything was chosen."""
        return any(one is not None for one in (self.place, self.kind, self.years, self.before))

    def since(self, at: datetime) -> datetime:
        """Return the earliest moment wanted: of medicines, by themselves, no further back than the bars reach."""
        if self.years:
            return at - timedelta(days=365.25 * self.years)
        return at - RECENT if self.tab == "medicines" and not self.everything else EVER

    def until(self) -> datetime:
        """Return the moment before which everything wanted lies."""
        return datetime.combine(self.before, time(), JAPAN).astimezone(UTC) if self.before else NEVER

    def kept(self, rows: Iterable[Row], at: datetime) -> list[Row]:
        """Return the rows that are wanted."""
        since, until = self.since(at), self.until()
        return [
            row
            for row in rows
            if self.place in (None, row.custodian)
            and self.kind in (None, row.kind)
            and since <= row.at < until
        ]

    def address(self, **changes: object) -> str:
        """Return the address of this page with something else chosen."""
        one = replace(self, **changes)  # type: ignore[arg-type] # names of fields, checked by replace
        said = {
            "tab": one.tab,
            "place": one.place,
            "kind": one.kind and one.kind.value,
            "years": one.years,
            "before": one.before,
            "item": one.item,
            "all": "1" if one.everything else "",
        }
        return "?" + urlencode({name: value for name, value in said.items() if value not in (None, "")})


def choice_of(tab: str, said: dict[str, str]) -> Choice:
    """Read what was asked for; what cannot be read counts as not asked for."""
    kind = _number(said.get("kind", ""))
    years = _number(said.get("years", ""))
    return Choice(
        tab,
        _number(said.get("place", "")),
        next((one for one in EVENTS if one.value == kind), None),
        years if any(years == one[0] for one in PERIODS) else None,
        _day(said.get("before", "")),
        said.get("item", ""),
        said.get("all") == "1",
    )


@dataclass(frozen=True, slots=True)
class Chosen:
    """The rows that a page is made of. `standing`: in sight whatever was chosen; `shown`: what was chosen.

    `further`: the day before which the time line goes on; `whole_from`: what is older was not read (None: all was).
    """

    standing: list[Row]
    shown: list[Row]
    places: tuple[int, ...]
    further: date | None = None
    whole_from: datetime | None = None


def chosen(rows: Sequence[Row], choice: Choice, at: datetime, *, wanted: int, always: int) -> Chosen:
    """Choose among what was read: `rows` with `always` whole, the rest newest first up to the choice's limit."""
    standing = [row for row in rows if always >> row.kind & 1]
    cut = len(rows) - len(standing) >= choice.limit
    whole_from = rows[-1].at if cut else EVER
    about = [row for row in rows if wanted >> row.kind & 1]
    places = tuple(sorted({row.custodian for row in about}))
    shown = choice.kept(about, at)
    if choice.tab != "timeline":
        return Chosen(standing, shown, places, whole_from=whole_from if cut else None)
    shown, further = days_of(shown, whole_from=whole_from)
    return Chosen(standing, shown, places, further)


def days_of(rows: Sequence[Row], *, whole_from: datetime, most: int = DAYS) -> tuple[list[Row], date | None]:
    """Return the rows of the newest `most` days, and the day before which there is more (None: that is all).

    `whole_from`: what lies before it was not all read, so the day it lies on may be shown in part only when it is the
    only one.
    """
    told = [row for row in rows if TOLD >> row.kind & 1]
    newest = [(day_of(row.at), row) for row in sorted(told, key=lambda row: row.at, reverse=True)]
    days = list(dict.fromkeys(day for day, row in newest if row.at >= whole_from))
    if whole_from > EVER and len(days) > 1 and days[-1] == day_of(whole_from):
        days.pop()
    last = days[:most][-1] if days else None
    shown = [row for day, row in newest if last and day >= last]
    if whole_from == EVER and len(days) <= most:
        return shown, None
    return shown, last or day_of(whole_from)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year > date.min.year else None  # its midnight in Japan would lie before all time
