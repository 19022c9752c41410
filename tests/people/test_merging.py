"""Merge and un-merge: groups follow from the merges in force alone, so that taking one back restores exactly."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_people import AT, EAST, MEMBER, NORTH, OPERATOR, SOUTH, actor, patient

from kakehashi.core.actors import Role
from kakehashi.core.errors import Conflict, NotFound, Refused
from kakehashi.people.assign import assign
from kakehashi.people.merging import merge, resolve, resolve_many, roots_of, unmerge
from kakehashi.store import people, reach
from kakehashi.store.database import Database

BECAUSE = {"shown": "両院の被保険者証"}
PEOPLE = 6


async def make(db: Database, count: int = PEOPLE) -> list[int]:
    new = [patient(f"p{number}", number=str(number)) for number in range(count)]
    said = await assign(db, new, institution=NORTH, by=actor(), at=AT)
    return [one.person for one in said.values()]


async def join(db: Database, keep: int, other: int) -> int:
    return await merge(db, keep, other, evidence=BECAUSE, by=OPERATOR, at=AT)


async def roots(db: Database, persons: list[int]) -> dict[int, int]:
    async with db.transaction() as connection:
        return await people.roots(connection, persons)


@pytest.fixture
async def fresh(db):
    """Numbers of one institution must be new in each example, so persons are made once and un-merged after it."""
    return db, await make(db)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("unmerge"), st.integers(0, 30), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_any_merges_and_unmerges_leave_what_the_merges_in_force_say(fresh, steps):
    """Held against the pure function over the edges; and every merge taken back leaves everyone alone again."""
    db, persons = fresh
    force: dict[int, tuple[int, int]] = {}
    before: dict[int, dict[int, int]] = {}
    for what, one, other in steps:
        if what == "merge":
            keep, joined = persons[one], persons[other]
            expected = roots_of(persons, force.values())
            if expected[keep] == expected[joined]:
                with pytest.raises(Conflict):
                    await join(db, keep, joined)
                continue
            number = await join(db, keep, joined)
            before[number] = expected
            force[number] = (keep, joined)
        elif force:
            number = sorted(force)[one % len(force)]
            latest = number == max(force)
            await unmerge(db, number, evidence=BECAUSE, by=OPERATOR, at=AT)
            del force[number]
            if latest and before[number] == roots_of(persons, force.values()):
                assert await roots(db, persons) == before[number]
    expected = roots_of(persons, force.values())
    assert await roots(db, persons) == expected
    groups = {
        one: frozenset(other for other in persons if expected[other] == expected[one]) for one in persons
    }
    assert await resolve_many(db, persons) == groups
    for number in force:
        await unmerge(db, number, evidence=BECAUSE, by=OPERATOR, at=AT)
    assert await roots(db, persons) == {one: one for one in persons}


EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12)


def forest(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for keep, joined in edges:
        root = roots_of(range(8), kept)
        if root[keep] != root[joined]:
            kept.append((keep, joined))
    return kept


@given(EDGES)
def test_a_merge_taken_back_at_once_restores_every_root(edges):
    kept = forest(edges)
    for end in range(len(kept)):
        assert roots_of(range(8), kept[: end + 1][:-1]) == roots_of(range(8), kept[:end])
    assert roots_of(range(8), []) == {one: one for one in range(8)}


@given(EDGES, st.data())
def test_a_merge_taken_back_later_parts_only_its_own_group(edges, data):
    kept = forest(edges)
    if not kept:
        return
    gone = data.draw(st.sampled_from(kept))
    left = [edge for edge in kept if edge is not gone]
    was, now = roots_of(range(8), kept), roots_of(range(8), left)
    assert now[gone[0]] != now[gone[1]]
    group = {one for one in range(8) if was[one] == was[gone[0]]}
    assert {one: now[one] for one in range(8) if one not in group} == {
        one: was[one] for one in range(8) if one not in group
    }


async def test_who_may_not_settle_may_not_merge(db):
    one, other, *_ = await make(db)
    for role in Role:
        if role in (Role.OPERATOR, Role.INSURER):
            continue
        with pytest.raises(Refused):
            await merge(db, one, other, evidence=BECAUSE, by=actor(NORTH, role), at=AT)
    number = await join(db, one, other)
    with pytest.raises(Refused):
        await unmerge(db, number, evidence=BECAUSE, by=actor(NORTH, Role.DOCTOR), at=AT)
    assert await resolve(db, other) == {one, other}


async def test_unknown_keys_resolve_to_nobody_and_cannot_be_merged(db):
    one, *_ = await make(db)
    assert await resolve(db, 5) == frozenset()
    for pair in ((one, 5), (5, one)):
        with pytest.raises(NotFound):
            await join(db, *pair)
    with pytest.raises(NotFound):
        await unmerge(db, 999, evidence=BECAUSE, by=OPERATOR, at=AT)
    with pytest.raises(Conflict):
        await join(db, one, one)


async def test_two_operators_at_once_never_close_a_circle(db):
    one, two, three, *_ = await make(db)
    done = await asyncio.gather(
        *(join(db, *pair) for pair in ((one, two), (two, three), (three, one))), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in done) == 1
    assert await resolve(db, one) == {one, two, three}


async def test_what_is_written_while_merged_stays_with_its_key_after_the_unmerge(db):
    """Links made during a merge go to the key that holds the identifier, so nothing has to be moved back."""
    [mine] = (await assign(db, [patient(number="1")], institution=NORTH, by=actor(), at=AT)).values()
    [member] = (
        await assign(db, [patient(member=MEMBER)], institution=SOUTH, by=actor(SOUTH), at=AT)
    ).values()
    number = await join(db, mine.person, member.person)
    [later] = (await assign(db, [patient(member=MEMBER)], institution=EAST, by=actor(EAST), at=AT)).values()
    [own] = (await assign(db, [patient(number="1")], institution=NORTH, by=actor(), at=AT)).values()
    await unmerge(db, number, evidence=BECAUSE, by=OPERATOR, at=AT)
    assert (later.person, own.person) == (member.person, mine.person)


async def test_merging_leaves_an_entry_in_the_log_of_each_and_none_when_refused(db):
    one, other, *_ = await make(db)
    with pytest.raises(Refused):
        await merge(db, one, other, evidence=BECAUSE, by=actor(NORTH, Role.DOCTOR), at=AT)
    number = await join(db, one, other)
    await unmerge(db, number, evidence=BECAUSE, by=OPERATOR, at=AT)
    async with db.transaction() as connection:
        await reach.open_on(connection, reach.WHOLE_LOG)
        rows = await connection.fetch("SELECT person, entry FROM log")
    actions = [(row["person"], b"person.merged" in bytes(row["entry"])) for row in rows]
    assert sorted(actions) == sorted([(one, True), (other, True), (one, False), (other, False)])
