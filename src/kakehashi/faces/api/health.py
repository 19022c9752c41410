"""/health, /health/ready and /metrics: whether it lives, whether it can work, and figures without persons."""

import orjson

from kakehashi.core.errors import Failure, NotFound, Unavailable
from kakehashi.faces.api.answer import JSON, Answer
from kakehashi.faces.api.call import Call
from kakehashi.store import institutions
from kakehashi.store.database import Database

_HERE = frozenset({"127.0.0.1", "::1", ""})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


async def live(call: Call) -> Answer:
    """GET /health: the process answers."""
    return _said(200, {"status": "ok"})


async def ready(call: Call) -> Answer:
    """GET /health/ready: the database answers, and the disk has room for writes (else reading goes on)."""
    database = await _reachable(call.house.db)
    disk = _has_room(call.house.db)
    said = {"database": "ok" if database else "unreachable", "disk": "ok" if disk else "full"}
    return _said(
        200 if database and disk else 503, {"status": "ok" if database and disk else "not ready", **said}
    )


async def metrics(call: Call) -> Answer:
    """GET /metrics, from this machine only: figures of everybody's requests are for the operator."""
    if call.peer not in _HERE or any(call.header(name) for name in _FORWARDED):
        raise NotFound
    return Answer(200, call.api.figures.text(), media=b"text/plain; version=0.0.4; charset=utf-8")


async def _reachable(db: Database) -> bool:
    try:
        async with db.transaction() as connection:
            await institutions.every(connection)
    except Failure:
        return False
    return True


def _has_room(db: Database) -> bool:
    try:
        db.require_room()
    except Unavailable:
        return False
    return True


def _said(status: int, said: dict[str, str]) -> Answer:
    return Answer(status, orjson.dumps(said), media=JSON)
