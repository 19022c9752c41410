"""What an edge hands to everything it calls: the database, the settings and the clock of this installation."""

from dataclasses import dataclass, field

from kakehashi.core.clock import Clock
from kakehashi.core.settings import Settings
from kakehashi.engines.terminology.cache import Cache
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.store.database import Database


@dataclass(frozen=True, slots=True)
class House:
    """One installation, open for business."""

    db: Database
    settings: Settings
    clock: Clock
    profiles: ProfileSet = field(default_factory=ProfileSet)  # of the installed packages
    terms: Cache = field(default_factory=Cache)  # what terminology keeps in memory
