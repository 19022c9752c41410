"""The home folder and the embedded database: room, keys, copies, and whether the database died of late."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kakehashi.core.settings import Settings
from kakehashi.faces.cli import backup
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import embedded
from kakehashi.store.embedded_keeper import last_revival
from kakehashi.store.guard import LEAST_FREE, free_bytes

_NEWEST_COPY = timedelta(days=2)  # the newest backup may be as old
_OLD_KEY = timedelta(days=730)  # CRYPTREC leaves the length to the operator; two years is a common choice


def examine(settings: Settings, at: datetime) -> Iterator[Finding]:
    """Yield what is found at `at`."""
    yield from _room(settings)
    yield from _keys(settings.home / "keys", at)
    if _is_external(settings):
        return
    yield from _copies(settings.home, at)
    revival = last_revival(settings.home / "postgresql")
    if revival is not None:
        yield Finding(
            False,
            f"組み込みのデータベースが落ちました: {revival.at} ({revival.state})",
            f"the embedded database died: {revival.at} ({revival.state})",
            "postgres/server.log と、カーネルがメモリ不足で止めていないかを見てください。",
            "Look at postgres/server.log, and whether the kernel killed it for want of memory.",
            unsafe=revival.state != "running",
        )


def _is_external(settings: Settings) -> bool:
    """Whether the database is somebody else's; a command that opened the embedded one knows it by its URL."""
    url = settings.database_url
    return bool(url) and not embedded.is_own(settings.home / "postgresql", url)


def _room(settings: Settings) -> Iterator[Finding]:
    data = settings.home / "postgresql" / "postgres"
    embedded_here = data.exists() and not _is_external(settings)
    folders = [settings.home, data.resolve()] if embedded_here else [settings.home]
    free = min(free_bytes(one) for one in folders)
    yield Finding(
        free >= LEAST_FREE,
        f"ディスクの空き {free >> 30} GiB",
        f"{free >> 30} GiB free on the disk",
        "空きを増やしてください。足りない間は登録を止めています。",
        "Free some space: writing is stopped until then.",
    )
    yield Finding(
        free >= 5 * LEAST_FREE,
        f"余裕は {5 * LEAST_FREE >> 30} GiB 以上",
        f"there is room for some time ({5 * LEAST_FREE >> 30} GiB)",
        "まもなく登録が止まります。空きを増やしてください。",
        "Writing will stop before long: free some space.",
        unsafe=False,
    )


def _keys(folder: Path, at: datetime) -> Iterator[Finding]:
    keys = [one for one in folder.glob("*") if one.suffix != ".pub"] if folder.exists() else []
    open_keys = [one.name for one in keys if stat.S_IMODE(one.stat().st_mode) & 0o077]
    yield Finding(
        not open_keys,
        f"鍵ファイル {len(keys)} 個の権限",
        f"access to {len(keys)} key files",
        f"権限を 600 にしてください: {', '.join(open_keys)}",
        f"Set mode 600 on: {', '.join(open_keys)}",
    )
    old = [one.name for one in keys if at - datetime.fromtimestamp(one.stat().st_mtime, UTC) > _OLD_KEY]
    yield Finding(
        not old,
        "鍵の年数 (2年まで)",
        "the keys' age (two years at most)",
        f"替える時期です: {', '.join(old)}。手順は docs/operator.md にあります。",
        f"It is time to change: {', '.join(old)}. See docs/operator.md.",
        unsafe=False,
    )


def _copies(home: Path, at: datetime) -> Iterator[Finding]:
    newest = backup.last(home)
    said = f"{newest.at:%Y-%m-%d %H:%M}" if newest else "-"
    yield Finding(
        newest is not None and at - newest.at <= _NEWEST_COPY,
        f"最後のバックアップ: {said}",
        f"newest backup: {said}",
        "kakehashi backup を毎日行い、控えを別の場所にも置いてください。",
        "Run kakehashi backup daily, and keep copies elsewhere too.",
        unsafe=False,
    )
