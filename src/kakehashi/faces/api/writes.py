"""create, update, patch, delete, and their conditional forms. Source: https://hl7.org/fhir/R4/http.html#create"""

from kakehashi.core.errors import BadRequest, Gone, NotFound, Refused
from kakehashi.engines.records import look
from kakehashi.engines.records.drafts import named
from kakehashi.engines.records.submit import submit
from kakehashi.engines.records.wanted import Method, Outcome, Wanted
from kakehashi.faces.api import formats, patches, pushes
from kakehashi.faces.api import headers as said
from kakehashi.faces.api.answer import Answer, version_headers
from kakehashi.faces.api.binary import wrapped
from kakehashi.faces.api.bundle import version_path
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well
from kakehashi.fhir.parse import Resource, parse
from kakehashi.services.sharing.rules.whole import is_submission

_OF_ANSWERS = ("_format", "_pretty")  # parameters that ask for nothing but an answer's form


async def create(call: Call) -> Answer:
    """POST [base]/[type]; with If-None-Exist only when nothing meets the condition.

    A search in the address says the same: R4 gives it no meaning, and programs that ask so (fhirpy) mean nothing else.
    """
    resource = await _resource(call)
    if is_submission(resource):
        return await pushes.register_bundle(call, resource)
    asked = call.query if any(name not in _OF_ANSWERS for name, _ in call.pairs) else ""
    condition = said.search_of(call.header("if-none-exist"), call.names["type"]) or asked or None
    return await _written(call, Wanted(
        Method.CREATE, call.names["type"], None, resource.body, if_none_exist=condition, resource=resource,
    ), resource.body)  # fmt: skip


async def update(call: Call) -> Answer:
    """PUT [base]/[type]/[id]: as the next version, or as the first under an id of the caller's choice."""
    resource = await _resource(call, call.names["id"])
    patches.require_no_submission(resource)
    return await _written(call, Wanted(
        Method.UPDATE, call.names["type"], call.names["id"], resource.body, expected_version(call), resource=resource,
    ), resource.body)  # fmt: skip


async def update_where(call: Call) -> Answer:
    """PUT [base]/[type]?[search]."""
    resource = await _resource(call)
    patches.require_no_submission(resource)
    return await _written(call, Wanted(
        Method.UPDATE, call.names["type"], None, resource.body, expected_version(call),
        condition=_condition(call), resource=resource,
    ), resource.body)  # fmt: skip


async def patch(call: Call) -> Answer:
    """PATCH [base]/[type]/[id], with a JSON Patch or a FHIRPath Patch."""
    body, change = await patches.of_call(call)
    return await _written(call, Wanted(
        Method.PATCH, call.names["type"], call.names["id"], if_match=expected_version(call), patch=change,
    ), body)  # fmt: skip


async def patch_where(call: Call) -> Answer:
    """PATCH [base]/[type]?[search]."""
    body, change = await patches.of_call(call)
    return await _written(call, Wanted(
        Method.PATCH, call.names["type"], condition=_condition(call), if_match=expected_version(call), patch=change,
    ), body)  # fmt: skip


async def delete(call: Call) -> Answer:
    """DELETE [base]/[type]/[id]."""
    wanted = Wanted(Method.DELETE, call.names["type"], call.names["id"], if_match=expected_version(call))
    return await _written(call, wanted, b"")


async def delete_where(call: Call) -> Answer:
    """DELETE [base]/[type]?[search]: one match at most."""
    wanted = Wanted(
        Method.DELETE, call.names["type"], condition=_condition(call), if_match=expected_version(call)
    )
    return await _written(call, wanted, b"")


def expected_version(call: Call) -> int | None:
    """Return the version that must be the current one: If-Match, or 0 for `If-None-Match: *`. Raises BadRequest."""
    if call.header("if-none-match").strip() == "*":
        return 0
    return said.version_of(call.header("if-match"), "If-Match")


async def body_of(call: Call, outcome: Outcome) -> bytes:
    """Return what was written. For the repeated answer to a repeated request it is read again; b"" if it is gone."""
    if outcome.body is not None:
        return outcome.body
    try:
        row = await look.version(call.house, call.asked, outcome.type, outcome.id, outcome.version)
    except (NotFound, Gone, Refused):
        return b""
    return row.body


async def _resource(call: Call, resource_id: str = "") -> Resource:
    if call.names["type"] != "Binary" or formats.is_resource(call.header("content-type") or "json"):
        return await call.resource()
    resource = parse(wrapped(await call.body_of(), call.headers))
    return named(resource, resource_id) if resource_id else resource


async def _written(call: Call, wanted: Wanted, body: bytes) -> Answer:
    [outcome] = await submit(call.house, [wanted], by=call.actor, at=call.at, sent=call.sent(body))
    if wanted.method is Method.DELETE:
        headers = version_headers(outcome.version, outcome.changed_at)[:1] if outcome.version else []
        return Answer(204, headers=headers)
    location = f"{call.api.base}/{version_path(outcome.type, outcome.id, outcome.version)}"
    headers = [
        *version_headers(outcome.version, outcome.changed_at), (b"location", location.encode()),
    ]  # fmt: skip
    return Answer(outcome.status, await _preferred(call, outcome), headers)


async def _preferred(call: Call, outcome: Outcome) -> bytes:
    match call.prefer.returns:
        case "minimal":
            return b""
        case "OperationOutcome":
            return all_well("登録しました。", "Stored.")
        case _:
            return await body_of(call, outcome)


def _condition(call: Call) -> str:
    if not call.query:
        raise BadRequest(
            "id か検索条件が必要です。", "An id or a search is needed.", rule="http.condition",
        )  # fmt: skip
    return call.query
