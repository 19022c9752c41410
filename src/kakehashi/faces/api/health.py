"""/health, /health/ready and /metrics: whether it lives, whether it can work, and figures without persons."""

import asyncio
import hmac
from pathlib import Path

import orjson

from kakehashi.core.errors import Failure, NotFound, Unavailable
from kakehashi.engines.records import reindex
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call
from kakehashi.store import figures, institutions
from kakehashi.store.database import Database
from kakehashi.store.embedded_keeper import last_revival
from kakehashi.trust import peers


async def live(call: Call) -> Answer:
    """GET /health: the process answers."""
    return _said(200, {"status": "ok"})


async def ready(call: Call) -> Answer:
    """GET /health/ready: the database answers, and the disk has room for writes (else reading goes on).

    `searches` is "incomplete" until `kakehashi reindex` was run after some upgrades; that takes no server out of work.
    """
    database = await _reachable(call.house.db)
    disk = _has_room(call.house.db)
    said = {
        "database": "ok" if database else _away(call.house.settings.home),
        "disk": "ok" if disk else "full",
        "searches": "ok" if not database or await _finds_all(call.house.db) else "incomplete",
    }
    return _said(
        200 if database and disk else 503, {"status": "ok" if database and disk else "not ready", **said}
    )


def _away(home: Path) -> str:
    """Say how it stands with a database that does not answer: an embedded one may be starting, or given up."""
    revival = last_revival(home / "postgresql")
    return revival.state if revival and revival.state != "running" else "unreachable"


async def metrics(call: Call) -> Answer:
    """GET /metrics: figures of everybody's requests are for the operator, so for the token's bearer; for anybody on
    this machine where no token is set and nothing is in front."""
    from kakehashi.faces.api import figures_text

    if not _may_measure(call):
        raise NotFound
    own = call.api.figures
    others = await asyncio.to_thread(call.api.shared.others, own.worker)
    told = [own.snapshot(), *others], await _waiting(call.house.db)
    body, media = figures_text.text(*told, call.header("accept"))
    return Answer(200, body, media=media)


def _may_measure(call: Call) -> bool:
    token = call.house.settings.metrics_token
    if not token:
        return peers.is_here(call.peer, call.headers, call.house.settings)
    scheme, _, given = call.header("authorization").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode("utf-8", "replace"), token.encode()
    )


async def _reachable(db: Database) -> bool:
    try:
        async with db.transaction() as connection:
            await institutions.every(connection)
    except Failure:
        return False
    return True


async def _finds_all(db: Database) -> bool:
    try:
        return (await reindex.state(db)).present
    except Failure:
        return False


async def _waiting(db: Database) -> figures.Waiting | None:
    """What waits in the database; None while that is away: other figures still count."""
    try:
        return await figures.waiting(db)
    except Failure:
        return None


def _has_room(db: Database) -> bool:
    try:
        db.require_room()
    except Unavailable:
        return False
    return True


def _said(status: int, said: dict[str, str]) -> Answer:
    return Answer(status, orjson.dumps(said), media=JSON)
