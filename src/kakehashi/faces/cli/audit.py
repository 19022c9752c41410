"""`kakehashi audit verify`: the log is exported and proved by the verifier that shares no code with the rest."""

import sys
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from kakehashi.engines.house import House
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held, LogBroken
from kakehashi.trust.log_export import export
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi_verify.verify import Verdict
from kakehashi_verify.verify import verify as verify_files

_LAST = "last-verify.json"


class Verified(msgspec.Struct, frozen=True):
    """The last verification: when, and the kind of its verdict ("whole", "changed", …)."""

    at: datetime
    kind: str


async def verify(house: House, folder: Path | None) -> Verdict:
    """Sign what has settled, export the log (into `folder`, else a passing one), and verify it."""
    signer, held = Signer.at(house.settings.home), Held.at(house.settings.home)
    sequencer = Sequencer(house.db, signer, held)
    with suppress(
        LogBroken
    ):  # then nothing is signed; the verifier below says what is wrong, and from where on
        await sequencer.run(at=house.clock())
        await sequencer.sign(at=house.clock(), now=True)
    with tempfile.TemporaryDirectory() as passing:
        target = folder or Path(passing)
        size = await export(house.db, target)
        sys.stdout.write(f"{size:,} 件を書き出しました · entries exported\n")
        if not size and not held.notes.exists():
            return Verdict("whole")
        verdict = verify_files(target, signer.verifier.published, held.notes if held.notes.exists() else None)
    kept = Verified(house.clock(), verdict.kind)
    (house.settings.home / _LAST).write_bytes(msgspec.json.encode(kept))
    return verdict


def last(home: Path) -> Verified | None:
    """Return when the log of this home folder was last verified at the prompt, and with what verdict; None: never."""
    try:
        return msgspec.json.decode((home / _LAST).read_bytes(), type=Verified)
    except (OSError, msgspec.MsgspecError):
        return None
