"""Looking at a bulk job, fetching its files, cancelling it. Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html"""

from collections.abc import Sequence

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.engines.transfer import jobs
from kakehashi.engines.transfer.jobs import Standing
from kakehashi.engines.transfer.wanted import File
from kakehashi.engines.transfer.working import Speech
from kakehashi.faces.api.answer import Answer, http_date
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well, outcome_of
from kakehashi.faces.api.subset import Subset

_JSON, _NDJSON = b"application/json", b"application/fhir+ndjson"
_AGAIN = b"2"  # seconds until it is worth asking again


async def status(call: Call) -> Answer:
    """GET [base]/$bulk/[job]: 202 while it goes on, then the manifest, or what it failed of."""
    found = await jobs.standing(call.house, call.asked, call.names["job"])
    if found.job.state in ("waiting", "running"):
        progress = f"{found.place.count} resources" if found.job.state == "running" else "waiting"
        return Answer(202, headers=[(b"x-progress", progress.encode()), (b"retry-after", _AGAIN)])
    expires = [(b"expires", http_date(found.job.expires_at))] if found.job.expires_at else []
    if found.problem is not None:
        return Answer(500, outcome_of([found.problem]), expires)
    told = _exported(call, found) if found.job.direction == "export" else _imported(call, found)
    return Answer(200, orjson.dumps(told), expires, _JSON)


async def fetch(call: Call) -> Answer:
    """GET [base]/$bulk/[job]/[file]: one file, to whoever asked for the job."""
    path, file = await jobs.fetch(call.house, call.asked, call.names["job"], call.names["file"])
    return Answer(200, media=_NDJSON, file=path, length=file.bytes)


async def cancel(call: Call) -> Answer:
    """DELETE [base]/$bulk/[job]: it stops, and its files are gone."""
    await jobs.cancel(call.house, call.asked, call.names["job"])
    return Answer(202, all_well("取り消しました。", "It was cancelled."))


def speech() -> Speech:
    """Return how resources are cut and problems told, for whoever works on jobs."""
    return Speech(_cut, outcome_of)


def _cut(resource_type: str, elements: tuple[str, ...], body: bytes) -> bytes:
    return Subset(elements=elements).of(resource_type, body)


def _exported(call: Call, found: Standing) -> dict[str, object]:
    return {
        "transactionTime": fhir_instant(found.job.began_at or found.job.asked_at),
        "request": found.request,
        "requiresAccessToken": True,
        "output": _files(call, found, "output"),
        "deleted": _files(call, found, "deleted"),
        "error": _files(call, found, "error"),
    }


def _imported(call: Call, found: Standing) -> dict[str, object]:
    stored: Sequence[tuple[str, int]] = sorted(found.place.stored.items())
    return {
        "transactionTime": fhir_instant(found.job.began_at or found.job.asked_at),
        "request": found.request,
        "requiresAccessToken": True,
        "output": [{"type": kind, "count": count} for kind, count in stored],
        "error": _files(call, found, "error"),
    }


def _files(call: Call, found: Standing, section: str) -> list[dict[str, object]]:
    return [_told(call, found, one) for one in found.files if one.section == section]


def _told(call: Call, found: Standing, file: File) -> dict[str, object]:
    url = f"{call.api.base}/$bulk/{found.job.id}/{file.name}"
    return {"type": file.type, "url": url, "count": file.count}
