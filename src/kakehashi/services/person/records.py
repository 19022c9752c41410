"""One's own records as lines to choose from, for withholding a single one. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.kinds import Flag, Kind
from kakehashi.services.viewer.sheet import Sheet
from kakehashi.services.viewer.timeline import line_on

# What a person can name and shut by itself; lists of values would be chosen by kind or institution.
CHOOSABLE = (
    Kind.CONDITION,
    Kind.ALLERGY,
    Kind.CONTRAINDICATION,
    Kind.INFECTION,
    Kind.PRESCRIPTION,
    Kind.PROCEDURE,
    Kind.VISIT,
    Kind.IMMUNIZATION,
    Kind.REFERRAL,
    Kind.DISCHARGE,
    Kind.CHECKUP,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One record that can be withheld. `withheld`: it is, by itself, now."""

    ref: str
    kind: Kind
    text: str
    at: datetime
    custodian: int
    withheld: bool


def lines_of(sheets: Iterable[Sheet]) -> list[Line]:
    """Return the records that can be chosen, newest first."""
    found = [
        Line(
            sheet.ref,
            sheet.kind,
            line_on(sheet),
            sheet.at,
            sheet.custodian,
            bool(sheet.flags & Flag.WITHHELD),
        )
        for sheet in sheets
        if sheet.kind in CHOOSABLE
    ]
    return sorted((one for one in found if one.text), key=lambda one: one.at, reverse=True)
