"""Whether what the server logs in as could take the walls down, and how to give it a login that cannot."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from kakehashi.core.settings import Settings
from kakehashi.faces.cli.finding import Finding
from kakehashi.store.database import APP_ROLE
from kakehashi.store.inspection import Inspection


def examine(settings: Settings, found: Inspection) -> Finding:
    """Say whether the login is bound to the application's rights."""
    url = _for_the_application(settings.database_url)
    return Finding(
        found.bound,
        f"サーバーのログイン {found.login}（表の所有者になれない）",
        f"the server logs in as {found.login} and cannot become the owner of the tables",
        f"{found.login} は行単位のアクセス制御を外せます。{found.login} でつないだ psql で "
        f"ALTER ROLE {APP_ROLE} LOGIN PASSWORD '…'; を実行し、serve には KAKEHASHI_DATABASE_URL={url} を、"
        "今の URL は更新時の kakehashi init にだけ KAKEHASHI_OWNER_DATABASE_URL として渡してください"
        "（docs/operator.md）。",
        f"{found.login} could take row-level security down. In psql as {found.login} run: "
        f"ALTER ROLE {APP_ROLE} LOGIN PASSWORD '…'; then give serve KAKEHASHI_DATABASE_URL={url}, and the present URL "
        "as KAKEHASHI_OWNER_DATABASE_URL to kakehashi init only, when you upgrade (docs/operator.md).",
    )


def _for_the_application(url: str) -> str:
    """Return the address of the same database for the application's login; secrets in `url` are left out."""
    parts = urlsplit(url or "postgresql://localhost/kakehashi")
    asked = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("user", "password")]
    where = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{APP_ROLE}:…@{where}", parts.path, urlencode(asked, safe="/"), ""))
