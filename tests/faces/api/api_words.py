"""Words for tests of the API: a small region of three institutions, callers with real tokens, synthetic patients."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.kinds import PERSONAL_KINDS
from kakehashi.core.settings import Settings
from kakehashi.faces.app import build
from kakehashi.store import institutions, window_sql
from kakehashi.store.database import Database
from kakehashi.store.whereabouts import whereabouts
from kakehashi.trust import consents
from kakehashi.trust.keys import Vault
from kakehashi.trust.oauth import demo
from kakehashi.trust.oauth.tokens import Tokens
from kakehashi.trust.signin import setup

NOON = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SAKURA = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
MIDORI = Institution(2, "1311234568", "緑町診療所", InstitutionType.CLINIC)
KAEDE = Institution(3, "1341234569", "かえで薬局", InstitutionType.PHARMACY)
BASE = "https://kakehashi.example/fhir"
Json = dict[str, Any]


@dataclass
class Clock:
    """A clock that stands still until it is told to go on."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Caller:
    """Someone who calls the API with a token of their own."""

    client: httpx.AsyncClient
    token: str = field(repr=False)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        said = {"authorization": f"Bearer {self.token}", **said}
        if body is None:
            return await self.client.request(method, path, headers=said)
        content = body if isinstance(body, bytes | str) else orjson.dumps(body)
        return await self.client.request(
            method, path, content=content, headers={"content-type": "application/fhir+json", **said}
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("GET", path, **headers)

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.ask("POST", path, body, **headers)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.ask("PUT", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("DELETE", path, **headers)

    async def made(self, body: Json, **headers: str) -> str:
        """Create a resource and return its id."""
        answer = await self.post(f"/fhir/{body['resourceType']}", body, **headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@dataclass
class Region:
    """A running server with three institutions."""

    db: Database
    settings: Settings
    clock: Clock
    client: httpx.AsyncClient
    tokens: Tokens

    @classmethod
    async def start(cls, db: Database, home: Path, **settings: Any) -> "Region":
        clock = Clock()
        own = Settings(home=home, demo=True, base_url=BASE.removesuffix("/fhir"), **settings)
        async with db.transaction() as tx:
            for place in (setup.OPERATOR, SAKURA, MIDORI, KAEDE):
                await institutions.put(tx, place)
        app = build(db, own, clock)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=own.public_url, follow_redirects=False
        )
        return cls(db, own, clock, client, Tokens(db, Vault.at(home), own.public_url))

    async def caller(
        self,
        institution: Institution = SAKURA,
        role: Role = Role.SYSTEM,
        *,
        person: int | None = None,
        scope: str = "",
        purpose: Purpose | None = None,
    ) -> Caller:
        at = setup.OPERATOR if role is Role.PERSON else institution
        token = await demo.mint(
            self.tokens,
            self.settings,
            institution=at,
            role=role,
            purpose=purpose,
            scope=scope,
            person=person,
            lives=86_400,
            at=self.clock.now,
        )
        return Caller(self.client, token)

    async def person_of(self, patient: str) -> int:
        """The person key of a stored Patient."""
        async with self.db.transaction() as tx:
            await window_sql.open_on(tx, window_sql.system_window("test"))
            return (await whereabouts(tx, [("Patient", patient)]))["Patient", patient].person

    async def consent(self, patient: str, institution: Institution) -> None:
        """The person of a stored Patient consents at an institution's desk to everything."""
        clerk = Actor("clerk", Role.CLERK, institution, Purpose.ADMINISTRATION)
        person = await self.person_of(patient)
        async with self.db.transaction() as tx:
            await consents.give(tx, person, institution.key, PERSONAL_KINDS, by=clerk, at=self.clock.now)


def patient(
    number: str, *, member: str = "", family: str = "見本", given: str = "太郎", birth: str = "1970-01-01"
) -> Json:
    """A synthetic patient under a hospital number; the same `member` id makes them one person everywhere."""
    identifier = [{"system": "urn:oid:1.2.392.100495.20.3.51.11311234567", "value": number}]
    if member:
        identifier.append(
            {"system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID", "value": member}
        )
    return {
        "resourceType": "Patient",
        "identifier": identifier,
        "gender": "male",
        "birthDate": birth,
        "name": [{"use": "official", "text": f"{family} {given}", "family": family, "given": [given]}],
    }


def lab(subject: str, code: str = "718-7", value: float = 13.5, on: str = "2026-11-01", **more: Any) -> Json:
    """A synthetic laboratory result."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": subject},
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "effectiveDateTime": on,
        "valueQuantity": {
            "value": value,
            "unit": "g/dL",
            "system": "http://unitsofmeasure.org",
            "code": "g/dL",
        },
        **more,
    }


def ids(bundle: Json, mode: str = "match") -> list[str]:
    """The ids of a searchset's entries, in order."""
    return [
        e["resource"]["id"] for e in bundle.get("entry", ()) if e.get("search", {}).get("mode", mode) == mode
    ]


def link(bundle: Json, relation: str = "next") -> str | None:
    """The path of a link, relative to the server."""
    found = [one["url"] for one in bundle.get("link", ()) if one["relation"] == relation]
    return found[0].removeprefix("https://kakehashi.example") if found else None


def rules(answer: httpx.Response) -> list[str]:
    """The rules that an OperationOutcome names."""
    return [
        one["details"]["coding"][0]["code"] for one in answer.json()["issue"] if "coding" in one["details"]
    ]
