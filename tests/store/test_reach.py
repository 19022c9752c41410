"""The second wall around consents, withholdings, grants and the log: SQL without a word about the person, as a wrong
statement of a service would be, meets it."""

from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databases import as_owner
from kakehashi.store import reach, window_facts
from kakehashi.store.database import Connection, Database
from kakehashi.store.reach import WHOLE_LOG, Matter, Reach

HANAKO, TARO, JIRO = 11, 12, 13
SAKURA, MISAKI, ASAHI = 1, 2, 3
VALUES = {  # of a row about {person} that names {at}: an institution, or account-{at}
    Matter.CONSENT: "({person}, '{id}', {at}, 6, now(), now() + '1 day', 'card', 't')",
    Matter.WITHHOLDING: "({person}, '{id}', NULL, NULL, {at}, NULL, now(), 't')",
    Matter.DISCLOSURE: "({person}, '{id}', now(), 't')",
    Matter.REFERRAL: "({person}, 'Bundle/1', {at}, 9, 2, {at}, now(), 't', 'oral', now(), 't')",
    Matter.EMERGENCY: "({person}, '{id}', {at}, 'doctor', 'other', 'reason enough', now(), now() + '1 hour')",
    Matter.PROXY: "({person}, '{id}', 'account-{at}', 6, 'chosen', now(), now() + '1 day', now(), 't')",
    Matter.TRANSFER: (
        "('{id}', {person}, {at}, 'account-{at}', 'export', '', '', now(), NULL, now(), NULL, 'waiting')"
    ),
    Matter.SUBSCRIPTION: (
        "('{id}', {at}, 'account-{at}', 'system', 'TREAT', {person}, '{{}}', 1, '{{}}', 'websocket', 'active', '', '',"
        " '', '0', 0, 0, 0, now(), now())"
    ),
}
ENDED = {
    Matter.CONSENT: "withdrawn_at", Matter.WITHHOLDING: "released_at", Matter.DISCLOSURE: "lifted_at",
    Matter.REFERRAL: "agreed_at", Matter.EMERGENCY: "reviewed_at", Matter.PROXY: "withdrawn_at",
    Matter.TRANSFER: "expires_at", Matter.SUBSCRIPTION: "ends_at",
}  # fmt: skip


def written(matter: Matter, person: int, at: int) -> str:
    """The statement that writes such a row."""
    if matter is Matter.LOG:
        return f"INSERT INTO log (person, at, entry) VALUES ({person}, now(), 'look')"
    return f"INSERT INTO {matter.value} VALUES " + VALUES[matter].format(person=person, at=at, id=uuid4())


@pytest.fixture
async def town(db: Database) -> Database:
    """One row of each matter for each of two persons, at institution 1 for the one and 3 for the other."""
    owner = await asyncpg.connect(as_owner(db.url))
    for person, institution in ((HANAKO, SAKURA), (TARO, ASAHI)):
        for matter in Matter:
            await owner.execute(written(matter, person, institution))
    await owner.close()
    return db


async def persons_in(tx: Connection, matter: Matter) -> set[int]:
    return {row["person"] for row in await tx.fetch(f"SELECT person FROM {matter.value}")}


async def test_without_a_reach_reading_is_an_error_and_never_no_rows(town: Database) -> None:
    """No rows would be worse than all: a refusal that is not seen looks like a permission."""
    for matter in Matter:
        other = next(one for one in Matter if one is not matter)
        async with town.connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no reach is open"):
                await connection.fetch(f"SELECT FROM {matter.value}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"no reach is open on {matter.value}"):
            async with town.transaction() as tx:
                await reach.open_on(tx, Reach((other,)))
                await tx.fetch(f"SELECT FROM {matter.value}")


async def test_a_statement_that_forgets_the_person_finds_only_whom_the_reach_is_about(town: Database) -> None:
    for matter in Matter:
        async with town.transaction() as tx:
            await reach.open_on(tx, Reach((matter,), {HANAKO, JIRO}))
            assert await persons_in(tx, matter) == {HANAKO}
            await reach.open_on(tx, Reach((matter,), ()))
            assert await persons_in(tx, matter) == set()


async def test_a_reach_narrowed_to_an_institution_or_an_account_finds_only_rows_that_name_it(
    town: Database,
) -> None:
    for matter in Matter:
        async with town.transaction() as tx:
            await reach.open_on(tx, Reach((matter,), institution=SAKURA))
            named = matter in (
                Matter.CONSENT, Matter.EMERGENCY, Matter.REFERRAL, Matter.TRANSFER, Matter.SUBSCRIPTION
            )  # fmt: skip
            assert await persons_in(tx, matter) == ({HANAKO} if named else set())
            await reach.open_on(tx, Reach((matter,), account=f"account-{ASAHI}"))
            owned = matter in (Matter.PROXY, Matter.TRANSFER, Matter.SUBSCRIPTION)
            assert await persons_in(tx, matter) == ({TARO} if owned else set())


async def test_sender_and_receiver_alone_see_a_referral(town: Database) -> None:
    async with town.transaction() as tx:
        for institution, seen in ((MISAKI, {HANAKO, TARO}), (SAKURA, {HANAKO}), (4, set())):
            await reach.open_on(tx, Reach((Matter.REFERRAL,), institution=institution))
            assert await persons_in(tx, Matter.REFERRAL) == seen


async def test_nothing_is_written_about_a_person_out_of_reach(town: Database) -> None:
    for matter in VALUES:
        async with town.transaction() as tx:
            await reach.open_on(tx, Reach((matter,), {HANAKO}))
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await tx.execute(written(matter, JIRO, SAKURA))


async def test_an_end_reaches_no_other_persons_row(town: Database) -> None:
    for matter, ended in ENDED.items():
        async with town.transaction() as tx:
            await reach.open_on(tx, Reach((matter,), {HANAKO}))
            assert await tx.execute(f"UPDATE {matter.value} SET {ended} = now()") == "UPDATE 1"


async def test_a_reach_never_outlives_its_transaction(town: Database) -> None:
    for ending in ("commit", "rollback"):
        async with town.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await reach.open_on(connection, WHOLE_LOG)
            assert await persons_in(connection, Matter.LOG) == {HANAKO, TARO}
            await getattr(transaction, ending)()
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT FROM log")


async def test_a_decision_rests_on_every_fact_whatever_reach_is_open(town: Database) -> None:
    """A withholding out of reach must still refuse; what is told concerns the institution and account that ask."""
    async with town.transaction() as tx:
        now = await tx.fetchval("SELECT now()")
        for open_now in (None, Reach((Matter.CONSENT,), {TARO}), Reach((), ())):
            if open_now:
                await reach.open_on(tx, open_now)
            facts = await window_facts.of_person(tx, HANAKO, SAKURA, "doctor", at=now)
            assert {row["what"] for row in facts} == {
                "key", "consent", "withheld", "stopped", "referrer", "emergency",
            }  # fmt: skip
            elsewhere = await window_facts.of_person(tx, HANAKO, ASAHI, "somebody", at=now)
            assert {row["what"] for row in elsewhere} == {"key", "withheld", "stopped"}


ROW = st.tuples(st.sampled_from([HANAKO, TARO, JIRO]), st.sampled_from([SAKURA, ASAHI]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, max_size=6),
    persons=st.none() | st.frozensets(st.sampled_from([HANAKO, TARO, JIRO])),
    institution=st.none() | st.sampled_from([SAKURA, ASAHI]),
)
async def test_what_is_in_reach_is_what_its_words_say(
    db: Database, rows: list[tuple[int, int]], persons: frozenset[int] | None, institution: int | None
) -> None:
    async with db.connection() as tx:
        transaction = tx.transaction()
        await transaction.start()
        try:
            await reach.open_on(tx, Reach((Matter.CONSENT,)))
            for person, at in rows:
                await tx.execute(written(Matter.CONSENT, person, at))
            await reach.open_on(tx, Reach((Matter.CONSENT,), persons, institution))
            found = await tx.fetch("SELECT person, institution FROM consent")
        finally:
            await transaction.rollback()
    assert sorted(map(tuple, found)) == sorted(
        (person, at)
        for person, at in rows
        if (persons is None or person in persons) and institution in (None, at)
    )


async def test_the_persons_page_of_the_log_still_uses_its_index(town: Database) -> None:
    """Policies let only leakproof operators near an index; these are."""
    owner = await asyncpg.connect(as_owner(town.url))
    await owner.execute(
        "INSERT INTO log (person, at, entry) SELECT n, now(), '' FROM generate_series(100, 9000) AS n"
    )
    await owner.execute("ANALYZE log")
    await owner.close()
    for condition, index in (("person = 11", "log_pkey"), ("(xid, seq) > ('9000000', 0)", "log_order")):
        async with town.transaction() as tx:
            await reach.open_on(tx, WHOLE_LOG)
            plan = await tx.fetch(f"EXPLAIN SELECT entry FROM log WHERE {condition}")
        assert any(index in row[0] for row in plan), plan
