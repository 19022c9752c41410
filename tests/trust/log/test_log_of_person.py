"""A person's own log: what it tells, what it does not, and that every line proves itself."""

from pathlib import Path

import pytest
from log_words import MINUTE, NOW, look, sequencer, settled
from trust_words import HANAKO, HOSPITAL, TARO, myself, region, staff

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Refused
from kakehashi.core.kinds import Flag, Kind
from kakehashi.core.logentry import Note, Seen
from kakehashi.fhir.index import Index
from kakehashi.store import log_append, reach
from kakehashi.store.database import Database
from kakehashi.store.rows import Draft
from kakehashi.store.write import writing
from kakehashi.trust import merkle
from kakehashi.trust.checkpoints import Verifier
from kakehashi.trust.log import Entry, log_of_person
from kakehashi.trust.log_leaf import leaf_data
from kakehashi_verify.line import climbed


async def own_log(db: Database, *, by: Actor, below: int | None = None, most: int = 50) -> list[Entry]:
    async with db.transaction() as tx:
        return await log_of_person(tx, HANAKO, by=by, at=NOW, below=below, most=most)


def proven(entry: Entry, verifier: Verifier) -> bool:
    assert entry.proof
    checkpoint = verifier.open(entry.proof.note)
    proof = entry.proof
    return climbed(proof.leaf, proof.size, proof.leaf_hash, list(proof.path)) == checkpoint.root


@pytest.fixture
async def looked(db: Database, tmp_path: Path) -> tuple[Database, Verifier]:
    """Hanako and Taro were looked at 300 times each, in turns, and it is signed."""
    await region(db)
    async with db.transaction() as tx:
        for number in range(300):
            note = Note(staff(), "read", "Observation", because="shared+own+consent:c1")
            seen = [Seen(HANAKO, f"Observation/{number}/_history/1"), Seen(TARO, "Patient/2/_history/1")]
            await log_append.append(tx, note, seen, at=NOW)
    await settled(db)
    keeper = sequencer(db, tmp_path)
    await keeper.run(at=NOW + MINUTE)
    return db, keeper.signer.verifier


async def test_a_line_names_facility_time_purpose_and_basis_but_no_member_of_staff(
    looked: tuple[Database, Verifier],
) -> None:
    newest = (await own_log(looked[0], by=myself()))[0]
    assert (newest.institution, newest.at, newest.action) == (HOSPITAL.name, NOW, "read")
    assert (newest.role, newest.purpose.value, newest.basis[1]) == (
        Role.DOCTOR,
        "TREAT",
        "The person's consent, 24 hours",
    )
    assert newest.items == ("Observation/299/_history/1",)
    assert staff().subject not in repr(newest)


async def test_every_line_proves_that_it_is_in_the_signed_log(looked: tuple[Database, Verifier]) -> None:
    db, verifier = looked
    page = await own_log(db, by=myself(), most=10)
    assert len(page) == 10
    assert all(proven(entry, verifier) for entry in page)
    assert len({entry.proof.leaf for entry in page if entry.proof}) == 10


async def test_pages_follow_each_other_without_gap_or_repetition(looked: tuple[Database, Verifier]) -> None:
    db, _ = looked
    seen: list[Entry] = []
    while page := await own_log(db, by=myself(), below=seen[-1].seq if seen else None):
        seen += page
    assert [entry.items[0] for entry in seen if entry.action == "read"] == [
        f"Observation/{number}/_history/1" for number in reversed(range(300))
    ]


async def test_a_leaf_hash_is_that_of_the_stored_entry(looked: tuple[Database, Verifier]) -> None:
    db, _ = looked
    for entry in await own_log(db, by=myself(), most=5):
        async with db.transaction() as tx:
            await reach.open_on(tx, reach.WHOLE_LOG)
            stored = await tx.fetchval(
                "SELECT entry FROM log WHERE person = $1 AND seq = $2", HANAKO, entry.seq
            )
        assert entry.proof and entry.proof.leaf_hash == merkle.leaf_hash(leaf_data(stored))


async def test_a_line_younger_than_the_newest_checkpoint_says_that_it_has_no_proof_yet(
    looked: tuple[Database, Verifier],
) -> None:
    db, verifier = looked
    await look(db, 1, person=HANAKO)
    page = await own_log(db, by=myself(), most=2)
    assert page[0].proof is None
    assert proven(page[1], verifier)


async def test_reading_the_log_is_itself_in_the_log(looked: tuple[Database, Verifier]) -> None:
    db, _ = looked
    await own_log(db, by=myself())
    assert (await own_log(db, by=myself()))[0].action == "log.read"


@pytest.mark.parametrize(
    "by", [myself(TARO), staff(), staff(Role.CLERK), myself(subject="x", acts_for="parent")]
)
async def test_nobody_else_reads_it(looked: tuple[Database, Verifier], by: Actor) -> None:
    with pytest.raises(Refused):
        await own_log(looked[0], by=by)


async def condition(db: Database, name: str, flags: Flag = Flag.NONE) -> None:
    """A doctor of the hospital writes down a disease of Hanako's."""
    draft = Draft(
        "Condition", name, HANAKO, Kind.CONDITION, HOSPITAL.key, NOW, b'{"resourceType":"Condition"}',
        Index(), flags=int(flags),
    )  # fmt: skip
    async with writing(db, Note(staff(), "create", "Condition", "own"), at=NOW) as work:
        await work.put(draft)


async def viewed(db: Database, *names: str) -> None:
    note = Note(staff(), "view", "record", "own")
    await log_append.noted(db, note, at=NOW, seen=[Seen(HANAKO, f"{name}/_history/1") for name in names])


async def test_what_was_written_and_viewed_of_an_informed_disease_is_in_the_log(db: Database) -> None:
    await region(db)
    await condition(db, "gout")
    await viewed(db, "Condition/gout")
    assert [entry.action for entry in await own_log(db, by=myself())] == ["view", "create"]


@pytest.mark.parametrize("flag", [Flag.UNINFORMED, Flag.UNDELIVERED])
async def test_an_uninformed_disease_leaves_no_line_and_no_count_in_the_persons_log(
    db: Database, flag: Flag
) -> None:
    await region(db)
    await condition(db, "tumour", flag)
    await viewed(db, "Condition/tumour")
    await viewed(db, "Condition/tumour", "Observation/weight")
    (line,) = await own_log(db, by=myself())
    assert (line.count, line.items, line.what) == (1, ("Observation/weight/_history/1",), "Observation")


async def test_a_page_is_filled_up_where_lines_were_left_out(db: Database) -> None:
    await region(db)
    await condition(db, "tumour", Flag.UNINFORMED)
    await look(db, 3, person=HANAKO)
    for _ in range(4):
        await viewed(db, "Condition/tumour")
    page = await own_log(db, by=myself(), most=2)
    assert [entry.action for entry in page] == ["read", "read"]
