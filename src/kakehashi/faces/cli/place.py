"""Open the installation that the settings name, for one command."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import uvloop

from kakehashi.core.actors import Actor, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.store import embedded, institutions
from kakehashi.store.database import Database
from kakehashi.store.guard import Guard
from kakehashi.trust import quarantine
from kakehashi.trust.roles import usual_purpose


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[House]:
    """Yield the house: the embedded server is started where no URL is set, and left when the command ends."""
    server = guard = None
    owner = settings.owner_database_url
    settings.home.mkdir(parents=True, exist_ok=True)
    if not settings.database_url:
        server = embedded.start(settings.home / "postgresql")
        settings, guard = replace(settings, database_url=server.app_url), Guard(server.folder)
        owner = server.url
    try:
        async with await Database.open(
            settings.database_url, owner=owner, connections=settings.connections, guard=guard
        ) as db:
            yield House(db, settings, system_clock, ProfileSet.load(settings.home / "profiles"))
    finally:
        if server:
            server.close()


async def system_of(house: House, code: str, name: str) -> Actor:
    """Return the actor that stands for an institution's own system at the command line. Raises NotFound, Refused."""
    async with house.db.transaction() as db:
        site = await institutions.by_code(db, code)
        await quarantine.require_free(db, site.key)
    return Actor(name, Role.SYSTEM, site, usual_purpose(site), scopes=("system/*.cruds",))


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command's coroutine."""
    uvloop.run(work)
