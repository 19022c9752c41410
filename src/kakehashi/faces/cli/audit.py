"""`kakehashi audit verify`: the log is exported and proved by the verifier that shares no code with the rest."""

import sys
import tempfile
from pathlib import Path

from kakehashi.engines.house import House
from kakehashi.trust.checkpoints import Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.log_export import export
from kakehashi.trust.log_sequencer import Sequencer
from kakehashi_verify.verify import Verdict
from kakehashi_verify.verify import verify as verify_files


async def verify(house: House, folder: Path | None) -> Verdict:
    """Sign what has settled, export the log (into `folder`, else a passing one), and verify it."""
    signer, held = Signer.at(house.settings.home), Held.at(house.settings.home)
    sequencer = Sequencer(house.db, signer, held)
    await sequencer.run(at=house.clock())
    await sequencer.sign(at=house.clock(), now=True)
    with tempfile.TemporaryDirectory() as passing:
        target = folder or Path(passing)
        size = await export(house.db, target)
        sys.stdout.write(f"{size:,} 件を書き出しました · entries exported\n")
        if not size and not held.notes.exists():
            return Verdict("whole")
        return verify_files(target, signer.verifier.vkey, held.notes if held.notes.exists() else None)
