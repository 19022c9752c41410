"""The feed's followers: whether each keeps up with what is written."""

from kakehashi.engines.house import House
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import feed

_BEHIND = 10_000  # entries: minutes of work for a follower; more means that it stands still or cannot keep up


async def examine(house: House) -> list[Finding]:
    """Return one finding a follower."""
    async with house.db.transaction() as tx:
        lags = await feed.lags(tx)
    return [
        Finding(
            lag < _BEHIND,
            f"変更の流れを追うもの {name}: 残り {lag:,} 件",
            f"follower of the feed {name}: {lag:,} entries behind",
            "その処理が動いているか、そのログを見てください。",
            "See whether it runs, and what its own log says.",
            unsafe=False,
        )
        for name, lag in lags.items()
    ]
