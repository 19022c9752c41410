"""transaction and batch. Source: https://hl7.org/fhir/R4/http.html#transaction

A transaction is one submission: all of it or nothing. Its GETs are checked before anything is written, and answered
after; what they do not find is said in their own entry. A batch's entries are requests of their own.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from urllib.parse import unquote

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import BadRequest, Invalid, Problem
from kakehashi.engines.records.submit import submit
from kakehashi.engines.records.wanted import Method, Outcome, Wanted
from kakehashi.faces.api import headers as said
from kakehashi.faces.api import pushes
from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.bundle import bundle, response_entry, version_path
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import all_well
from kakehashi.faces.api.patches import in_entry, of_entry
from kakehashi.faces.api.run import answered
from kakehashi.faces.api.writes import body_of
from kakehashi.fhir.parse import Entry, Resource
from kakehashi.fhir.parse import entries as entries_of
from kakehashi.fhir.types import NUMBER
from kakehashi.services.sharing.rules.whole import is_submission

MOST = 10_000  # entries
_AT_ONCE = 4  # reads of one batch: other requests want connections too
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """One entry, its address read. `type`, `id`: of the resource; `search`: what follows the question mark."""

    entry: Entry
    number: int
    path: str
    type: str
    id: str
    search: str

    @property
    def place(self) -> str:
        return f"Bundle.entry[{self.number}]"


async def post(call: Call) -> Answer:
    """POST [base]: a transaction, a batch, or a Bundle of the sharing service."""
    sent = await call.resource()
    kind = sent.tree.get("type") if sent.type == "Bundle" else None
    if is_submission(sent):
        return await pushes.register_bundle(call, sent)
    if kind not in ("transaction", "batch"):
        raise BadRequest(
            "[base] への POST は transaction か batch の Bundle です。ほかのリソースは /fhir/[type] に送ってください。",
            "POST to the base takes a Bundle of type transaction or batch; send other resources to /fhir/[type].",
            rule="bundle.type",
            place="Bundle.type",
        )
    _require_few(sent)
    listed = entries_of(sent)
    asked = _read(call, listed)
    done = await (_transaction(call, sent, asked) if kind == "transaction" else _batch(call, asked))
    return Answer(200, bundle(f"{kind}-response", done))


def _require_few(sent: Resource) -> None:
    """Raise Invalid for more entries than one request may have, before any of them is looked at."""
    given = sent.tree.get("entry")
    if isinstance(given, list) and len(given) > MOST:
        raise Invalid(
            f"entry は {MOST} 件までです。分けて送ってください。", f"{MOST} entries at most; send them in parts.",
            rule="bundle.size", place="Bundle.entry",
        )  # fmt: skip


def _read(call: Call, listed: Sequence[Entry]) -> list[_Asked]:
    """Read every entry's request. Raises Invalid, naming each that cannot be read."""
    asked, problems = [], []
    urls: set[str] = set()
    for number, one in enumerate(listed):
        address = one.url.removeprefix(f"{call.api.base}/").lstrip("/")
        path, _, search = address.partition("?")
        kind, _, name = path.partition("/")
        here = _Asked(one, number, unquote(path), kind, unquote(name), search)
        problems += _wrong(here, urls)
        asked.append(here)
        if one.full_url and one.method in ("POST", "PUT"):
            urls.add(one.full_url)
    if problems:
        raise Invalid(problems=problems)
    return asked


def _wrong(here: _Asked, urls: set[str]) -> list[Problem]:
    one, place = here.entry, here.place
    carries = one.method in ("POST", "PUT", "PATCH")
    if one.method not in _METHODS:
        ja, en = "request.method がありません。", "There is no request.method."
        return [Problem("bundle.request", f"{place}.request.method", ja, en)]
    if here.type not in NUMBER and one.method not in ("GET", "HEAD"):
        ja, en = (
            "request.url に型がありません。例: Patient/123",
            "request.url names no type, such as Patient/123.",
        )
        return [Problem("bundle.request", f"{place}.request.url", ja, en)]
    if carries and one.body is None:
        return [Problem("bundle.resource", place, "resource がありません。", "There is no resource.")]
    if one.method in ("POST", "PUT") and one.full_url in urls:
        ja, en = "同じ fullUrl が二回あります。", "This fullUrl is there twice."
        return [Problem("bdl-7", f"{place}.fullUrl", ja, en)]
    return []


async def _transaction(call: Call, sent: Resource, asked: Sequence[_Asked]) -> list[bytes]:
    writes = [one for one in asked if one.entry.method not in ("GET", "HEAD")]
    reads = {one.number: _sub(call, one) for one in asked if one.entry.method in ("GET", "HEAD")}
    wanted = [_wanted(one) for one in writes]
    outcomes: list[Outcome] = []
    if wanted:
        outcomes = await submit(call.house, wanted, by=call.actor, at=call.at, sent=call.sent(sent.body))
    done = {one.number: await _written(call, outcome) for one, outcome in zip(writes, outcomes, strict=True)}
    for number, answer in zip(reads, await _together(list(reads.values())), strict=True):
        done[number] = _response(answer)
    return [done[one.number] for one in asked]


async def _batch(call: Call, asked: Sequence[_Asked]) -> list[bytes]:
    """Answer each entry by itself, in order; what stands together and only reads is answered side by side."""
    shown = call.prefer.returns == "representation"
    done: list[bytes] = []
    for reads, group in groupby(asked, lambda one: one.entry.method in ("GET", "HEAD")):
        subs = [_sub(call, one) for one in group]
        answers = await _together(subs) if reads else [await answered(sub) for sub in subs]
        done += (_response(answer, representation=shown) for answer in answers)
    return done


async def _together(subs: Sequence[Call]) -> list[Answer]:
    """Return the answers to requests that only read, a few of them at a time."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(sub: Call) -> Answer:
        async with turns:
            return await answered(sub)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(sub)) for sub in subs]
    return [task.result() for task in tasks]


def _sub(call: Call, one: _Asked) -> Call:
    """The request that an entry is. In a batch the idempotency key holds for each entry under its number."""
    entry = one.entry
    media, body = "application/fhir+json", entry.body or b""
    if entry.method == "PATCH" and entry.resource:
        media, body = of_entry(entry.resource)
    headers = {
        "if-match": entry.if_match, "if-none-match": entry.if_none_match, "if-none-exist": entry.if_none_exist,
        "prefer": call.header("prefer"), "content-type": media, "accept": "application/fhir+json",
    }  # fmt: skip
    if key := call.header("idempotency-key"):
        headers["idempotency-key"] = f"{key}#{one.number}"

    async def body_of_entry() -> bytes:
        return body

    method = "GET" if entry.method == "HEAD" else entry.method
    return Call(
        call.api, method, f"/fhir/{one.path}".rstrip("/"), call.at, one.search, headers, body_of_entry,
        call.request, call.peer, signed=call.actor,
    )  # fmt: skip


def _wanted(one: _Asked) -> Wanted:
    entry, method = one.entry, one.entry.method
    if (one.id and method == "POST") or "/" in one.id:
        raise Invalid(
            "request.url が読めません。POST は型だけ、PUT・PATCH・DELETE は型と id (または検索条件) です。",
            "request.url cannot be read: POST takes a type, PUT, PATCH and DELETE a type and an id (or a search).",
            rule="bundle.request", place=f"{one.place}.request.url",
        )  # fmt: skip
    if method != "POST" and not one.id and not one.search:
        raise Invalid(
            "request.url に id か検索条件が必要です。", "request.url needs an id or a search.",
            rule="bundle.request", place=f"{one.place}.request.url",
        )  # fmt: skip
    if entry.resource is not None and method in ("POST", "PUT") and is_submission(entry.resource):
        raise Invalid(
            "電子カルテ情報共有サービスの Bundle は transaction に入れず、そのまま POST してください。",
            "POST a Bundle of the sharing service by itself, not inside a transaction.",
            rule="sharing.transaction", place=one.place,
        )  # fmt: skip
    version = 0 if entry.if_none_match.strip() == "*" else said.version_of(entry.if_match, "ifMatch")
    writes = method in ("POST", "PUT")
    patch = in_entry(entry.resource) if method == "PATCH" and entry.resource else None
    return Wanted(
        Method(method), one.type, one.id or None, entry.body if writes else None, version,
        condition=one.search if not one.id and method != "POST" else None,
        if_none_exist=said.search_of(entry.if_none_exist, one.type) or None if method == "POST" else None,
        full_url=entry.full_url or None, place=f"{one.place}.resource",
        resource=entry.resource if writes else None, patch=patch,
    )  # fmt: skip


async def _written(call: Call, outcome: Outcome) -> bytes:
    status = f"{outcome.status} {HTTPStatus(outcome.status).phrase}"
    if not outcome.version:
        return response_entry(status)
    if outcome.status == 204:
        return response_entry(status, version=outcome.version, changed=fhir_instant(outcome.changed_at))
    return response_entry(
        status,
        location=version_path(outcome.type, outcome.id, outcome.version),
        version=outcome.version,
        changed=fhir_instant(outcome.changed_at),
        body=await body_of(call, outcome) if call.prefer.returns == "representation" else b"",
        outcome=all_well("登録しました。", "Stored.") if call.prefer.returns == "OperationOutcome" else b"",
    )


def _response(answer: Answer, *, representation: bool = True) -> bytes:
    """The entry for an answer to a request of its own."""
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    location = headers.get("location", "").partition("/fhir/")[2]
    version = headers.get("etag", "").strip('W/"')
    failed = answer.status >= 400
    written = bool(location)
    return response_entry(
        status,
        location=location,
        version=int(version) if version.isdigit() else 0,
        body=b"" if failed or (written and not representation) else answer.body,
        outcome=answer.body if failed else b"",
    )
