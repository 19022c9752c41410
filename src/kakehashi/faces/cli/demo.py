"""The sample region: made once, loaded once, then served. Whoever is in it is invented."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path

from kakehashi.core.actors import Actor, Institution, Purpose, Role
from kakehashi.core.errors import BadRequest, NotFound
from kakehashi.core.kinds import PERSONAL_KINDS
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records.reindex import state
from kakehashi.faces.cli import place
from kakehashi.faces.cli.files import Form, Found
from kakehashi.faces.cli.load import Say, load
from kakehashi.faces.cli.progress import Progress
from kakehashi.faces.cli.reindex import reindex
from kakehashi.people import find, identifiers
from kakehashi.samples import guide, story
from kakehashi.samples.build import Load, Sample, make_sample
from kakehashi.samples.region import BY_SLUG, SITES, Site
from kakehashi.store import accounts, institutions
from kakehashi.trust import proxies, withholding
from kakehashi.trust.keys import secret_file
from kakehashi.trust.roles import usual_purpose
from kakehashi.trust.signin import setup
from kakehashi.trust.signin.accounts import NewAccount

_FORMS = {"fhir": Form.RESOURCES, "clins": Form.SHARINGS}
_KEYS = {site.slug: number for number, site in enumerate((one for one in SITES if one.code), 1)}
_LOADERS = 2  # processes that load at once; two institutions never wait for each other long


def password_of(home: Path) -> str:
    """Return the one password of all sample accounts, made for this installation."""
    return "mihon-" + secret_file(home / "demo-password").hex()[:16]


async def prepare(house: House, say: Say) -> None:
    """Make, load and people the sample region, as far as that has not been done."""
    sample = await asyncio.to_thread(make_sample, house.settings.home / "sample", say=say)
    done = house.settings.home / "sample" / "settled"
    if done.exists():
        await _searchable(house, say)
        return
    async with house.db.transaction() as db:
        for site in SITES:
            await institutions.put(db, institution_of(site))
    await _load(house, sample, say)
    say("利用者を登録しています · making the accounts")
    await _accounts(house)
    await _wishes(house)
    done.write_text("ok\n", "utf-8")


async def _searchable(house: House, say: Say) -> None:
    """Index anew what an earlier version stored: the region is small, and searches would miss it."""
    if not (await state(house.db)).present:
        await reindex(house, say)


def institution_of(site: Site) -> Institution:
    """Return a sample site as the store knows it; the operator is number 0."""
    if not site.code:
        return replace(setup.OPERATOR, name=site.name)
    return Institution(_KEYS[site.slug], site.code, site.name, site.type)


async def _load(house: House, sample: Sample, say: Say) -> None:
    """Load the shared resources first, then every person's records and Bundles, institution by institution."""
    first = [one for one in sample.loads if one.path.endswith("shared.ndjson")]
    rest = [one for one in sample.loads if one not in first]
    for one in first:
        await _load_one(house, sample.folder, one)
    shares = _dealt(rest)
    total, done = sum(one.lines for one in rest), 0
    settings = house.settings
    with ProcessPoolExecutor(_LOADERS, mp_context=get_context("spawn")) as pool:
        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(pool, _load_share, settings, sample.folder, share) for share in shares]
        for finished in asyncio.as_completed(work):
            lines, refused = await finished
            done += lines
            say(f"登録 {done:,} / {total:,} 行（不可 {refused:,}） · loaded")


def _dealt(loads: Sequence[Load]) -> list[list[Load]]:
    """One share an institution, its files in their order, the longest share first."""
    shares: dict[str, list[Load]] = {}
    for one in loads:
        shares.setdefault(one.site, []).append(one)
    return sorted(shares.values(), key=lambda share: -sum(one.lines for one in share))


def _load_share(settings: Settings, folder: Path, share: Sequence[Load]) -> tuple[int, int]:
    refused = 0

    async def work() -> None:
        nonlocal refused
        async with place.opened(settings) as house:
            for one in share:
                refused += (await _load_one(house, folder, one)).refused

    place.run(work())
    return sum(one.lines for one in share), refused


async def _load_one(house: House, folder: Path, one: Load) -> Progress:
    found = Found(folder / one.path, _FORMS[one.form])
    return await load(house, found, by=_system_of(one.site), say=lambda line: None, agreed_orally=True)


def _system_of(slug: str) -> Actor:
    site = institution_of(BY_SLUG[slug])
    if site.key == 0:
        return Actor("demo", Role.OPERATOR, site, Purpose.OPERATIONS)
    return Actor(f"system:{slug}", Role.SYSTEM, site, usual_purpose(site), scopes=("system/*.cruds",))


async def _accounts(house: House) -> None:
    password = password_of(house.settings.home)
    async with house.db.transaction() as db:
        there = {one.login for one in guide.accounts() if await accounts.by_login(db, one.login)}
    for one in guide.accounts():
        if one.login in there:
            continue
        person = await person_of(house, one.member_id) if one.member_id else None
        new = NewAccount(
            one.login,
            one.name,
            institution_of(BY_SLUG[one.site]),
            one.role,
            licence=one.licence,
            person=person,
        )
        await setup.demo_account(
            house.db,
            new,
            password,
            settings=house.settings,
            emergency_right=one.emergency_right,
            manages=one.manages,
            at=house.clock(),
        )


async def _wishes(house: House) -> None:
    """What the told persons have decided: what is withheld, and who acts for whom."""
    at = house.clock()
    for wish in story.WITHHOLDINGS:
        person = await person_of(house, story.BY_STORY[wish.person].identity.member_id)
        by = Actor("demo", Role.PERSON, setup.OPERATOR, Purpose.PATIENT_REQUEST, person=person)
        async with house.db.transaction() as db:
            await withholding.withhold(db, person, by=by, at=at, custodian=_KEYS[wish.institution])
    for proxy in story.PROXIES:
        await _guardian(house, proxy, at)


async def _guardian(house: House, proxy: story.Proxy, at: datetime) -> None:
    child, parent = (story.BY_STORY[slug].identity for slug in (proxy.person, proxy.proxy))
    person, grown = await person_of(house, child.member_id), await person_of(house, parent.member_id)
    operator = setup.demo_operator(house.settings)
    async with house.db.transaction() as db:
        account = await accounts.by_person(db, grown)
        if account is None:
            return
        await proxies.register_guardian(
            db,
            person,
            account.id,
            PERSONAL_KINDS,
            basis="parent" if proxy.basis == "parent" else "guardian",
            evidence="戸籍全部事項証明書（見本）",
            born=date.fromisoformat(child.birth),
            by=operator,
            at=at,
        )


async def person_of(house: House, member: str) -> int:
    """Return the person with this member id (保険者番号:記号:番号:枝番). Raises BadRequest, NotFound."""
    parts = member.split(":")
    if len(parts) != 4:
        raise BadRequest(
            "被保険者は「保険者番号:記号:番号:枝番」の形で指定してください（空の部分もコロンは残します）。",
            "Write the member as insurer:symbol:number:branch; keep the colons of empty parts.",
            rule="demo.person",
        )
    found = await find.by_member_id(house.db, identifiers.member_id(*parts))
    if not found:
        raise NotFound("その被保険者はいません。", "There is no such member.", rule="demo.person")
    return found[0].person
