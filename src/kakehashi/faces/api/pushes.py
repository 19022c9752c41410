"""FHIR push of 電子カルテ情報共有サービス: registering, replacing, withdrawing; and the list of what came for us.

`POST /sharing/bundles`, or `POST /fhir/Bundle` and `POST /fhir` with a Bundle that has the service's identifier or
claims one of its profiles.
`?consent=oral`: the person agreed at the sender that the addressee of this referral may fetch it. A Bundle with
the Patient alone withdraws. The body of the answer is an OperationOutcome with what deserves a word.
"""

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import BadRequest
from kakehashi.core.kinds import KIND_NAMES
from kakehashi.faces.api.answer import JSON, Answer, Header
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well, outcome_of
from kakehashi.fhir.parse import Resource
from kakehashi.services.sharing.register import Registered, register
from kakehashi.services.sharing.submission import Operation
from kakehashi.store import institutions
from kakehashi.trust import consents_referral, roles


async def push(call: Call) -> Answer:
    """POST /sharing/bundles: register, replace or withdraw."""
    return await register_bundle(call, await call.resource())


async def register_bundle(call: Call, bundle: Resource) -> Answer:
    """Register a Bundle and answer 201 (new), 200 (replaced, or withdrawn with notes) or 204 (withdrawn)."""
    roles.require(call.actor, "create", resource_type="Bundle")
    consent = call.parameter("consent")
    if consent not in ("", "oral"):
        raise BadRequest(
            "consent は oral だけです。",
            "consent is oral, or left out.",
            rule="sharing.consent",
            place="consent",
        )
    sent = call.sent(bundle.body)
    done = await register(
        call.house, bundle.body, by=call.actor, at=call.at, key=sent.key, request=sent.request,
        covered=sent.body, agreed_orally=consent == "oral",
    )  # fmt: skip
    if done.operation is Operation.WITHDRAW:
        return Answer(200, outcome_of(done.notes)) if done.notes else Answer(204)
    location: Header = (b"location", f"{call.api.base}/Bundle/{done.bundle_id}".encode())
    return Answer(200 if done.replaced else 201, _said(done), [location])


async def inbox(call: Call) -> Answer:
    """GET /sharing/inbox: documents addressed to this institution (自施設宛一覧), newest first.

    `fetchable`: GET [base]/[reference] gives it; false while the person has not agreed.
    """
    async with call.house.db.transaction() as db:
        found = await consents_referral.inbox(db, by=call.actor, at=call.at)
        names = {one.key: one for one in await institutions.every(db)}
    listed = []
    for one in found:
        ja, en = KIND_NAMES[one.kind]
        listed.append({
            "reference": one.item, "kind": {"ja": ja, "en": en}, "sent": fhir_instant(one.sent),
            "sender": {"code": names[one.sender].code, "name": names[one.sender].name},
            "fetchable": bool(one.way), "consent": one.way,
            "agreed": fhir_instant(one.agreed) if one.agreed else None,
        })  # fmt: skip
    return Answer(200, orjson.dumps({"documents": listed}), media=JSON)


def _said(done: Registered) -> bytes:
    if done.notes:
        return outcome_of(done.notes)
    return all_well(
        f"登録しました (Bundle と {done.resources} 件)。",
        f"Registered: the Bundle and {done.resources} resources.",
    )
