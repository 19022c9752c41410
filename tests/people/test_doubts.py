"""Links in doubt: hidden until settled, settled once, by who may; what a wrong link touched can be told."""

import pytest
from sample_people import AT, EAST, MEMBER, NORTH, OPERATOR, SOUTH, actor, patient

from kakehashi.core.actors import Role
from kakehashi.core.errors import Conflict, NotFound, Refused
from kakehashi.people.assign import Assigned, assign
from kakehashi.people.doubts import (
    Outcome,
    affected,
    candidates,
    reject,
    settle,
    suspend,
    suspended,
    waiting,
)
from kakehashi.people.merging import resolve
from kakehashi.store.database import Database

BECAUSE = {"shown": "本人確認書類"}


async def register(db, at, one) -> Assigned:
    return (await assign(db, [one], institution=at, by=actor(at), at=AT))[f"Patient/{one.id}"]


async def doubtful(db: Database) -> tuple[Assigned, Assigned]:
    """A person with a member id, and one at another hospital who claims it with another birth date."""
    held = await register(db, NORTH, patient(member=MEMBER, number="1"))
    claim = await register(db, SOUTH, patient(member=MEMBER, number="7", birth="1980-01-04", at=SOUTH))
    return held, claim


async def test_a_mismatch_waits_for_an_operator(db):
    held, claim = await doubtful(db)
    [doubt] = await waiting(db)
    assert (doubt.person, doubt.institution, doubt.other, doubt.apart) == (
        claim.person,
        SOUTH.key,
        held.person,
        True,
    )
    assert [one.number for one in await suspended(db, [held.person, claim.person])] == [doubt.number]
    [pair] = await candidates(db)
    assert {pair.one, pair.other} == {held.person, claim.person}


async def test_settled_as_same_the_two_are_merged_and_shown(db):
    held, claim = await doubtful(db)
    [doubt] = await waiting(db)
    await settle(db, doubt.number, Outcome.SAME, evidence=BECAUSE, by=OPERATOR, at=AT)
    assert await resolve(db, held.person) == {held.person, claim.person}
    assert not await suspended(db, [held.person, claim.person]) and not await candidates(db)
    again = await register(db, SOUTH, patient(member=MEMBER, number="7", birth="1980-01-04", at=SOUTH))
    assert again.person == claim.person and not again.suspended


async def test_settled_as_different_they_stay_two_and_the_claim_is_withdrawn(db):
    held, claim = await doubtful(db)
    [doubt] = await waiting(db)
    await settle(db, doubt.number, Outcome.DIFFERENT, evidence=BECAUSE, by=OPERATOR, at=AT)
    assert await resolve(db, held.person) == {held.person}
    assert not await suspended(db, [claim.person]) and not await candidates(db)
    elsewhere = await register(db, EAST, patient(member=MEMBER, at=EAST))
    assert elsewhere.person == held.person


async def test_a_number_that_led_to_the_wrong_human_leads_there_no_more(db):
    first = await register(db, NORTH, patient(number="1"))
    stranger = patient(number="1", name="林 花", kana="ハヤシ ハナ", birth="2001-02-03", sex="female")
    assert (await register(db, NORTH, stranger)).suspended
    [doubt] = await waiting(db)
    await settle(db, doubt.number, Outcome.DIFFERENT, evidence=BECAUSE, by=OPERATOR, at=AT)
    [hidden] = await suspended(db, [first.person])
    assert hidden.settled_wrong  # what was written under the wrong human stays hidden
    [touched] = await affected(db, first.person)
    assert (touched.institution, touched.since, touched.until) == (NORTH.key, AT, AT)
    afresh = await register(db, NORTH, stranger)
    assert afresh.person != first.person and not afresh.suspended


async def test_what_a_wrong_link_touched_can_be_told(db):
    held, claim = await doubtful(db)
    [touched] = await affected(db, claim.person, SOUTH.key)
    assert (touched.person, touched.institution, touched.since) == (claim.person, SOUTH.key, AT)
    assert any(MEMBER in key for key in touched.keys)
    assert touched.until is None, "it is still so"
    assert not await affected(db, held.person, SOUTH.key)


async def test_an_institution_may_doubt_its_own_link_and_no_other(db):
    held, _ = await doubtful(db)
    with pytest.raises(Refused):
        await suspend(db, held.person, NORTH.key, evidence=BECAUSE, by=actor(SOUTH, Role.CLERK), at=AT)
    with pytest.raises(Refused):
        await suspend(db, held.person, NORTH.key, evidence=BECAUSE, by=actor(NORTH, Role.PERSON), at=AT)
    with pytest.raises(Refused):
        await suspend(db, held.person, None, evidence=BECAUSE, by=actor(NORTH, Role.CLERK), at=AT)
    assert not await suspended(db, [held.person])
    for _ in range(2):
        await suspend(db, held.person, NORTH.key, evidence=BECAUSE, by=actor(NORTH, Role.CLERK), at=AT)
    assert len(await suspended(db, [held.person])) == 1
    await suspend(db, held.person, None, evidence=BECAUSE, by=OPERATOR, at=AT)
    assert len(await suspended(db, [held.person])) == 2


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OPERATOR, Role.INSURER}))
async def test_who_may_not_settle_settles_nothing(db, role):
    _, claim = await doubtful(db)
    [doubt] = await waiting(db)
    with pytest.raises(Refused):
        await settle(db, doubt.number, Outcome.SAME, evidence=BECAUSE, by=actor(SOUTH, role), at=AT)
    with pytest.raises(Refused):
        await reject(db, claim.person, doubt.other, by=actor(SOUTH, role), at=AT)
    assert await suspended(db, [claim.person]) and await candidates(db)


async def test_a_doubt_is_settled_once(db):
    await doubtful(db)
    [doubt] = await waiting(db)
    await settle(db, doubt.number, Outcome.DIFFERENT, evidence=BECAUSE, by=OPERATOR, at=AT)
    with pytest.raises(Conflict):
        await settle(db, doubt.number, Outcome.SAME, evidence=BECAUSE, by=OPERATOR, at=AT)
    with pytest.raises(NotFound):
        await settle(db, 999, Outcome.SAME, evidence=BECAUSE, by=OPERATOR, at=AT)


async def test_a_rejected_pair_is_not_proposed_again(db):
    one = await register(db, NORTH, patient(number="1"))
    other = await register(db, SOUTH, patient(number="2", at=SOUTH))
    assert len(await candidates(db)) == 1
    await reject(db, one.person, other.person, by=OPERATOR, at=AT)
    third = await register(db, EAST, patient(number="3", at=EAST))
    pairs = [{pair.one, pair.other} for pair in await candidates(db)]
    assert {one.person, other.person} not in pairs and {one.person, third.person} in pairs
