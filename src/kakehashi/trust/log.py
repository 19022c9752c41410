"""A person's own log: who looked, when, why and on what basis, each entry with its proof (R-A5, R-A14).

The facility is named, the member of staff is not. An entry's proof shows that what the line says of when, where, by
which role, why and on what basis is in the tree of the newest signed checkpoint (trust/log_leaf.py); entries younger
than that (a minute at most) have none yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from kakehashi.core.actors import Actor, Purpose, Role
from kakehashi.people.merging import resolve
from kakehashi.store import institutions, log_tree
from kakehashi.store.database import Connection
from kakehashi.store.log_tree import Row
from kakehashi.store.whereabouts import flagged
from kakehashi.trust import log_note, merkle
from kakehashi.trust.consents import require_in_hand
from kakehashi.trust.decide import HIDDEN_FROM_PERSON
from kakehashi.trust.log_leaf import Told, told
from kakehashi.trust.roles import Interaction

PAGE = 50  # entries in one page

_Line = dict[str, Any]  # a row of the log, with what its entry says to the person under "said"

# By what a look is allowed, told by the first word of `because` (core.window.Window).
BASES: Mapping[str, tuple[str, str]] = {
    "self": ("本人", "The person themselves"),
    "proxy": ("代理人 (本人または法令による)", "A proxy"),
    "consent": ("本人の同意 (24時間)", "The person's consent, 24 hours"),
    "emergency": (
        "生命・身体の保護 (個人情報保護法27条1項2号)",
        "Protection of life or body (APPI 27(1)(ii))",
    ),
    "addressed": ("診療情報提供書の宛先 (本人の同意)", "Addressee of a referral, with consent"),
    "member": ("保険者としての健診結果の受領 (高齢者医療確保法)", "The insurer's receipt of check-ups"),
    "own": ("自らの診療録 (医師法24条ほか)", "The institution's own record"),
    "eligibility": ("資格の確認 (健康保険法3条13項)", "Confirming who is insured"),
    "shared": ("共通情報", "Shared information"),
}
_OTHER_BASIS = ("登録・手続の記録", "A registration or a procedure")


@dataclass(frozen=True, slots=True)
class Proof:
    """That entry `leaf` is in the tree of a checkpoint: RFC 9162 inclusion proof, nearest hash first.

    `told` leads to the leaf: what the line says of time, institution, role, purpose, basis and reason; None for an
    entry of before.
    """

    leaf: int
    leaf_hash: bytes
    size: int
    path: tuple[bytes, ...]
    note: str  # the signed checkpoint
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a person's log. `items`: references such as "Observation/1/_history/2"; `count`: how many in all."""

    seq: int
    at: datetime
    institution: str
    role: Role
    action: str
    what: str
    purpose: Purpose
    basis: tuple[str, str]  # Japanese, English
    by_proxy: str
    reason: str
    count: int
    items: tuple[str, ...]
    proof: Proof | None


async def log_of_person(
    db: Connection, person: int, *, by: Actor, at: datetime, below: int | None = None, most: int = PAGE
) -> list[Entry]:
    """Return a page of the person's log, newest first; `below`: the `seq` of the last entry of the page before.

    For the person or a proxy; reading it is itself an entry. Raises Refused. Wants a transaction.
    """
    await require_in_hand(db, person, Interaction.LOG_OWN, by, at)
    rows = await _page(db, await resolve(db, person), below, min(most, PAGE))
    names = {one.key: one.name for one in await institutions.every(db)}
    proofs = await _proofs(db, {row["leaf"]: row["entry"] for row in rows if row["leaf"] is not None})
    await log_note.record(db, "log.read", "Log/own", person=person, by=by, at=at)
    return [_entry(row, names, proofs.get(row["leaf"])) for row in rows]


async def _page(db: Connection, persons: frozenset[int], below: int | None, most: int) -> list[_Line]:
    """Return `most` lines, or all that are left. What an act touched and the person may not know of is taken out of
    its line; an act that touched nothing else has no line, and the page is filled up with older ones."""
    lines: list[_Line] = []
    while len(lines) < most:
        rows = await log_tree.of_persons(db, persons, below, most)
        said = [(row, orjson.loads(row["entry"])) for row in rows]
        hidden = await flagged(
            db, {_key(item) for _, entry in said for item in entry["items"]}, HIDDEN_FROM_PERSON
        )
        lines += filter(None, (_line(row, entry, hidden) for row, entry in said))
        if len(rows) < most:
            break
        below = rows[-1]["seq"]
    return lines[:most]


def _line(row: Row, entry: dict[str, Any], hidden: set[tuple[str, str]]) -> _Line | None:
    items = [item for item in entry["items"] if _key(item) not in hidden]
    line = {**row, "said": entry}
    if len(items) == len(entry["items"]):
        return line
    if not items:
        return None
    kinds = ",".join(sorted({_key(item)[0] for item in items}))
    line["said"] = {**entry, "items": items, "count": len(items), "what": kinds}
    return line


def _key(item: str) -> tuple[str, str]:
    """Return (type, id) of "Type/id/_history/version"."""
    kind, _, rest = item.partition("/")
    return kind, rest.partition("/")[0]


async def _proofs(db: Connection, leaves: Mapping[int, bytes]) -> dict[int, Proof]:
    """Return proofs of those leaves (with their entries) which the newest checkpoint covers. One fetch of tiles."""
    last = await log_tree.last_checkpoint(db)
    if last is None:
        return {}
    size = last["size"]
    paths = {leaf: merkle.inclusion_nodes(leaf, size) for leaf in leaves if leaf < size}
    wanted = {node for path in paths.values() for nodes in path for node in nodes} | {
        (0, leaf) for leaf in paths
    }
    tiles = await log_tree.tiles(db, merkle.tiles_of(wanted))
    return {
        leaf: Proof(
            leaf, merkle.node_of((0, leaf), tiles), size,
            tuple(merkle.combine(nodes, tiles) for nodes in path), last["note"], told(leaves[leaf]),
        )
        for leaf, path in paths.items()
    }  # fmt: skip


def _entry(row: _Line, names: Mapping[int, str], proof: Proof | None) -> Entry:
    said = row["said"]
    return Entry(
        row["seq"], row["at"], names.get(said["institution"], ""), Role(said["role"]), said["action"], said["what"],
        Purpose(said["purpose"]), _basis(said["because"]), said["for"], said["reason"], said["count"],
        tuple(said["items"]), proof,
    )  # fmt: skip


def _basis(because: str) -> tuple[str, str]:
    """Name the narrowest basis that a window rested on: what it says last (core.window.Window.joined)."""
    last = because.rpartition("+")[2].partition(":")[0]
    return BASES.get(last, _OTHER_BASIS)
