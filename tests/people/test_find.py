"""Finding a person: exact enough or refused; what is in doubt is not found."""

from datetime import date

import pytest
from sample_people import AT, EAST, MEMBER, NORTH, OPERATOR, SOUTH, actor, patient

from kakehashi.core.errors import BadRequest, ManyMatches, NotFound
from kakehashi.people import find
from kakehashi.people.assign import assign
from kakehashi.people.identifiers import LocalNumber, MemberId, member_id
from kakehashi.people.merging import merge

BORN = date(1980, 4, 1)
CARD = MemberId("06139877", "８７４０", "32483467", "02")
ADDRESS = "東京都板橋区大宮2-13-13"


async def register(db, at, *patients) -> list[int]:
    return [one.person for one in (await assign(db, patients, institution=at, by=actor(at), at=AT)).values()]


async def test_by_member_id_as_on_the_card(db):
    [person] = await register(db, NORTH, patient(member=MEMBER))
    assert [hit.person for hit in await find.by_member_id(db, CARD)] == [person]
    assert await find.by_member_id(db, member_id("6139877", "8740", "32483467", "01")) == []


async def test_without_a_branch_the_birth_date_is_needed_and_finds_no_holder_of_a_branch(db):
    await register(db, NORTH, patient(member=MEMBER))
    bare = member_id("06139877", "8740", "32483467")
    [person] = await register(db, SOUTH, patient(member=bare.value))
    with pytest.raises(BadRequest):
        await find.by_member_id(db, bare)
    assert [hit.person for hit in await find.by_member_id(db, bare, birth=BORN)] == [person]
    assert await find.by_member_id(db, bare, birth=date(1980, 4, 2)) == []


async def test_a_disputed_member_id_says_so_and_finds_only_its_holder(db):
    [held] = await register(db, NORTH, patient(member=MEMBER))
    [claim] = await register(db, SOUTH, patient(member=MEMBER, birth="1980-01-04"))
    [hit] = await find.by_member_id(db, CARD)
    assert hit.person == held and hit.disputed
    assert await find.by_items(db, name="田中健太", birth=date(1980, 1, 4), sex="male") == []
    assert claim != held


async def test_by_an_institutions_own_number(db):
    [north] = await register(db, NORTH, patient(number="42"))
    await register(db, SOUTH, patient(number="42", at=SOUTH, birth="1999-01-01"))
    assert [hit.person for hit in await find.by_local_number(db, LocalNumber(NORTH.code, "４２"))] == [north]
    assert await find.by_local_number(db, LocalNumber(EAST.code, "42")) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "田中　健太", "sex": "male"},
        {"kana": "ﾀﾅｶｹﾝﾀ", "sex": "male"},
        {"name": "たなか けんた", "address": ADDRESS},
    ],
)
async def test_by_name_birth_date_and_sex_or_address(db, asked):
    [person] = await register(db, NORTH, patient(number="1"))
    await register(db, NORTH, patient("b", number="2", name="田中 健人", kana="タナカ ケント"))
    [hit] = await find.by_items(db, birth=BORN, **asked)
    assert hit.person == person and "birth" in hit.matched


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "田中 健太"},
        {"sex": "male"},
        {"name": "", "kana": " ", "sex": "male", "address": ADDRESS},
        {"name": "田中 健太", "sex": "m"},
    ],
)
async def test_too_little_is_refused(db, asked):
    with pytest.raises(BadRequest):
        await find.by_items(db, birth=BORN, **asked)


@pytest.mark.parametrize("name", ["田中", "田", "%", "田中 健", "_中 健太"])
async def test_nobody_is_found_by_a_beginning_of_a_name(db, name):
    await register(db, NORTH, patient(number="1"))
    assert await find.by_items(db, name=name, birth=BORN, sex="male") == []


async def test_more_than_ten_are_never_listed(db):
    for number in range(find.MOST):
        await register(db, NORTH, patient(number=str(number)))
    await register(db, NORTH, patient(number="far", address="東京都杉並区栄4-25-7"))
    with pytest.raises(ManyMatches):
        await find.by_items(db, name="田中 健太", birth=BORN, sex="male")
    assert len(await find.by_items(db, name="田中 健太", birth=BORN, address="東京都杉並区栄")) == 1


async def test_the_four_items_find_one_person(db):
    [person] = await register(db, NORTH, patient(number="1"))
    await register(db, NORTH, patient("b", number="2", address="埼玉県板橋区大宮2丁目13-13"))
    four = {"name": "田中健太", "birth": BORN, "sex": "male"}
    assert await find.by_four_items(db, address="東京都板橋区大宮", **four) == person
    with pytest.raises(NotFound):
        await find.by_four_items(db, address="千葉県板橋区大宮2丁目", **four)
    await register(db, SOUTH, patient("c", number="3", at=SOUTH))
    with pytest.raises(ManyMatches):
        await find.by_four_items(db, address=ADDRESS, **four)


@pytest.mark.parametrize("missing", ["name", "sex", "address"])
async def test_each_of_the_four_items_is_required(db, missing):
    four = {"name": "田中健太", "birth": BORN, "sex": "male", "address": ADDRESS} | {missing: ""}
    with pytest.raises(BadRequest):
        await find.by_four_items(db, **four)
    with pytest.raises(BadRequest):
        await find.by_four_items(db, **(four | {"name": "田中健太", "sex": "male", "address": "板橋区大宮2"}))


async def test_merged_keys_are_one_hit(db):
    [one] = await register(db, NORTH, patient(number="1"))
    [other] = await register(db, SOUTH, patient(number="2", at=SOUTH))
    await merge(db, one, other, evidence={"shown": "card"}, by=OPERATOR, at=AT)
    assert [hit.person for hit in await find.by_items(db, name="田中健太", birth=BORN, sex="male")] == [one]


async def test_a_clerk_reads_how_the_own_institution_describes_the_person(db):
    [person] = await register(db, NORTH, patient(member=MEMBER, name="田中 健太"))
    await register(db, SOUTH, patient(member=MEMBER, name="田中 健汰"))
    assert (await find.describe(db, person, institution=NORTH.key)).name == "田中 健太"
    assert (await find.describe(db, person, institution=SOUTH.key)).name == "田中 健汰"
    with pytest.raises(NotFound):
        await find.describe(db, 5, institution=NORTH.key)
