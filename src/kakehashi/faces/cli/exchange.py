"""`kakehashi exchange`: the request and the response folder of one institution, watched until stopped."""

import asyncio
from pathlib import Path

from kakehashi.core.actors import Actor
from kakehashi.core.errors import NotFound, Unavailable
from kakehashi.engines.house import House
from kakehashi.services.sharing.files import Verdict
from kakehashi.services.sharing.folder import ExchangeFolder
from kakehashi.services.sharing.register import register
from kakehashi.trust import quarantine

_EVERY = 1.0  # seconds between two looks into the folder


def folder_of(house: House, root: Path, by: Actor, *, agreed_orally: bool = False) -> ExchangeFolder:
    """Return the exchange folder `root` of the actor's institution, working on this house.

    Raises NotFound where there is no such folder: a name typed wrong would be watched for ever.
    """
    if not root.is_dir():
        raise NotFound(
            f"フォルダ {root} がありません。", f"There is no folder {root}.", rule="exchange.folder"
        )

    async def submit(body: bytes, key: str) -> Verdict:
        async with house.db.transaction() as tx:
            await quarantine.require_free(tx, by.institution.key)
        done = await register(house, body, by=by, at=house.clock(), key=key, agreed_orally=agreed_orally)
        return Verdict(True, done.notes, done.operation.value, (f"Bundle/{done.bundle_id}",))

    return ExchangeFolder(root, by.institution.code, submit, house.clock)


async def watch(folder: ExchangeFolder) -> None:
    """Sweep the folder until cancelled; while the store is away, requests wait."""
    while True:
        try:
            await folder.sweep()
        except Unavailable:
            await asyncio.sleep(_EVERY * 5)
        await asyncio.sleep(_EVERY)
