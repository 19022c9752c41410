"""The one ASGI application: the FHIR face and the web face on one house, behind one door."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware

from kakehashi.core.clock import Clock, system_clock
from kakehashi.core.settings import Settings, load_settings
from kakehashi.engines.house import House
from kakehashi.faces import chores
from kakehashi.faces.api.body import Receive
from kakehashi.faces.api.call import Api
from kakehashi.faces.api.door import App, Door, Scope, Send
from kakehashi.faces.api.figures import Figures
from kakehashi.faces.api.pages import Seals
from kakehashi.faces.api.table import ROUTES
from kakehashi.faces.logs import set_up
from kakehashi.faces.web import routes as web
from kakehashi.faces.web.visit import Desk
from kakehashi.store import embedded
from kakehashi.store.database import Database
from kakehashi.store.guard import Guard
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth.jwks import Published
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin.policy import Policy


def create() -> Starlette:
    """Return the application for a server: settings from the environment, the database opened at start."""
    settings = load_settings()
    set_up(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with await _open(settings) as db:
            app.state.face = build(db, settings)
            async with chores.under_way(House(db, settings, system_clock)):
                yield

    return Starlette(lifespan=lifespan, middleware=[Middleware(_Opened)])


def build(db: Database, settings: Settings, clock: Clock = system_clock) -> Starlette:
    """Return the application on an open database."""
    house = House(db, settings, clock)
    vault = Vault.at(settings.home)
    tokens = Tokens(db, vault, settings.public_url)
    api = Api(house, tokens, Published(None), Seals.at(settings.home), Figures())
    desk = Desk(house, Policy.of(settings), vault)
    return Starlette(routes=web.routes(desk), middleware=[Middleware(Door, api=api, routes=ROUTES)])


async def _open(settings: Settings) -> Database:
    """Open the database; the disk of an embedded one is watched, so that writing stops before it is full."""
    place = settings.home / "postgresql"
    own = place.exists() and embedded.find(place) == settings.database_url
    return await Database.open(
        settings.database_url, connections=settings.connections, guard=Guard(place) if own else None
    )


class _Opened:
    """Hands requests to the application that was built when the server started."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._bare = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        face: App = scope["app"].state.face if scope["type"] == "http" else self._bare
        await face(scope, receive, send)
