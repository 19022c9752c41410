"""What a guardian's grant does not give (A14): not a day too long, not to two ages at once, not what nobody shows the
person, and not one parent's word over the other's."""

from datetime import date, datetime, timedelta

import pytest
from trust_words import DAY, HANAKO, HOSPITAL, NOW, OPERATOR, TARO, myself, seen, staff, write

from kakehashi.core.actors import Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Flag, Kind, kinds
from kakehashi.store.database import Connection
from kakehashi.trust import consents, proxies, withholding
from kakehashi.trust.decide import Proxy
from kakehashi.trust.proxies import Basis

OPERATING = staff(Role.OPERATOR, OPERATOR, purpose=Purpose.OPERATIONS)
PAPERS = "登記事項証明書 2026-11-01"
TODAY = date(2026, 11, 21)  # in Japan, at NOW
MOTHER, FATHER = (myself(subject=one, acts_for=one) for one in ("mother", "father"))
INSTANT = timedelta(microseconds=1)


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """A disease and a laboratory result of Hanako, what she was not told of, and what was not handed over."""
    await write(empty, "Condition/1", Kind.CONDITION)
    await write(empty, "Observation/1", Kind.LAB)
    await write(empty, "Condition/2", Kind.CONDITION, flags=Flag.UNINFORMED)
    await write(empty, "Condition/3", Kind.CONDITION, flags=Flag.UNDELIVERED)
    await write(empty, "Condition/9", Kind.CONDITION, person=TARO)
    return empty


async def register(
    tx: Connection,
    account: str,
    basis: Basis,
    born: date,
    *,
    until: datetime | None = None,
    opened: int = EVERY_KIND,
) -> Proxy:
    return await proxies.register_guardian(
        tx,
        HANAKO,
        account,
        opened,
        basis=basis,
        born=born,
        until=until,
        evidence=PAPERS,
        by=OPERATING,
        at=NOW,
    )


async def test_the_guardian_of_an_adult_sees_until_the_day_of_the_papers(tx: Connection) -> None:
    end = NOW + 365 * DAY
    await register(tx, "mother", "adult-guardian", date(1950, 1, 1), until=end)
    assert await seen(tx, MOTHER, at=end - INSTANT) == {"Condition/1", "Observation/1"}
    assert await seen(tx, MOTHER, at=end) == set()
    with pytest.raises(Refused):
        await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=MOTHER, at=end, evidence="portal")


@pytest.mark.parametrize("basis", ["parent", "guardian", "adult-guardian"])
@pytest.mark.parametrize("age", [15, 16, 17])
async def test_from_15_to_18_nobody_is_registered_for_them(tx: Connection, basis: Basis, age: int) -> None:
    with pytest.raises(BadRequest):
        await register(tx, "mother", basis, TODAY.replace(year=TODAY.year - age), until=NOW + DAY)


async def test_the_birthdays_decide_to_the_day(tx: Connection) -> None:
    of_age, to_be = TODAY.replace(year=TODAY.year - 18), date(TODAY.year - 18, 11, 22)
    assert await register(tx, "mother", "adult-guardian", of_age, until=NOW + DAY)
    with pytest.raises(BadRequest):
        await register(tx, "father", "adult-guardian", to_be, until=NOW + DAY)


async def test_papers_do_not_reach_beyond_the_fifteenth_birthday(tx: Connection) -> None:
    born = date(2012, 3, 1)
    made = await register(tx, "mother", "parent", born, until=NOW + 700 * DAY)
    assert made.end == proxies.birthday(born, 15) < NOW + 700 * DAY
    assert await seen(tx, MOTHER, at=made.end) == set()


async def test_a_guardian_sees_no_more_than_the_person_and_nobody_elses_record(tx: Connection) -> None:
    await register(tx, "mother", "parent", date(2020, 1, 1))
    assert await seen(tx, MOTHER) == await seen(tx, myself()) == {"Condition/1", "Observation/1"}
    assert await seen(tx, MOTHER, TARO) == set()
    with pytest.raises(Refused):
        await withholding.withhold(tx, TARO, kind=Kind.LAB, by=MOTHER, at=NOW)


async def test_one_parents_grant_ends_without_the_others(tx: Connection) -> None:
    hers = await register(tx, "mother", "parent", date(2020, 1, 1))
    his = await register(tx, "father", "parent", date(2020, 1, 1), opened=kinds(Kind.LAB))
    for by, which in ((MOTHER, his), (FATHER, hers)):
        with pytest.raises(NotFound):
            await proxies.withdraw(tx, HANAKO, which.id, by=by, at=NOW)
        with pytest.raises(Refused):
            await proxies.grant(tx, HANAKO, "uncle", EVERY_KIND, until=NOW + DAY, by=by, at=NOW)
    assert await seen(tx, FATHER) == {"Observation/1"}
    await proxies.withdraw(tx, HANAKO, hers.id, by=OPERATING, at=NOW)
    assert await seen(tx, MOTHER) == set()
    assert await seen(tx, FATHER) == {"Observation/1"}
    with pytest.raises(NotFound):
        await proxies.withdraw(tx, HANAKO, hers.id, by=OPERATING, at=NOW)


async def test_where_two_parents_differ_the_refusal_stands(tx: Connection) -> None:
    """Refusal outranks permission, whichever of them said it."""
    for one in ("mother", "father"):
        await register(tx, one, "parent", date(2020, 1, 1))
    await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=MOTHER, at=NOW, evidence="portal")
    await withholding.withhold(tx, HANAKO, kind=Kind.LAB, by=FATHER, at=NOW)
    assert "Observation/1" not in await seen(tx, staff())
    again = await consents.give(tx, HANAKO, HOSPITAL.key, EVERY_KIND, by=MOTHER, at=NOW, evidence="portal")
    assert "Observation/1" not in await seen(tx, staff())
    for one in await consents.of_person(tx, HANAKO, by=FATHER, at=NOW):
        await consents.withdraw(tx, HANAKO, one.id, by=FATHER, at=NOW)
    assert await seen(tx, staff()) == set()
    with pytest.raises(Conflict):
        await consents.withdraw(tx, HANAKO, again.id, by=MOTHER, at=NOW)
