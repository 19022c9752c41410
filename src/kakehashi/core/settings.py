"""Settings: defaults, then a TOML file, then `KAKEHASHI_*` variables; the later wins.

`KAKEHASHI_DATABASE_URL=postgresql://…` points at an external PostgreSQL; unset means the embedded one.
`KAKEHASHI_OWNER_DATABASE_URL` is the login for its migrations, where the server's own cannot do them. A name that is
not known, in the file or among the variables, is refused: a misspelt setting would be one that is not set.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from kakehashi.core.errors import Failure

PREFIX = "KAKEHASHI_"
# Variables with our prefix that are no settings: where the file is, and what tests and scripts are told.
NOT_SETTINGS = frozenset(
    {
        "KAKEHASHI_CITUS",
        "KAKEHASHI_CONFIG",
        "KAKEHASHI_FAULT_ROUNDS",
        "KAKEHASHI_FIGURES_FOLDER",
        "KAKEHASHI_MORE_EXAMPLES",
        "KAKEHASHI_TEST_DATABASE_URL",
    }
)
SHORTEST_SECRET = 32  # characters of the secrets that callers prove themselves with
_RANGES = {
    "port": (1, 65_535),
    "workers": (1, 256),
    "connections": (2, 1_000),
    "max_body_mb": (1, 4_096),
    "max_bundle_mb": (1, 4_096),
    "max_resource_mb": (1, 4_096),
    "slow_ms": (0, 3_600_000),
    "traces_percent": (0, 100),
    "openid_max_age": (0, 600),
}
_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_FORMS = {"bool": "true / false", "int": "整数 (a whole number)"}
LOOPBACK = ("localhost", "127.0.0.1", "::1")  # where plain http stays on this machine
_FACTOR = re.compile(r"acr:\S+|amr:[^\s+]+(?:\+[^\s+]+)*", re.ASCII)
LOG_LEVELS = ("debug", "info", "warning", "error")


class BadSetting(Failure):
    """A setting that cannot be read."""

    code = "value"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set. Types: str, int, bool and Path only."""

    home: Path = Path("data")  # folder of the embedded database, keys, uploads
    database_url: str = ""  # what the server logs in as; empty: embedded
    owner_database_url: str = ""  # the login that owns the tables, for migrations; empty: database_url's
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    connections: int = 8  # to PostgreSQL, for each worker
    base_url: str = ""  # public address; empty: http://host:port
    demo: bool = False  # sample region: test sign-ins are printed and one factor is enough
    max_body_mb: int = 50  # largest request body
    max_bundle_mb: int = 20  # largest Bundle: transaction, batch, document, collection
    max_resource_mb: int = 5  # largest resource but Binary, Bundle and terminology
    log_level: str = "info"
    proxies: str = ""  # trusted proxies: addresses or networks, blanks between; the loopback is one
    proxy_secret: str = ""  # what such a proxy proves itself with; empty: none is believed
    metrics_token: str = ""  # bearer token for /metrics; empty: for this machine, where no proxy is
    slow_ms: int = 1_000  # a request that takes longer gets a line of its own in the log; 0: none does
    traces_endpoint: str = ""  # OTLP over HTTP: https://collector.example.jp/v1/traces; empty: no traces
    traces_percent: int = 10  # of all traces, how many are sent
    tsa_url: str = ""  # time-stamping authority (RFC 3161) for the log's checkpoints; empty: none
    key_networks: str = ""  # networks of our own in which systems may publish their keys
    hook_networks: str = ""  # networks of our own in which subscribers may be told, over plain http too
    import_sources: str = ""  # hosts from which $import may fetch its inputs, blanks between; empty: none
    openid_issuer: str = ""  # an OpenID provider of the operator's own, by its issuer; empty: none
    openid_client_id: str = ""  # what we are registered as there
    openid_client_secret: str = ""  # empty: we prove ourselves by a signature (private_key_jwt)
    openid_name: str = ""  # what people call it; empty: its host name
    openid_only: bool = False  # built-in sign-in off, but for the operator's accounts kept in reserve
    openid_factor: str = (
        ""  # what of its word counts as two factors: acr:… and amr:…, blanks between; empty: nothing
    )
    openid_max_age: int = 30  # minutes since it saw the person prove themselves; 0: anew with each sign-in

    @property
    def max_bundle_bytes(self) -> int:
        """`max_bundle_mb` in bytes."""
        return self.max_bundle_mb << 20

    @property
    def max_resource_bytes(self) -> int:
        """`max_resource_mb` in bytes."""
        return self.max_resource_mb << 20

    @property
    def public_url(self) -> str:
        """The address under which others reach this server, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def load_settings(file: Path | None = None, env: Mapping[str, str] = os.environ) -> Settings:
    """Read settings from `file` (default: `KAKEHASHI_CONFIG`, else kakehashi.toml if there) and `env`.

    Raises BadSetting, naming the setting, where it stands and what it should look like; unknown names are refused.
    """
    named = file or (Path(env["KAKEHASHI_CONFIG"]) if env.get("KAKEHASHI_CONFIG") else None)
    path = named or Path("kakehashi.toml")
    in_file: Mapping[str, object] = {}
    if path.exists():
        in_file = _of_file(path)
    elif named is not None:
        raise BadSetting(f"設定ファイル {path} がありません。", f"There is no settings file {path}.")
    variables = {
        name: text for name, text in env.items() if name.startswith(PREFIX) and name not in NOT_SETTINGS
    }
    known = [field.name for field in fields(Settings)]
    _require_known(in_file, known, str(path))
    _require_known(variables, [PREFIX + name.upper() for name in known], "環境変数 environment")
    told = {name: _typed(name, value, str(path)) for name, value in in_file.items()}
    told |= {_plain(name): _typed(_plain(name), text, name) for name, text in variables.items()}
    settings = Settings(**told)  # type: ignore[arg-type]
    _require_sense(settings)
    return settings


def _of_file(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise BadSetting(
            f"設定ファイル {path} を TOML として読めません: {fault}",
            f"The settings file {path} cannot be read as TOML: {fault}",
            place=str(path),
        ) from None


def _plain(variable: str) -> str:
    return variable.removeprefix(PREFIX).lower()


def _require_known(given: Iterable[str], known: list[str], place: str) -> None:
    """Refuse what is not known, each with the nearest name that is."""
    unknown = sorted(set(given) - set(known))
    if not unknown:
        return
    near = {name: get_close_matches(_folded(name, known), known, n=1, cutoff=0.6) for name in unknown}
    ja = "、".join(f"{name}（{near[name][0]} の誤り？）" if near[name] else name for name in unknown)
    en = ", ".join(f"{name} (did you mean {near[name][0]}?)" if near[name] else name for name in unknown)
    raise BadSetting(
        f"{place} に知らない設定があります: {ja}。直すか、外してください。",
        f"Unknown settings in {place}: {en}. Correct or remove them.",
        rule="settings.unknown",
        place=place,
    )


def _folded(name: str, known: list[str]) -> str:
    """Return the name in the case that the known ones have: a wrong case is a wrong name with an easy mend."""
    return name.upper() if known[0].isupper() else name.lower()


def _typed(name: str, value: object, place: str) -> object:
    default = getattr(Settings(), name)
    text = str(value)
    try:
        if isinstance(value, dict | list):
            raise ValueError
        if isinstance(default, bool):
            return _BOOLS[text.lower()]
        return type(default)(text)
    except (KeyError, ValueError):
        form = _FORMS.get(type(default).__name__, "文字列 (a text)")
        _refuse(name, form, form, place)


def _require_sense(settings: Settings) -> None:
    """Refuse values that are of the right type and still cannot be meant."""
    for name, (least, most) in _RANGES.items():
        if not least <= getattr(settings, name) <= most:
            _refuse(name, f"{least} から {most} まで", f"{least} to {most}")
    if settings.log_level.lower() not in LOG_LEVELS:
        _refuse("log_level", " / ".join(LOG_LEVELS), " / ".join(LOG_LEVELS))
    for name in ("proxy_secret", "metrics_token"):
        if 0 < len(getattr(settings, name)) < SHORTEST_SECRET:
            _refuse(name, f"{SHORTEST_SECRET} 文字以上", f"{SHORTEST_SECRET} characters at least")
    for name in ("proxies", "key_networks", "hook_networks"):
        if not all(_is_network(one) for one in getattr(settings, name).split()):
            _refuse(
                name, "10.0.0.5 や 10.0.0.0/24 (空白区切り)", "10.0.0.5 or 10.0.0.0/24, with blanks between"
            )
    _require_addresses(settings)
    _require_provider(settings)


def _require_provider(settings: Settings) -> None:
    """An OpenID provider is named by its issuer, together with what we are called there."""
    issuer = urlsplit(settings.openid_issuer)
    here = issuer.scheme == "http" and issuer.hostname in LOOPBACK
    if settings.openid_issuer and not (
        (issuer.scheme == "https" or here)
        and issuer.hostname
        and issuer.username is None
        and not issuer.query
        and not issuer.fragment
    ):
        _refuse("openid_issuer", "https://id.example.jp/… の形", "https://id.example.jp/…")
    if bool(settings.openid_issuer) is not bool(settings.openid_client_id):
        _refuse("openid_client_id", "openid_issuer と一緒に", "to stand beside openid_issuer")
    for name in ("openid_only", "openid_client_secret", "openid_factor"):
        if getattr(settings, name) and not settings.openid_issuer:
            _refuse(name, "openid_issuer と一緒に", "to stand beside openid_issuer")
    if not all(_FACTOR.fullmatch(one) for one in settings.openid_factor.split()):
        _refuse(
            "openid_factor", "acr:2 や amr:pwd+otp (空白区切り)", "acr:2 or amr:pwd+otp, with blanks between"
        )


def _require_addresses(settings: Settings) -> None:
    base = urlsplit(settings.base_url)
    if settings.base_url and (
        base.scheme not in ("http", "https") or not base.hostname or base.query or base.fragment
    ):
        _refuse("base_url", "https://kakehashi.example.jp の形", "https://kakehashi.example.jp")
    if settings.tsa_url and not settings.tsa_url.startswith(("https://", "http://")):
        _refuse("tsa_url", "https://… の形", "https://…")
    if settings.traces_endpoint and not settings.traces_endpoint.startswith(("https://", "http://")):
        _refuse("traces_endpoint", "https://…/v1/traces の形", "https://…/v1/traces")
    for name in ("database_url", "owner_database_url"):
        url = getattr(settings, name)
        if url and not url.startswith(("postgresql://", "postgres://")):
            _refuse(name, "postgresql://… の形", "postgresql://…")
    if settings.owner_database_url and not settings.database_url:
        _refuse("owner_database_url", "database_url と一緒に", "to stand beside database_url")


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _refuse(name: str, ja: str, en: str, place: str = "") -> NoReturn:
    """Refuse a value; it is not repeated, for it may be a secret."""
    where = f" ({place})" if place else ""
    raise BadSetting(
        f"設定 {name}{where} の値が読めません。必要な形: {ja}",
        f"Setting {name}{where} cannot be read. What it needs: {en}",
        rule="settings.value",
        place=name,
    )
