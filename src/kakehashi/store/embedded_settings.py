"""The settings of the embedded server: safe first (nothing acknowledged is lost), then fast for this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

_MEGABYTE = 1 << 20


def text(socket: Path, over: Mapping[str, str]) -> str:
    """Return the text of kakehashi.conf: safety, sizes by the machine's memory, and what goes over them."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEGABYTE
    shared = max(32, min(memory // 8, 2048))
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_sync_retry": "off",
        "wal_level": "replica",  # so that base backups and a WAL archive are possible
        "max_wal_size": "2GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "10min",
        "wal_buffers": "16MB",
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "256MB" if memory > 4096 else "64MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_connections": "100",
        "log_statement": "none",
        "log_min_error_statement": "panic",  # a failing statement's text and values never reach the log
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",  # DETAIL lines quote values
        "autovacuum_vacuum_insert_scale_factor": "0.05",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    head = (
        "# Written at every start. Settings of your own: ALTER SYSTEM, which writes postgresql.auto.conf.\n"
    )
    return head + "".join(f"{name} = {_quoted(value)}\n" for name, value in (settings | dict(over)).items())


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
