"""The one ASGI application: the FHIR face and the web face on one house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from kakehashi.core.clock import Clock, system_clock
from kakehashi.core.settings import Settings, load_settings
from kakehashi.engines.house import House
from kakehashi.faces.web import routes as web
from kakehashi.faces.web.visit import Desk
from kakehashi.store.database import Database
from kakehashi.trust.keys import Vault
from kakehashi.trust.signin.policy import Policy


def create() -> Starlette:
    """Return the application for a server: settings from the environment, the database opened at start."""
    settings = load_settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await Database.open(settings.database_url, connections=settings.connections) as db:
            app.router.routes.extend(build(db, settings).routes)
            yield

    return Starlette(lifespan=lifespan)


def build(db: Database, settings: Settings, clock: Clock = system_clock) -> Starlette:
    """Return the application on an open database."""
    house = House(db, settings, clock)
    desk = Desk(house, Policy.of(settings), Vault.at(settings.home))
    return Starlette(routes=web.routes(desk))
