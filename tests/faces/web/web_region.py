"""The sample region's told persons, really loaded: institutions, records by the two ways in, accounts, proxies.

Everybody in it is invented. Passwords are the tests' own; the clock stands on the last day of the sample year.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.people import find
from kakehashi.people.identifiers import member_id
from kakehashi.samples.build import lines_of
from kakehashi.samples.charts import Chart
from kakehashi.samples.guide import accounts
from kakehashi.samples.region import SITES
from kakehashi.samples.staffing import shared
from kakehashi.samples.story import BY_STORY
from kakehashi.samples.story_charts import story_charts
from kakehashi.services.sharing.register import register
from kakehashi.store import institutions
from kakehashi.store.database import Database
from kakehashi.trust import proxies
from kakehashi.trust.decide import WHOLE
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.accounts import NewAccount

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)  # 10:30 in Japan
PASSWORD = "kakehashi-wo-wataru-7"
LAST_WEEK = NOW - timedelta(days=7)


@dataclass(frozen=True)
class Region:
    """A loaded region: its house, the institutions by slug, the persons by story."""

    house: House
    sites: dict[str, Institution]
    persons: dict[str, int]


def places() -> dict[str, Institution]:
    """Return the institutions by slug; the operator has key 0, as in every installation."""
    kept = {
        site.slug: Institution(key, site.code, site.name, site.type)
        for key, site in enumerate(SITES, 1)
        if site.type is not InstitutionType.OPERATOR
    }
    return {**kept, "operator": setup.OPERATOR}


async def make_region(db: Database, home: Path, stories: Iterable[str] = ("hanako", "isamu")) -> Region:
    """Load the told persons named, and everybody's accounts, and return the region."""
    settings = Settings(home=home, demo=True)
    house = House(db, settings, lambda: NOW)
    sites = places()
    async with db.transaction() as tx:
        for one in sites.values():
            await institutions.put(tx, one)
    for site in SITES:
        if own := [orjson.dumps(one) for one in shared(site)]:
            await take(house, sites[site.slug], own)
    wanted = {f"story-{slug}" for slug in stories}
    for chart in story_charts():
        if chart.key in wanted:
            await _load(house, sites, chart)
    persons = {slug: await _person(db, slug) for slug in stories}
    await _accounts(house, sites, persons)
    return Region(house, sites, persons)


async def _load(house: House, sites: dict[str, Institution], chart: Chart) -> None:
    plain: dict[str, list[bytes]] = {}
    bundles: list[tuple[str, bytes]] = []
    for line in lines_of(chart):
        if line.form == "fhir":
            plain.setdefault(line.site, []).append(line.body)
        else:
            bundles.append((line.site, line.body))
    for slug, bodies in plain.items():
        await take(house, sites[slug], bodies)
    for slug, body in bundles:
        await register(house, body, by=_system(sites[slug]), at=LAST_WEEK)


async def take(house: House, place: Institution, bodies: list[bytes]) -> None:
    """Store resources as an institution's system sends them; each must be good."""
    taken = await bulk.take(house, list(enumerate(bodies, 1)), by=_system(place), at=LAST_WEEK)
    assert not taken.refused, taken.refused[:3]


def _system(place: Institution) -> Actor:
    purpose = Purpose.TREATMENT if place.type in _CARE else Purpose.ADMINISTRATION
    if place.type is InstitutionType.OPERATOR:
        return Actor("setup", Role.OPERATOR, place, Purpose.OPERATIONS, factors=2)
    return Actor("loader", Role.SYSTEM, place, purpose, scopes=("system/*.cruds",))


_CARE = (InstitutionType.HOSPITAL, InstitutionType.CLINIC, InstitutionType.PHARMACY)


async def _person(db: Database, slug: str) -> int:
    known = BY_STORY[slug].identity
    insurer = next(site for site in SITES if site.slug == known.insurer)
    hits = await find.by_member_id(db, member_id(insurer.code, known.symbol, known.number, known.branch))
    return hits[0].person


async def _accounts(house: House, sites: dict[str, Institution], persons: dict[str, int]) -> None:
    made: dict[str, str] = {}
    for one in accounts():
        if one.role is Role.PERSON and one.login not in persons:
            continue
        new = NewAccount(
            one.login, one.name, sites[one.site], one.role, licence=one.licence, person=persons.get(one.login)
        )
        made[one.login] = await setup.demo_account(
            house.db,
            new,
            PASSWORD,
            settings=house.settings,
            emergency_right=one.emergency_right,
            manages=one.manages,
            at=LAST_WEEK,
        )
    if "sora" in persons and "aya" in persons:
        async with house.db.transaction() as tx:
            await proxies.register_guardian(
                tx,
                persons["sora"],
                made["aya"],
                WHOLE,
                basis="parent",
                evidence="戸籍全部事項証明書（見本）",
                born=datetime.fromisoformat(BY_STORY["sora"].identity.birth).date(),
                by=setup.demo_operator(house.settings),
                at=LAST_WEEK,
            )
