"""Which tokens very many rows have is told from a sample, so that a search knows whether to gather or to walk."""

import asyncpg
from storing import draft, store

from databases import as_owner
from kakehashi.fhir.index import Index
from kakehashi.store import common_tokens
from kakehashi.store.database import Database

FINAL, RARE = 11, 12


async def _analysed(db: Database) -> None:
    owner = await asyncpg.connect(as_owner(db.url))
    await owner.execute("ANALYZE resource")
    await owner.close()


async def test_what_most_rows_have_is_common_and_what_few_have_is_not(db: Database) -> None:
    drafts = [draft(f"r{n}", index=Index([FINAL, 100 + n, *([RARE] if n < 3 else [])])) for n in range(60)]
    await store(db, *drafts)
    await _analysed(db)
    assert db.common == frozenset()
    await common_tokens.refresh(db, many=20)
    assert db.common == {FINAL}


async def test_in_a_small_store_nothing_is_common(db: Database) -> None:
    await store(db, *(draft(f"r{n}", index=Index([FINAL])) for n in range(10)))
    await _analysed(db)
    db.common = frozenset({RARE})
    await common_tokens.refresh(db, many=20)
    assert db.common == frozenset()
