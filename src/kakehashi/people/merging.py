"""Merge person keys that are one human, and take it back. Keys are linked; no row of a record moves.

A merge is an edge between two keys. A group is what edges connect; its root is who was kept in the latest merge.
Both follow from the edges alone, so that undoing a merge gives back exactly what there was. Two keys that are
already connected cannot be merged again: edges never form a cycle.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from kakehashi.core.actors import Actor, Role
from kakehashi.core.errors import Conflict, NotFound, Refused
from kakehashi.core.logentry import Note, Seen
from kakehashi.people.transactions import inside
from kakehashi.store import log_append, people, people_merges
from kakehashi.store.database import Connection, Database

MAY_SETTLE = frozenset({Role.OPERATOR, Role.INSURER})  # 紐付けを決める: who answers for the numbers


def require_may_settle(by: Actor) -> None:
    """Raises Refused for anyone who may not decide who is who."""
    if by.role not in MAY_SETTLE:
        raise Refused


def roots_of(members: Iterable[int], edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the root of each member by the merges (keep, joined) in force, oldest first.

    >>> roots_of([1, 2, 3], [(2, 1), (3, 1)])
    {1: 3, 2: 3, 3: 3}
    """
    root = {one: one for one in members}
    for keep, joined in edges:
        gone, stays = root[joined], root[keep]
        root = {one: stays if held == gone else held for one, held in root.items()}
    return root


async def resolve(db: Database | Connection, person: int) -> frozenset[int]:
    """Return every key of the human that this key stands for, itself included; none for an unknown key."""
    return (await resolve_many(db, [person])).get(person, frozenset())


async def resolve_many(db: Database | Connection, persons: Sequence[int]) -> dict[int, frozenset[int]]:
    """Return every key of each human, by the key asked for; unknown keys are left out. One round trip."""
    async with inside(db) as connection:
        return await people_merges.members(connection, persons)


async def merge(
    db: Database | Connection, keep: int, join: int, *, evidence: Mapping[str, str], by: Actor, at: datetime
) -> int:
    """Link `join` to `keep` and return the number of the merge.

    Raises Refused, NotFound for an unknown key, Conflict when the two are one already. Then nothing changed.
    """
    require_may_settle(by)
    async with inside(db) as connection:
        await people_merges.lock(connection)
        roots = await people.roots(connection, [keep, join])
        if len({keep, join} & roots.keys()) < len({keep, join}):
            raise NotFound
        if roots[keep] == roots[join]:
            raise Conflict("すでに同じ人として統合されています。", "These keys are one person already.")
        number = await people_merges.add(connection, keep, join, evidence, by=by.subject, at=at)
        await _reroot(connection, [roots[keep], roots[join]])
        await people_merges.set_candidate(connection, keep, join, "same", by=by.subject, at=at)
        await _record(connection, by, "person.merged", number, (keep, join), at)
        return number


async def unmerge(
    db: Database | Connection, number: int, *, evidence: Mapping[str, str], by: Actor, at: datetime
) -> None:
    """Take back one merge; every other merge stays. Raises Refused, NotFound when it is not in force."""
    require_may_settle(by)
    async with inside(db) as connection:
        await people_merges.lock(connection)
        pair = await people_merges.in_force(connection, number)
        if pair is None:
            raise NotFound
        await people_merges.undo(connection, number, evidence, by=by.subject, at=at)
        roots = await people.roots(connection, pair)
        await _reroot(connection, sorted(set(roots.values())))
        await people_merges.set_candidate(connection, *pair, "open", by=None, at=None)
        await _record(connection, by, "person.unmerged", number, pair, at)


async def _reroot(db: Connection, roots: Sequence[int]) -> None:
    groups = await people_merges.members(db, roots)
    everyone = sorted(set().union(*groups.values()))
    edges = await people_merges.edges(db, roots)
    await people_merges.set_roots(db, roots_of(everyone, [(keep, joined) for _, keep, joined in edges]))


async def _record(
    db: Connection, by: Actor, action: str, number: int, pair: tuple[int, int], at: datetime
) -> None:
    note = Note(by, action, "Person")
    await log_append.append(db, note, [Seen(person, f"merge/{number}") for person in pair], at=at)
