"""Run as a process: the whole API with its chores on a database, on Granian. Arguments: home, database URL, port."""

import os
import sys

from granian import Granian
from granian.constants import Interfaces, Loops

if __name__ == "__main__":
    home, url, port = sys.argv[1:]
    os.environ |= {
        "KAKEHASHI_HOME": home,
        "KAKEHASHI_DATABASE_URL": url,
        "KAKEHASHI_PORT": port,
        "KAKEHASHI_DEMO": "true",
        "KAKEHASHI_HOOK_NETWORKS": "127.0.0.0/8",
        "KAKEHASHI_LOG_LEVEL": "error",
    }
    Granian(
        "kakehashi.faces.app:create",
        factory=True,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        log_access=False,
    ).serve()
