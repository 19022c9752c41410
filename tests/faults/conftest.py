"""One whole server for all faults; every test leaves it running."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from whole_server import WholeServer


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[WholeServer]:
    """The server, started and known to a hospital."""
    home = Path(tempfile.mkdtemp(prefix="kakehashi-faults-"))
    one = WholeServer(home)
    try:
        await one.introduce()
        one.start()
        yield one
    finally:
        one.stop()
        shutil.rmtree(home)
