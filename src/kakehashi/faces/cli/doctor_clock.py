"""The clocks: consents, tokens and the log rest on the time, so this machine and the database must agree on it."""

import ctypes
import sys
from collections.abc import Iterator
from datetime import timedelta

from kakehashi.faces.cli.finding import Finding

_MOST = timedelta(seconds=2)  # between the two clocks; a question to the database takes milliseconds
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
_TIMEX = 256  # bytes: more than the kernel's struct timex


def examine(apart: timedelta) -> Iterator[Finding]:
    """Yield what is found; `apart`: this machine's time less the database's."""
    yield Finding(
        abs(apart) <= _MOST,
        f"データベースとの時刻の差 {apart.total_seconds():+.1f} 秒",
        f"this machine's clock less the database's: {apart.total_seconds():+.1f} s",
        "両方の機械の時刻を NTP で合わせてください。",
        "Set both machines' clocks by NTP.",
    )
    yield Finding(
        _synchronised(),
        "時刻の同期 (NTP)",
        "the clock is synchronised (NTP)",
        "chrony などで時刻を合わせてください。コンテナでは、ホストの時刻を確かめてください。",
        "Synchronise the clock (chrony or the like); in a container, look at the host's.",
        unsafe=False,
    )


def _synchronised() -> bool:
    """Ask the kernel; where it does not say, nothing is found wrong."""
    if sys.platform != "linux":
        return True
    return bool(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX)) != _TIME_ERROR)
