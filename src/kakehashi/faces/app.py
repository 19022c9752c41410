"""The one ASGI application: the FHIR face and the web face on one house, behind one door."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from starlette.applications import Starlette

from kakehashi.core.clock import Clock, system_clock
from kakehashi.core.settings import Settings, load_settings
from kakehashi.engines.house import House
from kakehashi.engines.records import reindex
from kakehashi.faces import chores, signals
from kakehashi.faces.api.body import Receive
from kakehashi.faces.api.call import Api
from kakehashi.faces.api.door import App, Door, Scope, Send
from kakehashi.faces.api.figures import Figures
from kakehashi.faces.api.figures_shared import Shared
from kakehashi.faces.api.pages import Seals
from kakehashi.faces.api.table import ROUTES
from kakehashi.faces.collecting import in_hand
from kakehashi.faces.logs import set_up
from kakehashi.faces.pulse import beating
from kakehashi.faces.web import routes as web
from kakehashi.faces.web.visit import Desk
from kakehashi.fhir.profiles import ProfileSet
from kakehashi.store import embedded
from kakehashi.store.database import Database
from kakehashi.store.guard import Guard
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import signing_keys
from kakehashi.trust.oauth.fetching import Fetcher
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin.openid.provider import Provider
from kakehashi.trust.signin.policy import Policy

log = structlog.get_logger("kakehashi.app")


class Application:
    """The server's application: opens the house when the server starts, and lets every request in by the door.

    worker: it is a process's own, begun with signals held back (signals.py).
    """

    def __init__(self, settings: Settings, *, worker: bool = False) -> None:
        self._worker = worker
        self._lifespan = Starlette(lifespan=self._opened)
        self._settings = settings
        self._door: App = self._lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._door(scope, receive, send)

    @asynccontextmanager
    async def _opened(self, _: Starlette) -> AsyncIterator[None]:
        async with await _open(self._settings) as db:
            door = self._door = build(db, self._settings)
            await _warn_of_searches(db)
            try:
                async with (
                    chores.under_way(House(db, self._settings, system_clock), door.watching),
                    beating(door.api.figures, door.api.shared, door.pulse),
                ):
                    if self._worker:
                        signals.let_through_when_serving()
                    with in_hand():
                        yield
            finally:
                door.access.flush()
                await door.watching.close()


def create(*, worker: bool = False) -> Application:
    """Return the application for a server, with settings from the environment."""
    settings = load_settings()
    set_up(settings.log_level)
    return Application(settings, worker=worker)


def build(db: Database, settings: Settings, clock: Clock = system_clock) -> Door:
    """Return the application on an open database: the door, with the pages behind it."""
    house = House(db, settings, clock, ProfileSet.load(settings.home / "profiles"))
    vault = Vault.at(settings.home)
    tokens = Tokens(db, vault, settings.public_url)
    api = Api(
        house, tokens, Published(Fetcher(settings.key_networks).fetch), Seals.at(settings.home),
        Figures(os.getpid()), Shared.of_environment(),
    )  # fmt: skip
    provider = Provider.of(settings, lambda at: signing_keys.ready(db, vault, at=at))
    desk = Desk(house, Policy.of(settings), vault, provider)
    return Door(Starlette(routes=web.routes(desk)), api=api, routes=ROUTES)


async def _open(settings: Settings) -> Database:
    """Open the database; the disk of an embedded one is watched, so that writing stops before it is full."""
    place = settings.home / "postgresql"
    own = place.exists() and embedded.is_own(place, settings.database_url)
    return await Database.open(
        settings.database_url,
        connections=settings.connections,
        guard=Guard(_data_folder(place)) if own else None,
    )


def _data_folder(place: Path) -> Path:
    """Where the embedded server's data really lies: as root it may be reached by a link (store.embedded)."""
    linked = place / "postgres"
    return linked.resolve() if linked.exists() else place


async def _warn_of_searches(db: Database) -> None:
    """Say at the start that searches are incomplete: nothing about their answers would show it."""
    if not (await reindex.state(db)).present:
        log.warning(
            "searches may miss records",
            ja="以前の版で登録した記録が検索から漏れます。kakehashi reindex を実行してください。",
            en="Searches miss records that an earlier version stored. Run kakehashi reindex.",
        )
