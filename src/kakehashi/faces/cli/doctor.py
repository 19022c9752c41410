"""`kakehashi doctor`: what is set up, what is unsafe, and what to do about it."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.store import inspection
from kakehashi.store.guard import LEAST_FREE, free_bytes
from kakehashi.store.inspection import Inspection

_IDLE = timedelta(days=90)  # 安全管理ガイドライン 6.0: 使われていない利用者IDの確認
# Versions in which statistics and dumps no longer leak (CVE-2025-8713, -8714, -8715).
_SAFE_MINORS = {15: 150014, 16: 160010, 17: 170006}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `unsafe` counts; what is merely worth knowing does not."""

    good: bool
    ja: str
    en: str
    todo_ja: str = ""
    todo_en: str = ""
    unsafe: bool = True

    def lines(self) -> Iterator[str]:
        """Yield the lines to print."""
        mark = "✓" if self.good else "✗" if self.unsafe else "·"
        yield f"{mark} {self.ja} · {self.en}"
        if not self.good and self.todo_ja:
            yield f"    → {self.todo_ja}"
            yield f"      {self.todo_en}"


async def examine(house: House) -> list[Finding]:
    """Look at everything and return the findings, in the order in which one would look."""
    async with house.db.transaction() as db:
        found = await inspection.inspect(db)
        idle = await inspection.idle_accounts(db, house.clock() - _IDLE)
    return [
        *_settings(house.settings),
        *_database(found),
        *_home(house.settings.home),
        Finding(
            idle == 0,
            f"90日以上使われていない利用者: {idle}",
            f"accounts unused for 90 days: {idle}",
            "運用画面で確認し、不要なら停止してください。",
            "Review them in the console and disable what is not needed.",
            unsafe=False,
        ),
    ]


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(
        not settings.demo and not (settings.home / "demo-password").exists(),
        "本番用の設定（見本の地域でない）",
        "set up for real use (not the sample region)",
        "本番では demo を外し、空のデータフォルダで init してください（見本には一要素の利用者がいます）。",
        "In production unset demo and init an empty data folder: the sample has accounts with one factor.",
    )
    local = settings.host in ("127.0.0.1", "::1", "localhost")
    yield Finding(
        local or settings.public_url.startswith("https:"),
        f"公開アドレス {settings.public_url}",
        f"public address {settings.public_url}",
        "TLS 1.3 の終端を前に置き、base_url を https にしてください。",
        "Put a TLS 1.3 terminator in front and set base_url to https.",
    )


def _database(found: Inspection) -> Iterator[Finding]:
    version, major = found.settings["version"], found.number // 10_000
    yield Finding(
        found.number >= _SAFE_MINORS.get(major, 0) and major >= 15,
        f"PostgreSQL {version}",
        f"PostgreSQL {version}",
        "最新の小改訂に上げてください（CVE-2025-8713 ほか）。",
        "Update to the newest minor release (CVE-2025-8713 and others).",
    )
    for name, wanted in {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "data_sync_retry": "off",
    }.items():
        yield Finding(
            found.settings[name] == wanted,
            f"{name} = {found.settings[name]}",
            f"{name} = {found.settings[name]}",
            f"{name} を {wanted} にしてください。確認済みの登録が失われるおそれがあります。",
            f"Set {name} to {wanted}: an acknowledged write could be lost.",
        )
    yield Finding(
        found.forced and not found.privileged,
        "行単位のアクセス制御",
        "row-level security forced on records",
        "マイグレーションを実行し、アプリのロールから特権を外してください。",
        "Run the migrations and take privileges from the application's role.",
    )
    yield Finding(
        found.leakproof,
        "トークン検索の索引",
        "index of token searches",
        "データベースの管理者で ALTER FUNCTION … LEAKPROOF を実行してください（docs/operator.md）。",
        "Have a superuser mark the array operators LEAKPROOF (docs/operator.md).",
        unsafe=False,
    )


def _home(home: Path) -> Iterator[Finding]:
    free = free_bytes(home)
    yield Finding(
        free >= LEAST_FREE,
        f"ディスクの空き {free >> 30} GiB",
        f"{free >> 30} GiB free on the disk",
        "空きを増やしてください。足りない間は登録を止めています。",
        "Free some space: writing is stopped until then.",
    )
    keys = (
        [path for path in (home / "keys").glob("*") if path.suffix != ".pub"]
        if (home / "keys").exists()
        else []
    )
    open_keys = [path.name for path in keys if stat.S_IMODE(path.stat().st_mode) & 0o077]
    yield Finding(
        not open_keys,
        f"鍵ファイル {len(keys)} 個の権限",
        f"access to {len(keys)} key files",
        f"権限を 600 にしてください: {', '.join(open_keys)}",
        f"Set mode 600 on: {', '.join(open_keys)}",
    )
