"""What an operator should know of the database: its settings, its walls, and accounts nobody uses."""

from dataclasses import dataclass
from datetime import datetime

from kakehashi.store.database import Connection
from kakehashi.store.sql import statements

_SQL = statements("inspection")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The server's settings by name, and whether the second wall stands."""

    settings: dict[str, str]
    number: int  # server_version_num
    forced: bool  # row-level security is forced on the tables of records
    leakproof: bool  # token searches may use their index under row-level security
    privileged: bool  # the application's role could pass by row-level security
    login: str  # what the pool logged in as
    bound: bool  # no statement leads from this login to the rights of another role


async def inspect(db: Connection) -> Inspection:
    """Return what is set and what stands. Three statements."""
    settings = dict(await db.fetchrow(_SQL["inspection_settings"]) or {})
    walls = dict(await db.fetchrow(_SQL["inspection_walls"]) or {})
    login = dict(await db.fetchrow(_SQL["inspection_login"]) or {})
    number = int(settings.pop("number"))
    return Inspection(
        settings, number, bool(walls["forced"]), bool(walls["leakproof"]), bool(walls["privileged"]),
        str(login["login"]), bool(login["bound"]),
    )  # fmt: skip


async def idle_accounts(db: Connection, since: datetime) -> int:
    """Return how many accounts nobody has used since then."""
    return int(await db.fetchval(_SQL["inspection_idle_accounts"], since))


@dataclass(frozen=True, slots=True)
class Present:
    """How it stands now: the database's clock, certificates that end soon, institutions in quarantine."""

    now: datetime
    ending: int
    quarantined: int


async def present(db: Connection, *, ending_by: datetime) -> Present:
    """Return how it stands now; certificates that end before `ending_by` count as ending soon."""
    row = await db.fetchrow(_SQL["inspection_state"], ending_by)
    assert row is not None  # it selects no table's rows
    return Present(**dict(row))
