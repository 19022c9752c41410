"""A request's key: sent again it has no second effect, and with another body it is refused."""

import asyncio

import pytest
from storing import MIDORI, NOW, SAKURA, draft, note

from kakehashi.core.errors import KeyReused, Unavailable
from kakehashi.store import idempotency
from kakehashi.store.database import Database
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.write import writing

KEY = RequestKey.of(SAKURA, "k-1", b"body")


async def send(db: Database, key: RequestKey, *, fail: bool = False) -> bytes:
    """What an edge does with a request: answer with the earlier outcome, or do the work."""
    async with writing(db, note(), at=NOW, key=key) as work:
        if work.earlier is not None:
            return work.earlier
        stored = await work.put(draft("a"))
        await asyncio.sleep(0.05)
        if fail:
            raise ConnectionAbortedError
        work.outcome = b"version %d" % stored.version
    return work.outcome


async def versions(db: Database) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM feed"))


async def test_sent_again_it_has_one_effect_and_the_same_answer(db: Database) -> None:
    assert [await send(db, KEY), await send(db, KEY)] == [b"version 1"] * 2
    assert await versions(db) == 1


async def test_sent_many_times_at_once_it_has_one_effect(db: Database) -> None:
    assert set(await asyncio.gather(*(send(db, KEY) for _ in range(6)))) == {b"version 1"}
    assert await versions(db) == 1


async def test_with_another_body_it_is_refused(db: Database) -> None:
    await send(db, KEY)
    with pytest.raises(KeyReused):
        await send(db, RequestKey.of(SAKURA, "k-1", b"another body"))
    assert await versions(db) == 1


async def test_another_institution_may_use_the_same_key(db: Database) -> None:
    await send(db, KEY)
    assert await send(db, RequestKey.of(MIDORI, "k-1", b"another body")) == b"version 2"


async def test_a_request_that_failed_leaves_its_key_free(db: Database) -> None:
    with pytest.raises(Unavailable):
        await send(db, KEY, fail=True)
    assert await send(db, KEY) == b"version 1"


async def test_old_keys_are_forgotten_and_young_ones_kept(db: Database) -> None:
    await send(db, KEY)
    async with db.transaction() as tx:
        assert await idempotency.forget(tx, before=NOW) == 0
        assert await idempotency.forget(tx, before=NOW.replace(year=2027)) == 1
