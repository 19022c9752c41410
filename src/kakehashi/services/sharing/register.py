"""Registering, replacing and withdrawing a submission: all of it or nothing, in one transaction.

A resend under the same member id and Bundle.identifier replaces the former whole; what is not in the new one is
gone from sight. A Bundle with the Patient alone withdraws. Source: CLINS guide, A4.7 of the project's facts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kakehashi.core.actors import Actor
from kakehashi.core.errors import Failure, Invalid, Problem, Refused
from kakehashi.core.kinds import Kind
from kakehashi.core.logentry import Note
from kakehashi.engines.house import House
from kakehashi.engines.records.bulk import Refusal, Taken, each_for_itself
from kakehashi.fhir.parse import parse
from kakehashi.fhir.validate import validate
from kakehashi.services.sharing.carrying import Carrying, Ready
from kakehashi.services.sharing.rules import check
from kakehashi.services.sharing.rules.bundle import require_size
from kakehashi.services.sharing.rules.whole import whole_of
from kakehashi.services.sharing.runs import runs
from kakehashi.services.sharing.service import SERVICE
from kakehashi.services.sharing.submission import Operation, plan_submission
from kakehashi.store.idempotency import RequestKey
from kakehashi.store.write import writing
from kakehashi.trust import roles

GUIDE = "1.11.0"  # the version of the guide that a Bundle without a version of its own is held against


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of a submission. `notes`: what was accepted but deserves a word (information, warnings)."""

    operation: Operation
    kind: Kind
    bundle_id: str
    resources: int  # rows that it left, besides Bundle and Patient
    notes: tuple[Problem, ...]
    replaced: bool = False  # a former registration under the same key made way


async def register(
    house: House,
    body: bytes,
    *,
    by: Actor,
    at: datetime,
    key: str = "",
    request: str = "",
    covered: bytes = b"",
    guide: str = GUIDE,
    agreed_orally: bool = False,
) -> Registered:
    """Check and carry out one submission, and return what came of it.

    `key`: the request's idempotency key; `covered`: what it covers besides the body (the address it was sent to).
    `agreed_orally`: the person agreed at the sender that the addressee of this referral may fetch it.

    Raises Malformed, Invalid (with every rule broken), Refused, NotFound (nothing to withdraw), KeyReused, Unavailable;
    then nothing has changed.
    """
    one = _ready(body, by, guide)
    plan = one.plan
    note = Note(by, f"sharing.{plan.operation}", f"Bundle/{plan.bundle_id}", "own", request)
    async with writing(house.db, note, at=at, key=_key(by, key, covered or body)) as work:
        if work.earlier is None:
            [replaced] = await Carrying(work, by, at, agreed_orally).carry_out([one])
            work.outcome = _REPLACED if replaced else _NEW
        else:
            replaced = work.earlier == _REPLACED
    return Registered(plan.operation, plan.kind, plan.bundle_id, len(plan.rows), one.notes, replaced)


async def register_many(
    house: House, lines: Sequence[tuple[int, bytes]], *, by: Actor, at: datetime, agreed_orally: bool = False
) -> Taken:
    """Check and carry out the submission of each (line number, bytes), in order; each is done whole or not at all.

    What register() would refuse is named in the answer; the others are stored, many in a transaction. "" counts the
    resources that they left. Raises Unavailable only; then the lines may be sent again without doubling anything.
    """
    taken = Taken()
    good: list[tuple[int, Ready]] = []
    for line, body in lines:
        try:
            good.append((line, _ready(body, by, GUIDE)))
        except Failure as failure:
            taken.refused.append(Refusal(line, failure.problems))

    async def write(some: Sequence[Ready]) -> None:
        note = Note(by, f"sharing.{some[0].plan.operation}", "Bundle", "own")
        async with writing(house.db, note, at=at) as work:
            await Carrying(work, by, at, agreed_orally).carry_out(some)

    for run in runs(good):
        for one in await each_for_itself(run, write, taken.refused):
            taken.count("Bundle")
            taken.count("", len(one.plan.rows))
    taken.refused.sort(key=lambda one: one.line)
    return taken


def _ready(body: bytes, by: Actor, guide: str) -> Ready:
    """Read a submission and hold it against every rule that needs no store."""
    require_size(len(body))
    bundle = parse(body)
    whole = whole_of(bundle.tree, len(body))
    found = [*validate(bundle), *check(bundle, version=guide, whole=whole)]
    if any(problem.severity == "error" for problem in found):
        raise Invalid(problems=[problem for problem in found if problem.severity == "error"])
    plan = plan_submission(bundle, by.institution, whole)
    _require_sender(by, plan.operation)
    roles.require(
        by, "create" if plan.operation is Operation.REGISTER else "delete", plan.kind, resource_type="Bundle"
    )
    return Ready(bundle, plan, tuple(found))


def _require_sender(by: Actor, operation: Operation) -> None:
    """Let the institution's system send; raise Refused for everybody else, however much they may write as FHIR."""
    if not SERVICE.operation(operation).open_to(by):
        raise Refused(
            "登録・取消は病院・診療所のシステムが行います。職員のトークンではなくシステムのトークンで送ってください。",
            "A hospital's or clinic's system registers and withdraws; send with its token, not with a person's.",
            rule="C1.submission.role",
        )


_NEW, _REPLACED = b"new", b"replaced"  # what is kept with an idempotency key


def _key(by: Actor, key: str, body: bytes) -> RequestKey | None:
    return RequestKey.of(by.institution.key, key, body) if key else None
