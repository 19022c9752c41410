"""Room on the disk: writing stops while PostgreSQL still has enough to go on reading, logging and cleaning up.

A full disk would stop the server altogether. What is left below the limit is for the log entries of reads, for
checkpoints, and for the operator.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kakehashi.core.errors import Unavailable

LEAST_FREE = 1 << 30  # bytes: twice the WAL that a checkpoint may hold back at our write rate


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that a folder lies on."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Guard:
    """Watches the disk of one folder."""

    folder: Path
    least_free: int = LEAST_FREE  # bytes
    measure: Callable[[Path], int] = free_bytes

    def require_room(self) -> None:
        """Raise Unavailable when less than `least_free` is free. Asks anew each time, so it recovers by itself."""
        if self.measure(self.folder) >= self.least_free:
            return
        raise Unavailable(
            "ディスクの空きが足りないため、登録を止めています。閲覧はできます。空きを増やすと自動で再開します。",
            "Writing is stopped: the disk is nearly full. Reading goes on. Free some space and it resumes by itself.",
            rule="store.disk-full",
        )
