"""Figures of several workers: each leaves its own in a folder once a second, and whoever is asked adds them up.

A worker that has ended keeps its counts, else sums would go down; its figures of the moment are gone with it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from kakehashi.faces.api.figures import Figures, Snapshot

FOLDER = "KAKEHASHI_FIGURES_FOLDER"  # set by `serve` for its workers, where there are several


@dataclass(frozen=True, slots=True)
class Shared:
    """The folder that the workers of one server share; None: there is one worker."""

    folder: Path | None = None

    @classmethod
    def of_environment(cls) -> "Shared":
        """Return the folder that `serve` made."""
        named = os.environ.get(FOLDER)
        return cls(Path(named) if named else None)

    def leave(self, figures: Figures) -> None:
        """Leave this worker's figures for the others."""
        if self.folder is not None:
            place = self.folder / f"{figures.worker}.json"
            fresh = place.with_suffix(".new")
            fresh.write_bytes(orjson.dumps(figures.snapshot()))
            fresh.replace(place)

    def others(self, worker: int) -> list[Snapshot]:
        """Return the figures that the other workers left last."""
        if self.folder is None:
            return []
        others = (place for place in self.folder.glob("*.json") if place.stem != str(worker))
        return [one for place in sorted(others) if (one := _read(place)) is not None]


def _read(place: Path) -> Snapshot | None:
    try:
        found: Snapshot = orjson.loads(place.read_bytes())
    except (OSError, ValueError):
        return None
    if not _lives(found["worker"]):
        found["gauges"] = {}
    return found


def _lives(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
