"""A Window as SQL, twice: the application's filter, and the setting that row-level security reads.

`Window.sees` (core), `predicate` and the policies of migration 0004 say the same thing in three languages; a
property test holds them equal. A narrowed window has views on top of the policies (migration 0023), and comes with a
path by which the same statements mean these.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from kakehashi.core.kinds import EVERY_KIND
from kakehashi.core.window import Pane, Window
from kakehashi.store import narrowing_sql
from kakehashi.store.migrate import SEARCH_PATH
from kakehashi.store.sql import statements

if TYPE_CHECKING:
    from kakehashi.store.database import Connection

Predicate = Callable[[str], str]
"""Alias of a row -> SQL text that is true for rows the window sees."""

_SQL = statements("window")
_NARROWED_PATH = f"narrowed, {SEARCH_PATH}"


class Arguments:
    """The values of a statement's `$1, $2, …`, gathered while its text is written."""

    def __init__(self, *values: object) -> None:
        self.values: list[object] = list(values)

    def add(self, value: object, sql_type: str) -> str:
        """Take a value and return its placeholder with its type, e.g. `$3::bigint[]`."""
        self.values.append(value)
        return f"${len(self.values)}::{sql_type}"


def system_window(why: str) -> Window:
    """Return the window of a job of the store itself, which sees every row; `why` names it in the log."""
    return Window((Pane(EVERY_KIND),), f"system:{why}")


def predicate(window: Window, arguments: Arguments) -> Predicate:
    """Return the window as SQL over the columns of `resource` or `resource_version` under an alias.

    The values go into `arguments` once, however many aliases are asked for.
    """
    panes = [_pane(pane, arguments) for pane in window.panes]
    persons = all_persons(window)
    narrow = None if persons is None or len(panes) < 2 else arguments.add(persons, "bigint[]")
    left = _left(window, arguments) if panes else None

    def of(alias: str) -> str:
        if not panes:
            return "false"
        seen = f"({' OR '.join(f'({pane(alias)})' for pane in panes)})"
        # Said once for all panes as well, so that the primary key's first column can find the rows.
        seen = seen if narrow is None else f"({alias}.person = ANY ({narrow}) AND {seen})"
        return seen if left is None else f"({seen} AND {left(alias)})"

    return of


@lru_cache(maxsize=4096)
def setting(window: Window) -> str:
    """Return the window as the text of `kakehashi.window`: PostgreSQL's literal of an array of `pane`.

    A narrowed one begins with a word, and the literal of an array of `narrowing` is behind its panes.
    """
    panes = "{" + ",".join(_quoted(_literal(pane)) for pane in window.panes) + "}"
    filters = window.narrowing.now if window.narrowing else None
    return f"narrowed\n{panes}\n{narrowing_sql.literal(filters)}" if filters else panes


def all_persons(window: Window) -> list[int] | None:
    """Return every person that some pane is about, None when a pane is about anybody."""
    persons: set[int] = set()
    for pane in window.panes:
        if pane.persons is None:
            return None
        persons |= pane.persons
    return sorted(persons)


async def open_on(connection: "Connection", window: Window) -> None:
    """Open the window for the rest of the transaction. It closes with the transaction, whatever happens."""
    if window.narrowed:
        await connection.execute(_SQL["window_open_by"], setting(window), _NARROWED_PATH)
    else:
        await connection.execute(_SQL["window_open"], setting(window))


async def open_next(connection: "Connection", window: Window, *, after: Window) -> None:
    """Open another window in the transaction, instead of `after`."""
    if after.narrowed and not window.narrowed:
        await connection.execute(_SQL["window_open_by"], setting(window), SEARCH_PATH)
    else:
        await open_on(connection, window)


def _left(window: Window, arguments: Arguments) -> Predicate | None:
    """Return what the window's narrowing leaves; None where it leaves every row."""
    filters = window.narrowing.now if window.narrowing else None
    return narrowing_sql.left(filters, arguments.add) if filters else None


def _pane(pane: Pane, arguments: Arguments) -> Callable[[str], str]:
    """Return the pane as SQL; conditions that hold for every row are left out."""
    tests: list[str] = []
    if pane.persons is not None:
        tests.append("{0}.person = ANY (" + arguments.add(sorted(pane.persons), "bigint[]") + ")")
    if pane.kinds & EVERY_KIND != EVERY_KIND:
        # One number: an array of kinds costs more to send and to look through than the rest of the pane.
        # `<> 0`, which nearly every row passes for all that PostgreSQL knows: `= 1` would make it expect next to none.
        tests.append("(" + arguments.add(pane.kinds & EVERY_KIND, "bigint") + " >> {0}.kind) & 1 <> 0")
    if pane.custodians is not None:
        tests.append("{0}.custodian = ANY (" + arguments.add(sorted(pane.custodians), "integer[]") + ")")
    if pane.not_custodians:
        tests.append("{0}.custodian <> ALL (" + arguments.add(sorted(pane.not_custodians), "integer[]") + ")")
    if pane.addressees is not None:
        tests.append("{0}.addressee = ANY (" + arguments.add(sorted(pane.addressees), "integer[]") + ")")
    if pane.hidden:
        tests.append("{0}.flags & " + arguments.add(pane.hidden, "integer") + " = 0")
    if pane.since is not None:
        tests.append("{0}.at >= " + arguments.add(pane.since, "timestamptz"))
    text = " AND ".join(tests) or "true"
    return lambda alias: text.replace("{0}", alias)


def _literal(pane: Pane) -> str:
    fields = (
        str(pane.kinds & EVERY_KIND),
        _array(pane.persons),
        _array(pane.custodians),
        _array(pane.not_custodians),
        _array(pane.addressees),
        str(pane.hidden),
        _moment(pane.since),
    )
    return "(" + ",".join("" if field is None else _quoted(field) for field in fields) + ")"


def _array(keys: frozenset[int] | None) -> str | None:
    return None if keys is None else "{" + ",".join(map(str, sorted(keys))) + "}"


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
