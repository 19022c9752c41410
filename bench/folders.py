"""A folder for one measure: it is there until the measure ends."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def passing() -> Iterator[Path]:
    """Yield a folder that PostgreSQL can work below, also where root starts it; it goes in the end."""
    with tempfile.TemporaryDirectory(prefix="kakehashi-bench-") as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as another user
        yield Path(folder)
