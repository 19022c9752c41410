"""`kakehashi doctor`: what is set up, what is unsafe, and what to do about it."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.faces.cli import (
    doctor_clock,
    doctor_feed,
    doctor_home,
    doctor_log,
    doctor_login,
    doctor_openid,
    doctor_subscriptions,
)
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import inspection, reindex
from kakehashi.store.inspection import Inspection, Present

_ENDING = timedelta(days=30)  # before the end of a certificate
_IDLE = timedelta(days=90)  # 安全管理ガイドライン 6.0: 使われていない利用者IDの確認
# Versions in which statistics and dumps no longer leak (CVE-2025-8713, -8714, -8715).
_SAFE_MINORS = {15: 150014, 16: 160010, 17: 170006}


async def examine(house: House) -> list[Finding]:
    """Look at everything and return the findings, in the order in which one would look."""
    at = house.clock()
    async with house.db.transaction() as db:
        found = await inspection.inspect(db)
        idle = await inspection.idle_accounts(db, at - _IDLE)
        present = await inspection.present(db, ending_by=at + _ENDING)
        indexed = await reindex.state(db)
    return [
        *_settings(house.settings),
        *_database(found),
        doctor_login.examine(house.settings, found),
        _searches(indexed),
        *doctor_clock.examine(house.clock() - present.now),
        *doctor_home.examine(house.settings, at),
        *await doctor_openid.examine(house),
        *await doctor_log.examine(house, at),
        *await doctor_subscriptions.examine(house),
        *await doctor_feed.examine(house),
        *_people(idle, present),
    ]


def _searches(indexed: reindex.State) -> Finding:
    return Finding(
        indexed.present,
        "すべての記録が検索で見つかる（索引の方式）",
        "searches find every record (scheme of the index)",
        "以前の版で登録した記録が検索から漏れることがあります。kakehashi reindex を実行してください。",
        "Searches may miss records that an earlier version stored. Run kakehashi reindex.",
    )


def _people(idle: int, present: Present) -> Iterator[Finding]:
    yield Finding(
        idle == 0,
        f"90日以上使われていない利用者: {idle}",
        f"accounts unused for 90 days: {idle}",
        "運用画面で確認し、不要なら停止してください。",
        "Review them in the console and disable what is not needed.",
        unsafe=False,
    )
    yield Finding(
        present.ending == 0,
        f"30日以内に期限が切れる（切れた）クライアント証明書: {present.ending}",
        f"client certificates that end within 30 days, or did: {present.ending}",
        "施設に新しい証明書を求め、運用画面で登録してください。",
        "Ask the institutions for new ones and register them in the console.",
        unsafe=False,
    )
    yield Finding(
        present.quarantined == 0,
        f"隔離中の施設: {present.quarantined}",
        f"institutions in quarantine: {present.quarantined}",
        "安全を確かめたら kakehashi quarantine コード --lift で解いてください。",
        "Once it is safe, lift it: kakehashi quarantine CODE --lift.",
        unsafe=False,
    )


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
    behind = bool(settings.base_url) or bool(settings.proxies)
    yield Finding(
        not behind or bool(settings.proxy_secret),
        "前段のプロキシの確認 (proxy_secret)",
        "the proxy in front is known (proxy_secret)",
        "proxy_secret を設定し、プロキシに X-Proxy-Secret と X-Forwarded-For を付けさせてください。"
        "無いとサインインの試行がプロキシのアドレスで数えられ、利用者が互いに待たされます。",
        "Set proxy_secret, and let the proxy send X-Proxy-Secret and X-Forwarded-For. Without it all sign-ins "
        "count for the proxy's address, so people make each other wait.",
    )
    yield Finding(
        not behind or bool(settings.metrics_token),
        "/metrics のトークン",
        "the token of /metrics",
        "監視には metrics_token を設定してください。それまで /metrics は誰にも答えません。",
        "Set metrics_token for your monitoring: until then /metrics answers nobody.",
        unsafe=False,
    )
    yield Finding(
        not settings.database_url or _is_private(settings.database_url),
        "データベースへの接続の暗号化",
        "the connection to the database is encrypted",
        "別の機械のデータベースには ?sslmode=verify-full を付けてください。",
        "Add ?sslmode=verify-full for a database on another machine.",
    )


def _is_private(url: str) -> bool:
    """Whether a connection stays on this machine, or is held against the server's certificate."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    host = asked.get("host") or parts.hostname or ""
    here = not host or host.startswith("/") or host in ("localhost", "127.0.0.1", "::1")
    return here or asked.get("sslmode") == "verify-full"


def is_safe(number: int) -> bool:
    """Say whether a PostgreSQL (`server_version_num`, such as 150014) has the mends that row-level security needs."""
    major = number // 10_000
    return major >= min(_SAFE_MINORS) and number >= _SAFE_MINORS.get(major, 0)


def _database(found: Inspection) -> Iterator[Finding]:
    version = found.settings["version"]
    yield Finding(
        is_safe(found.number),
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
