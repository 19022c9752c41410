"""Windows on whomever some resources are about are those on the persons themselves; who is not there is nobody."""

import pytest
from trust_words import ELSEWHERE, HANAKO, HOSPITAL, INSURER, NOW, TARO, staff

from kakehashi.core.actors import Actor, Role
from kakehashi.core.hashing import row_key
from kakehashi.core.kinds import EVERY_KIND, Kind
from kakehashi.fhir.types import NUMBER
from kakehashi.store import window_sql
from kakehashi.store.database import Connection
from kakehashi.trust import consents
from kakehashi.trust.windows import NOBODY, open_window, open_windows

DOCTOR, CLERK = staff(), staff(Role.CLERK)


async def _there(db: Connection, resource_type: str, name: str, person: int) -> None:
    await db.execute(
        "INSERT INTO resource (person, rid, origin, at, changed_at, version, custodian, addressee, type, kind, flags,"
        " id, tokens, ranges, texts, body) VALUES ($1, $2, 0, $3, $3, 1, $4, 0, $5, $6, 0, $7, '{}', '{}', '{}', '')",
        person, row_key(resource_type, name), NOW, ELSEWHERE, NUMBER[resource_type], int(Kind.PATIENT), name,
    )  # fmt: skip


@pytest.fixture
async def tx(empty: Connection) -> Connection:
    """Hanako's and Taro's Patients, and an Organization that is about nobody; Hanako consented to the hospital."""
    await _there(empty, "Patient", "h", HANAKO)
    await _there(empty, "Patient", "t", TARO)
    await _there(empty, "Organization", "o", 0)
    await consents.give(empty, HANAKO, HOSPITAL.key, EVERY_KIND, by=CLERK, at=NOW)
    return empty


@pytest.mark.parametrize(
    "actor", [DOCTOR, CLERK, staff(Role.INSURER, institution=INSURER)], ids=lambda one: one.role
)
async def test_it_is_the_window_on_each_of_them_in_their_order(tx: Connection, actor: Actor) -> None:
    keys = [("Patient", "t"), ("Patient", "none"), ("Patient", "h"), ("Organization", "o"), ("NoType", "h")]
    wanted = [TARO, NOBODY, HANAKO, NOBODY, NOBODY]
    found = await open_windows(tx, actor, keys, at=NOW)
    assert [person for person, _ in found] == wanted
    assert [window for _, window in found] == [await open_window(tx, actor, one, at=NOW) for one in wanted]


async def test_a_consent_withdrawn_a_moment_ago_is_dead_for_it(tx: Connection) -> None:
    [(_, before)] = await open_windows(tx, DOCTOR, [("Patient", "h")], at=NOW)
    assert any(HANAKO in (pane.persons or ()) for pane in before.panes)
    for one in await consents.of_person(tx, HANAKO, by=CLERK, at=NOW):
        await consents.withdraw(tx, HANAKO, one.id, by=CLERK, at=NOW)
    [(_, after)] = await open_windows(tx, DOCTOR, [("Patient", "h")], at=NOW)
    assert after == await open_window(tx, DOCTOR, HANAKO, at=NOW) != before


async def test_it_shuts_the_window_that_was_open(tx: Connection) -> None:
    """It looks through one of its own, which nobody may look through after it."""
    await window_sql.open_on(tx, window_sql.system_window("test"))
    await open_windows(tx, DOCTOR, [("Patient", "h")], at=NOW)
    assert await tx.fetchval("SELECT current_setting('kakehashi.window', true)") == ""
