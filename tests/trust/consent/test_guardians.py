"""Children's guardians, and the stop of self-disclosure: grants that end by themselves, a portal that is shut."""

from datetime import UTC, date, datetime, timedelta

import pytest
from trust_words import CLINIC, DAY, HANAKO, INSURER, NOW, OPERATOR, myself, seen, staff, write

from kakehashi.core.actors import Institution, InstitutionType, Purpose, Role
from kakehashi.core.errors import BadRequest, Conflict, NotFound, Refused
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.people.identifiers import MEMBER_SYSTEM
from kakehashi.store import institutions
from kakehashi.store.database import Connection
from kakehashi.trust import proxies, withholding, withholding_portal
from kakehashi.trust.decide import Proxy
from kakehashi.trust.proxies import Basis

CLERK_OF_OPERATOR = staff(Role.OPERATOR, OPERATOR, purpose=Purpose.OPERATIONS)
AT_INSURER = staff(Role.INSURER, INSURER, purpose=Purpose.ADMINISTRATION)
FAMILY_REGISTER = "戸籍全部事項証明書 2026-11-01"
MOTHER = myself(subject="mother", acts_for="parent")


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """Another hospital wrote a disease of Hanako, who is a member of the insurer."""
    await write(empty, "Condition/1", Kind.CONDITION)
    await empty.execute(
        "INSERT INTO person_link (person, institution, system, value, state, evidence, since, said_by)"
        " VALUES ($1, 77, $2, $3, 'held', '{}', $4, 't')", HANAKO, MEMBER_SYSTEM, f"{INSURER.code}:1:2:01", NOW,
    )  # fmt: skip
    return empty


async def test_a_childs_guardian_acts_until_the_fifteenth_birthday_in_japan(tx: Connection) -> None:
    await proxies.register_guardian(
        tx,
        HANAKO,
        "mother",
        EVERY_KIND,
        basis="parent",
        evidence=FAMILY_REGISTER,
        born=date(2011, 11, 23),
        by=CLERK_OF_OPERATOR,
        at=NOW,
    )
    midnight = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
    assert await seen(tx, MOTHER, at=midnight - timedelta(microseconds=1)) == {"Condition/1"}
    assert await seen(tx, MOTHER, at=midnight) == set()


async def test_who_is_old_enough_gets_no_guardian_and_only_the_operator_registers_one(tx: Connection) -> None:
    asked = {"basis": "parent", "evidence": FAMILY_REGISTER, "at": NOW}
    with pytest.raises(BadRequest):
        await proxies.register_guardian(
            tx,
            HANAKO,
            "mother",
            EVERY_KIND,
            born=date(2011, 11, 21),
            by=CLERK_OF_OPERATOR,
            **asked,  # type: ignore[arg-type]
        )
    for by in (staff(Role.CLERK), myself(), AT_INSURER):
        with pytest.raises(Refused):
            await proxies.register_guardian(
                tx,
                HANAKO,
                "mother",
                EVERY_KIND,
                born=date(2020, 1, 1),
                by=by,
                **asked,  # type: ignore[arg-type]
            )


async def test_a_guardian_is_registered_on_evidence_and_for_a_time_that_fits_the_age(tx: Connection) -> None:
    async def register(
        basis: Basis, born: date, until: datetime | None = None, evidence: str = "登記事項証明書 11-01"
    ) -> Proxy:
        return await proxies.register_guardian(
            tx, HANAKO, "guardian", EVERY_KIND, basis=basis, born=born, until=until, evidence=evidence,
            by=CLERK_OF_OPERATOR, at=NOW,
        )  # fmt: skip

    adult, child = date(1960, 1, 1), date(2020, 1, 1)
    year = NOW + 365 * DAY
    assert (await register("adult-guardian", adult, year)).end == year
    assert (await register("parent", child, year)).end == year
    assert (await register("guardian", child)).end == proxies.birthday(child, 15)
    for wrong in (
        register("adult-guardian", adult),  # without an end
        register("adult-guardian", adult, NOW + proxies.LONGEST + DAY),
        register("adult-guardian", child, year),
        register("parent", adult, year),
        register("parent", child, NOW),
        register("parent", child, year, evidence=" "),
    ):
        with pytest.raises(BadRequest):
            await wrong
    grants = await proxies.of_register(tx, HANAKO, by=CLERK_OF_OPERATOR)
    assert {one.basis for one in grants} == {"adult-guardian", "parent", "guardian"}
    assert all(one.evidence == "登記事項証明書 11-01" for one in grants)
    for by in (staff(Role.CLERK), AT_INSURER, staff(Role.MUNICIPALITY)):
        with pytest.raises(Refused):
            await proxies.of_register(tx, HANAKO, by=by)


def test_a_leap_day_child_comes_of_age_on_the_first_of_march() -> None:
    assert proxies.birthday(date(2012, 2, 29), 15) == datetime(2027, 2, 28, 15, 0, tzinfo=UTC)
    assert proxies.birthday(date(2012, 2, 29), 16) == datetime(2028, 2, 28, 15, 0, tzinfo=UTC)


async def test_a_proxy_may_lay_down_their_own_grant_but_no_other(tx: Connection) -> None:
    granted = await proxies.grant(tx, HANAKO, "mother", EVERY_KIND, until=NOW + DAY, by=myself(), at=NOW)
    other = await proxies.grant(tx, HANAKO, "uncle", EVERY_KIND, until=NOW + DAY, by=myself(), at=NOW)
    with pytest.raises(NotFound):
        await proxies.withdraw(tx, HANAKO, other.id, by=MOTHER, at=NOW)
    assert [one.person for one in await proxies.held_by(tx, "mother", at=NOW)] == [HANAKO]
    await proxies.withdraw(tx, HANAKO, granted.id, by=MOTHER, at=NOW)
    assert await proxies.held_by(tx, "mother", at=NOW) == []
    assert len(await proxies.of_person(tx, HANAKO, by=myself(), at=NOW)) == 2


async def test_a_stop_shuts_the_portal_and_everything_in_it_until_it_is_lifted(tx: Connection) -> None:
    await proxies.grant(tx, HANAKO, "mother", EVERY_KIND, until=NOW + DAY, by=myself(), at=NOW)
    await withholding_portal.stop(tx, HANAKO, by=AT_INSURER, at=NOW)
    for by in (myself(), MOTHER):
        assert await seen(tx, by) == set()
        with pytest.raises(Refused):
            await withholding.withhold(tx, HANAKO, kind=Kind.LAB, by=by, at=NOW)
        with pytest.raises(Refused):
            await proxies.of_person(tx, HANAKO, by=by, at=NOW)
    with pytest.raises(Conflict):
        await withholding_portal.stop(tx, HANAKO, by=AT_INSURER, at=NOW)
    await withholding_portal.resume(tx, HANAKO, by=AT_INSURER, at=NOW)
    assert await seen(tx, myself()) == {"Condition/1"}
    assert await seen(tx, MOTHER) == {"Condition/1"}, "a proxy is not removed by a stop"
    with pytest.raises(Conflict):
        await withholding_portal.resume(tx, HANAKO, by=AT_INSURER, at=NOW)


async def test_only_the_present_insurer_stops_and_resumes(tx: Connection) -> None:
    former = Institution(8, "01130099", "むかし健康保険組合", InstitutionType.INSURER)
    await institutions.put(tx, former)
    stranger = staff(Role.INSURER, former, purpose=Purpose.ADMINISTRATION)
    for by in (stranger, myself(), staff(), staff(Role.CLERK, CLINIC)):
        with pytest.raises(Refused):
            await withholding_portal.stop(tx, HANAKO, by=by, at=NOW)


async def test_check_ups_go_to_the_present_insurer_and_not_to_the_former(tx: Connection) -> None:
    await write(tx, "Composition/9", Kind.CHECKUP)
    assert await seen(tx, AT_INSURER) == {"Composition/9"}
    await institutions.put(tx, Institution(8, "01130099", "あたらし健康保険組合", InstitutionType.INSURER))
    await tx.execute(
        "INSERT INTO person_link (person, institution, system, value, state, evidence, since, said_by)"
        " VALUES ($1, 77, $2, '01130099:1:2:01', 'held', '{}', $3, 't')", HANAKO, MEMBER_SYSTEM, NOW + DAY,
    )  # fmt: skip
    assert await seen(tx, AT_INSURER, at=NOW + DAY) == set()
