"""What an edge hands to everything it calls: the database, the settings and the clock of this installation."""

from dataclasses import dataclass

from kakehashi.core.clock import Clock
from kakehashi.core.settings import Settings
from kakehashi.store.database import Database


@dataclass(frozen=True, slots=True)
class House:
    """One installation, open for business."""

    db: Database
    settings: Settings
    clock: Clock
