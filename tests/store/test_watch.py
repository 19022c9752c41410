"""What a request's time went into, and the plan of a statement: names, moments and numbers, never a value."""

import orjson
import pytest
from storing import EVERYTHING, HANAKO, NOW, draft, note, of_person, store

from kakehashi.search.parse import parse_query
from kakehashi.store.database import Database
from kakehashi.store.plans import MOST, plan_of
from kakehashi.store.read import read_one, reading
from kakehashi.store.read_once import search_once
from kakehashi.store.sql import statements
from kakehashi.store.watch import WAITING, WATCH, Watch, name_of, step

TELLTALE = "telltale-id-1234"


@pytest.fixture
def watch() -> Watch:
    return Watch()


async def test_a_search_is_told_by_its_statements_and_its_wait_for_a_connection(
    db: Database, watch: Watch
) -> None:
    await store(db, draft(TELLTALE, person=HANAKO))
    token = WATCH.set(watch)
    found = await search_once(
        db, EVERYTHING, note("search"), parse_query("Observation", [("_id", TELLTALE)]), at=NOW
    )
    WATCH.reset(token)
    assert len(found.rows) == 1
    assert [one.name for one in watch.steps] == [WAITING, "read.read_page"]
    assert [one.rows for one in watch.steps] == [None, 1]
    assert all(one.seconds >= 0 for one in watch.steps)
    assert TELLTALE not in repr(watch.steps) and TELLTALE not in watch.slowest


async def test_a_read_that_shares_its_round_trip_is_told_of_by_whom_it_is_for(
    db: Database, watch: Watch
) -> None:
    await store(db, draft(TELLTALE, person=HANAKO))
    token = WATCH.set(watch)
    await read_one(db, of_person(HANAKO), note("read"), "Observation", TELLTALE, at=NOW)
    WATCH.reset(token)
    assert [one.name for one in watch.steps] == ["read.read_many"]


async def test_a_transaction_tells_its_commit(db: Database, watch: Watch) -> None:
    token = WATCH.set(watch)
    async with reading(db, EVERYTHING, note("read"), at=NOW) as look:
        await look.search(parse_query("Observation", []))
    WATCH.reset(token)
    names = [one.name for one in watch.steps]
    assert names.index(WAITING) < names.index("begin") and names[-1] == "commit"


async def test_who_is_not_watched_leaves_nothing(db: Database) -> None:
    assert WATCH.get() is None
    with step("outbound"):
        await store(db, draft("o1", person=HANAKO))


def test_ten_thousand_steps_are_counted_and_not_kept(watch: Watch) -> None:
    for _ in range(10_000):
        watch.note("step", watch.began)
    assert len(watch.steps) + watch.more == 10_000 and len(watch.steps) < 1_000


def test_every_statement_carries_its_name() -> None:
    text = statements("read")["read_many"]
    assert text.startswith("/* read.read_many */") and name_of(text) == "read.read_many"
    assert (name_of("COMMIT;"), name_of("")) == ("commit", "sql")


async def test_the_plan_of_a_read_names_relations_and_indexes_and_no_value(
    db: Database, watch: Watch
) -> None:
    await store(db, draft(TELLTALE, person=HANAKO))
    token = WATCH.set(watch)
    query = parse_query("Observation", [("code", "718-7"), ("_id", TELLTALE)])
    await search_once(db, of_person(HANAKO), note("search"), query, at=NOW)
    WATCH.reset(token)
    plan = await plan_of(db, watch.slowest)
    said = orjson.dumps(plan).decode()
    assert '"relation":"resource"' in said and '"index":' in said and '"cost":' in said
    assert TELLTALE not in said and "718-7" not in said and str(HANAKO) not in said


async def test_a_statement_is_explained_and_not_carried_out(db: Database) -> None:
    plan = await plan_of(db, "/* x.y */ INSERT INTO log (person, at, entry) VALUES ($1, now(), $2)")
    assert plan is not None and plan["node"] == "ModifyTable"
    async with reading(db, EVERYTHING, note("look"), at=NOW) as look:
        assert await look.connection.fetchval("SELECT 1") == 1


async def test_the_plan_of_what_cannot_be_planned_is_not_told(db: Database) -> None:
    assert await plan_of(db, "SELECT nothing FROM nowhere") is None
    assert await plan_of(db, "COMMIT;") is None


async def test_a_plan_of_very_many_nodes_is_cut(db: Database) -> None:
    plan = await plan_of(db, " UNION ALL ".join(["SELECT count(*) FROM resource"] * 300))
    assert plan is not None

    def nodes(one: dict[str, object]) -> int:
        parts = one.get("parts", [])
        return 1 + sum(nodes(part) for part in parts) if isinstance(parts, list) else 1

    assert nodes(plan) <= MOST
