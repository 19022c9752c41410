"""Settings: defaults, then a TOML file, then `KAKEHASHI_*` variables; the later wins.

`KAKEHASHI_DATABASE_URL=postgresql://…` points at an external PostgreSQL; unset means the embedded one.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from kakehashi.core.errors import Failure


class BadSetting(Failure):
    """A setting that cannot be read."""

    code = "value"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set. Types: str, int, bool and Path only."""

    home: Path = Path("data")  # folder of the embedded database, keys, uploads
    database_url: str = ""  # empty: embedded
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    connections: int = 8  # to PostgreSQL, for each worker
    base_url: str = ""  # public address; empty: http://host:port
    demo: bool = False  # sample region: test sign-ins are printed and one factor is enough
    max_body_mb: int = 50  # largest request body
    log_level: str = "info"
    proxies: str = ""  # addresses of proxies that pass on client certificates, with blanks between
    proxy_secret: str = ""  # what such a proxy proves itself with (32 characters at least); empty: none is believed

    @property
    def public_url(self) -> str:
        """The address under which others reach this server, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def load_settings(file: Path | None = None, env: Mapping[str, str] = os.environ) -> Settings:
    """Read settings from `file` (default: `KAKEHASHI_CONFIG`, else kakehashi.toml if there) and `env`.

    Raises BadSetting, naming the setting and what it should look like; unknown names are refused.
    """
    path = file or Path(env.get("KAKEHASHI_CONFIG", "kakehashi.toml"))
    given: dict[str, object] = {}
    if path.exists():
        given.update(tomllib.loads(path.read_text("utf-8")))
    elif file is not None:
        raise BadSetting(f"設定ファイル {path} がありません。", f"There is no settings file {path}.")
    known = {field.name for field in fields(Settings)}
    prefix = "KAKEHASHI_"
    given.update(
        {name[len(prefix) :].lower(): text for name, text in env.items() if name[len(prefix) :].lower() in known
         and name.startswith(prefix)}
    )
    if unknown := sorted(set(given) - known):
        raise BadSetting(
            f"知らない設定です: {', '.join(unknown)}。", f"Unknown settings: {', '.join(unknown)}.", place=str(path)
        )
    return Settings(**{name: _typed(name, value) for name, value in given.items()})  # type: ignore[arg-type]


def _typed(name: str, value: object) -> object:
    default = getattr(Settings(), name)
    text = str(value)
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}[text.lower()]
        return type(default)(text)
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise BadSetting(
            f"設定 {name} の値が読めません ({kind} が必要です)。", f"Setting {name} needs a value of type {kind}."
        ) from None
