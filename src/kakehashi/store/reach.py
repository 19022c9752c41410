"""Whose consents, withholdings, subscriptions and log lines a transaction may touch: the setting that the policies of
migrations 0017, 0026 and 0032 read.

trust/ opens a reach once it has decided that somebody may; without one, these tables answer with an error. It narrows
further what a statement asks for, so that a wrong statement meets a wall and not somebody else's rows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SET = statements("reach")["reach_open"]


class Matter(StrEnum):
    """What a reach is about; the value is the table's name."""

    CONSENT = "consent"
    WITHHOLDING = "withholding"
    DISCLOSURE = "disclosure_stop"
    REFERRAL = "referral_grant"
    EMERGENCY = "emergency_opening"
    PROXY = "proxy_grant"
    LOG = "log"
    TRANSFER = "transfer"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows of these matters that are about one of `persons`, this institution, this account; None: any."""

    matters: Collection[Matter]
    persons: Collection[int] | None = None
    institution: int | None = None
    account: str | None = None


EVERY_TRANSFER = Reach((Matter.TRANSFER,))  # for whoever works on them; an owner's reach names them
EVERY_SUBSCRIPTION = Reach((Matter.SUBSCRIPTION,))  # for the courier, and for the operator's console
WHOLE_LOG = Reach((Matter.LOG,))  # for the sequencer, an export, an auditor of the operator


async def open_on(connection: Connection, reach: Reach) -> None:
    """Open the reach for the rest of the transaction, in place of one that was open. Wants a transaction."""
    persons = None if reach.persons is None else sorted(reach.persons)
    await connection.execute(
        _SET, [matter.value for matter in reach.matters], persons, reach.institution, reach.account
    )
