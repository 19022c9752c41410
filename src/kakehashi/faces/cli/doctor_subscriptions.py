"""Subscribers: whether they are told, and who could not be reached."""

from kakehashi.engines.house import House
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import feed, subscriptions
from kakehashi.store.reach import EVERY_SUBSCRIPTION

_BEHIND = 10_000  # changes; a courier that works is behind by none, or by those of a load


async def examine(house: House) -> list[Finding]:
    """Return what is found; nothing where nobody subscribes."""
    async with subscriptions.reaching(house.db, EVERY_SUBSCRIPTION) as tx:
        running = [one for one in await subscriptions.every(tx) if one.status != "off"]
        behind = (await feed.lags(tx)).get(subscriptions.FOLLOWER, 0)
    if not running:
        return []
    failing = sum(one.status == "error" for one in running)
    return [
        Finding(
            behind < _BEHIND,
            f"購読: {len(running)} 件（未処理の変更 {behind:,} 件）",
            f"subscriptions: {len(running)} ({behind:,} changes not looked at yet)",
            "kakehashi serve が動いているか、ログの chore failed を見てください。",
            "See that kakehashi serve runs; look for chore failed in its log.",
            unsafe=False,
        ),
        Finding(
            failing == 0,
            f"届かない購読: {failing} 件",
            f"subscriptions in error: {failing}",
            "Subscription?status=error の error に理由があります。所有する施設に連絡してください。",
            "Subscription?status=error says why in `error`; tell the institutions that they are of.",
            unsafe=False,
        ),
    ]
