"""Whose person is a Patient? Against a real PostgreSQL."""

import asyncio

import pytest
from sample_people import AT, EAST, MEMBER, NORTH, SOUTH, actor, patient

from kakehashi.core.actors import Institution
from kakehashi.fhir.parse import Resource
from kakehashi.people.assign import Assigned, assign
from kakehashi.people.judge import Step
from kakehashi.store.database import Database


async def register(db: Database, at: Institution, *patients: Resource) -> list[Assigned]:
    said = await assign(db, patients, institution=at, by=actor(at), at=AT)
    return [said[f"Patient/{one.id}"] for one in patients]


async def count(db: Database, table: str) -> int:
    async with db.transaction() as connection:
        return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def test_the_same_member_at_two_hospitals_is_one_person(db):
    [north] = await register(db, NORTH, patient(member=MEMBER, number="100"))
    [south] = await register(db, SOUTH, patient(member=MEMBER, number="7", at=SOUTH))
    assert north.person == south.person and not south.suspended
    assert (north.step, south.step, south.rule) == (Step.NEW, Step.SAME, "identifier")


async def test_an_own_number_is_the_same_person_again_and_says_nothing_elsewhere(db):
    [first], [again] = [await register(db, NORTH, patient(name, number="100")) for name in "ab"]
    [elsewhere] = await register(db, SOUTH, patient(number="100", at=SOUTH))
    assert first.person == again.person != elsewhere.person


async def test_a_resend_changes_nothing(db):
    sent = patient(member=MEMBER, number="100")
    await register(db, NORTH, sent)
    before = [await count(db, table) for table in ("person", "person_link", "person_identifier")]
    await register(db, NORTH, sent)
    assert [await count(db, table) for table in ("person", "person_link", "person_identifier")] == before


@pytest.mark.parametrize(
    "other",
    [{"birth": "1980-01-04"}, {"sex": "female"}, {"name": "田中 健人", "kana": "タナカ ケント"}],
    ids=["birth", "sex", "twin's name"],
)
async def test_a_member_id_with_other_items_makes_a_new_suspended_person(db, other):
    [held] = await register(db, NORTH, patient(member=MEMBER))
    [doubtful] = await register(db, SOUTH, patient(member=MEMBER, number="7", at=SOUTH, **other))
    assert doubtful.person != held.person and doubtful.suspended
    assert doubtful.step is Step.SUSPENDED_NEW
    [still] = await register(db, EAST, patient(member=MEMBER, at=EAST))
    assert still.person == held.person and not still.suspended


async def test_a_doubtful_claim_sent_again_without_an_own_number_stays_one_person(db):
    await register(db, NORTH, patient(member=MEMBER))
    [first], [again] = [
        await register(db, SOUTH, patient(name, member=MEMBER, birth="1980-01-04")) for name in "ab"
    ]
    assert first.person == again.person and again.suspended
    assert await count(db, "person") == 2 and await count(db, "person_suspension") == 1


async def test_a_missing_branch_is_never_a_branch_but_finds_its_own(db):
    [whole] = await register(db, NORTH, patient(member=MEMBER))
    without = MEMBER[:-2]
    [bare] = await register(db, SOUTH, patient(member=without))
    [again] = await register(db, EAST, patient(member=without))
    [sister] = await register(
        db, EAST, patient("b", member=without, name="田中 花", kana="タナカ ハナ", sex="female")
    )
    assert len({whole.person, bare.person, sister.person}) == 3 and again.person == bare.person
    assert not bare.suspended


async def test_a_late_stage_elderly_number_names_one_person_without_branch(db):
    [north] = await register(db, NORTH, patient(member="39130083::98873986:"))
    [south] = await register(db, SOUTH, patient(member="39130083::98873986:", kana=""))
    assert north.person == south.person


async def test_a_changed_surname_and_variant_characters_are_the_same_person(db):
    [north] = await register(db, NORTH, patient(name="髙橋 恵", kana="タカハシ メグミ", member=MEMBER))
    [south] = await register(db, SOUTH, patient(name="渡邉 惠", kana="", member=MEMBER))
    assert north.person == south.person


async def test_without_identifiers_everyone_is_new_and_likenesses_go_to_review(db):
    [one] = await register(db, NORTH, patient(kana=""))
    [two] = await register(db, SOUTH, patient())
    [other] = await register(db, SOUTH, patient("b", birth="1981-04-01"))
    assert len({one.person, two.person, other.person}) == 3
    async with db.transaction() as connection:
        pairs = await connection.fetch("SELECT one, other FROM person_candidate")
    assert [{row["one"], row["other"]} for row in pairs] == [{one.person, two.person}]


async def test_too_little_to_compare_is_a_new_person_not_suspended(db):
    [held] = await register(db, NORTH, patient(member=MEMBER))
    [bare] = await register(db, SOUTH, patient(member=MEMBER, name="", kana=""))
    assert bare.person != held.person and not bare.suspended


async def test_an_own_number_given_to_another_human_is_suspended(db):
    [first] = await register(db, NORTH, patient(number="100"))
    [reused] = await register(
        db, NORTH, patient(number="100", name="林 花", kana="ハヤシ ハナ", birth="2001-02-03")
    )
    assert reused.person == first.person and reused.step is Step.SUSPENDED_SAME and reused.suspended


async def test_an_institution_may_correct_what_it_alone_said(db):
    [first] = await register(db, NORTH, patient(number="100", birth="1980-01-04"))
    [corrected] = await register(db, NORTH, patient(number="100"))
    assert corrected.person == first.person and not corrected.suspended


async def test_a_correction_that_contradicts_another_institution_is_suspended(db):
    for at in (NORTH, SOUTH):
        [said] = await register(db, at, patient(number="100", member=MEMBER, at=at))
    [changed] = await register(db, NORTH, patient(number="100", member=MEMBER, birth="1990-09-09"))
    assert changed.person == said.person and changed.suspended


async def test_an_own_patient_with_the_member_id_of_another_stays_and_is_suspended(db):
    [mine] = await register(db, NORTH, patient(number="100", name="林 花", kana="ハヤシ ハナ", sex="female"))
    [other] = await register(db, SOUTH, patient(member=MEMBER))
    [claims] = await register(
        db, NORTH, patient(number="100", name="林 花", kana="ハヤシ ハナ", sex="female", member=MEMBER)
    )
    assert claims.person == mine.person != other.person and claims.suspended


async def test_an_own_patient_who_turns_out_to_be_a_known_member_is_proposed_for_merging(db):
    [mine] = await register(db, NORTH, patient(number="100"))
    [other] = await register(db, SOUTH, patient(member=MEMBER))
    [claims] = await register(db, NORTH, patient(number="100", member=MEMBER))
    assert claims.person == mine.person != other.person and not claims.suspended
    async with db.transaction() as connection:
        pairs = await connection.fetch("SELECT one, other FROM person_candidate WHERE score > 0.7")
    assert [{row["one"], row["other"]} for row in pairs] == [{mine.person, other.person}]


async def test_a_row_already_stored_keeps_its_person(db):
    [first] = await register(db, NORTH, patient(member=MEMBER))
    known = {"Patient/a": first.person}
    said = await assign(db, [patient(name="田中 健")], institution=NORTH, by=actor(), at=AT, known=known)
    assert said["Patient/a"].person == first.person


async def test_a_new_member_id_ends_the_former_link(db):
    await register(db, NORTH, patient(number="100", member=MEMBER))
    await register(db, NORTH, patient(number="100", member="06139877:8740:99999999:01"))
    async with db.transaction() as connection:
        ended = await connection.fetch("SELECT value FROM person_link WHERE until IS NOT NULL")
    assert [row["value"] for row in ended] == [MEMBER]


async def test_members_of_one_batch_see_each_other(db):
    first, second, twin = await register(
        db,
        NORTH,
        patient("a", member=MEMBER, number="1"),
        patient("b", member=MEMBER, number="2"),
        patient("c", member=MEMBER, number="3", name="田中 健人", kana="タナカ ケント"),
    )
    assert first.person == second.person != twin.person and twin.suspended


async def test_two_institutions_that_register_the_same_people_at_once_agree(db):
    """Opposite orders, so that a careless writer would deadlock."""
    members = [f"06139877:8740:{number:08}:01" for number in range(40)]
    there = [patient(f"p{i}", member=member) for i, member in enumerate(members)]
    back = list(reversed(there))
    said = await asyncio.gather(
        *(
            assign(db, some, institution=at, by=actor(at), at=AT)
            for at, some in ((NORTH, there), (SOUTH, back), (EAST, there))
        )
    )
    assert {ref: one.person for ref, one in said[0].items()} == {
        ref: one.person for ref, one in said[1].items()
    }
    assert len({one.person for some in said for one in some.values()}) == 40 == await count(db, "person")


async def test_inside_a_transaction_that_fails_nobody_is_made(db):
    with pytest.raises(RuntimeError):
        async with db.transaction() as connection:
            await assign(connection, [patient(member=MEMBER)], institution=NORTH, by=actor(), at=AT)
            raise RuntimeError
    assert await count(db, "person") == 0
