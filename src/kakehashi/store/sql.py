"""Named SQL statements, kept in `.sql` files beside their purpose and the index they rely on.

A file holds statements that each begin with a line `-- name --`; comment lines under it say what the statement
is for. Arguments are PostgreSQL's `$1`, `$2`, …, explained in those comments. The text that is sent begins with the
name (`/* read.read_many */`), for the server's own views, the slow-request log and traces (watch.py).
"""

import re
from functools import cache
from importlib.resources import files

_HEADER = re.compile(r"^-- ([a-z][a-z0-9_]*) --\s*$", re.MULTILINE)


@cache
def statements(subject: str) -> dict[str, str]:
    """Return the statements of `statements/<subject>.sql` by name. KeyError later names a missing one."""
    text = files("kakehashi.store.statements").joinpath(f"{subject}.sql").read_text("utf-8")
    parts = _HEADER.split(text)
    return {
        name: f"/* {subject}.{name} */ {body.strip().rstrip(';')}"
        for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }
