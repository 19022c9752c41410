"""The log's proof: whether checkpoints keep up with the entries, and when it was last verified."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from kakehashi.engines.house import House
from kakehashi.faces.cli import audit
from kakehashi.faces.cli.finding import Finding
from kakehashi.store import log_checks, log_tree

_UNSIGNED = timedelta(minutes=10)  # entries that wait longer for a checkpoint are not being signed
_UNVERIFIED = timedelta(days=7)


async def examine(house: House, at: datetime) -> list[Finding]:
    """Return what is found at `at`."""
    async with house.db.transaction() as tx:
        size = (await log_tree.state(tx)).size
        newest = await log_tree.last_checkpoint(tx)
        asked = await log_checks.last(tx)
    known = audit.last(house.settings.home)
    verified = [(known.at, known.kind)] if known else []
    if asked and asked.verdict:
        verified.append((asked.moved_at, asked.verdict))
    signed, signed_at = (newest["size"], newest["at"]) if newest else (0, None)
    return [
        *_signed(size - signed, signed_at, at),
        *_verified(*max(verified, default=(None, "")), empty=size == 0, at=at),
    ]


def _signed(waiting: int, signed_at: datetime | None, at: datetime) -> Iterator[Finding]:
    said = f"{signed_at:%Y-%m-%d %H:%M}" if signed_at else "-"
    late = waiting > 0 and (signed_at is None or at - signed_at > _UNSIGNED)
    yield Finding(
        not late,
        f"最後のチェックポイント: {said}（未署名 {waiting:,} 件）",
        f"newest checkpoint: {said} ({waiting:,} entries unsigned)",
        "kakehashi serve を動かすか kakehashi audit verify で署名し、ログの chore failed を見てください。",
        "Run kakehashi serve, or sign by kakehashi audit verify; look for chore failed in the server's log.",
    )


def _verified(when: datetime | None, kind: str, *, empty: bool, at: datetime) -> Iterator[Finding]:
    said = f"{when:%Y-%m-%d %H:%M} {kind}" if when else "-"
    broken = when is not None and kind != "whole"
    yield Finding(
        empty or (when is not None and not broken and at - when <= _UNVERIFIED),
        f"記録の最後の検証: {said}",
        f"log last verified: {said}",
        "kakehashi audit verify を実行してください（毎日を勧めます）。壊れていれば docs/operator.md の Incidents へ。",
        "Run kakehashi audit verify, best daily. If it is broken, see Incidents in docs/operator.md.",
        unsafe=broken,
    )
