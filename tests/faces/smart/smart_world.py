"""A region behind the real application, and how apps are registered there."""

from dataclasses import dataclass, replace

import httpx
from smart_words import BACK, BASE, OPERATOR, Clock, SmartApp
from web_region import Region

from kakehashi.faces import app as faces
from kakehashi.store.database import Database
from kakehashi.trust.oauth import apps
from kakehashi.trust.oauth.apps import NewApp

SCOPES = (
    "launch", "launch/patient", "openid", "fhirUser", "profile", "online_access", "offline_access", "patient/*.cruds",
    "user/*.rs",
)  # fmt: skip


@dataclass
class World:
    """A region of one's own, served."""

    region: Region
    clock: Clock
    served: faces.Door

    @property
    def db(self) -> Database:
        return self.region.house.db

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.served), base_url=BASE)

    async def app(self, named: str = "mieru", *, place: str = "operator", **changed: object) -> SmartApp:
        """Register an app, and return it."""
        new = replace(
            NewApp(named, "見える記録（見本）", self.region.sites[place], (BACK,), SCOPES),
            **changed,  # type: ignore[arg-type]
        )
        made = await apps.register(self.db, new, by=OPERATOR, at=self.clock.now)
        return SmartApp(self.client(), named, new.redirects[0], made.secret)
