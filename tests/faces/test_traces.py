"""Traces, as a collector receives them: a small one of our own, over HTTP."""

from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import get_current_span

from kakehashi.core.settings import BadSetting, Settings, load_settings
from kakehashi.faces.api.door import Door
from kakehashi.faces.app import build
from kakehashi.faces.traces import Traces, context_of
from kakehashi.faces.watching import Watching
from kakehashi.store.database import Database
from kakehashi.store.watch import OUTBOUND, step

TELLTALE = "目立津名前"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")


class Collector:
    """Takes what is sent to it."""

    def __init__(self) -> None:
        self.received: list[ExportTraceServiceRequest] = []
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    raise AssertionError("we ask for none")
                mine.received.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[Span]:
        return [
            span
            for one in self.received
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
async def door(db: Database, tmp_path: Path, collector: Collector) -> AsyncIterator[Door]:
    built = build(
        db, Settings(home=tmp_path, traces_endpoint=collector.endpoint, traces_percent=100, slow_ms=0)
    )
    yield built


async def ask(door: Door, path: str, **headers: str) -> None:
    transport = httpx.ASGITransport(app=door)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        await client.get(path, headers=headers)
    await door.watching.close()


async def test_a_request_is_a_span_and_its_steps_are_below_it(door: Door, collector: Collector) -> None:
    await ask(door, "/health/ready")
    spans = collector.spans()
    [request] = [one for one in spans if one.kind == Span.SPAN_KIND_SERVER]
    assert request.name == "health" and not request.parent_span_id
    below = [one for one in spans if one is not request]
    assert {"connection", "institutions.institution_all"} & {one.name for one in below}
    assert all(one.parent_span_id == request.span_id for one in below)
    assert all(
        request.start_time_unix_nano <= one.start_time_unix_nano <= one.end_time_unix_nano for one in below
    )


async def test_a_trace_that_came_is_continued(door: Door, collector: Collector) -> None:
    await ask(door, "/health", traceparent=PARENT)
    [span] = collector.spans()
    assert span.trace_id == TRACE and span.parent_span_id.hex() == "b7ad6b7169203331"


async def test_a_trace_that_its_caller_does_not_keep_is_not_kept_here(
    door: Door, collector: Collector
) -> None:
    await ask(door, "/health", traceparent=PARENT[:-2] + "00")
    assert collector.spans() == []


@pytest.mark.parametrize(
    "said",
    [
        "",
        "x" * 5_000,
        PARENT.upper(),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        PARENT + "-more",
        "ff" + PARENT[2:],
    ],
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own(said: str) -> None:
    assert not get_current_span(context_of(said)).get_span_context().is_valid


async def test_no_address_no_value_and_no_name_is_in_a_span(door: Door, collector: Collector) -> None:
    await ask(door, f"/fhir/Patient/{TELLTALE}?family={TELLTALE}", authorization=f"Bearer {'t' * 40}")
    sent = b"".join(one.SerializeToString() for one in collector.received)
    assert collector.spans() and TELLTALE.encode() not in sent and b"t" * 40 not in sent


async def test_a_caller_cannot_have_all_of_their_traces_kept(
    db: Database, tmp_path: Path, collector: Collector
) -> None:
    none = build(db, Settings(home=tmp_path, traces_endpoint=collector.endpoint, traces_percent=0))
    await ask(none, "/health", traceparent=PARENT)
    assert collector.spans() == []


async def test_a_chore_is_traced_when_it_sends_something(door: Door, collector: Collector) -> None:
    with door.watching.chore("subscriptions"), step(OUTBOUND):
        await door.api.house.db.pool.fetchval("SELECT 1")
    with door.watching.chore("log"):
        await door.api.house.db.pool.fetchval("SELECT 1")
    await door.watching.close()
    names = [one.name for one in collector.spans()]
    assert "chore subscriptions" in names and "outbound" in names and "chore log" not in names


async def test_a_collector_that_is_away_harms_nobody(
    db: Database, tmp_path: Path, collector: Collector
) -> None:
    collector.server.shutdown()
    collector.server.server_close()
    alone = build(db, Settings(home=tmp_path, traces_endpoint=collector.endpoint, traces_percent=100))
    await ask(alone, "/health")


async def test_without_an_endpoint_nothing_is_traced(db: Database) -> None:
    assert Watching.of(db, Settings()).traces is None


def test_an_endpoint_is_an_address() -> None:
    with pytest.raises(BadSetting):
        load_settings(env={"KAKEHASHI_TRACES_ENDPOINT": "collector:4318"})


def test_very_many_spans_are_dropped_and_not_heaped_up() -> None:
    traces = Traces.to("http://127.0.0.1:9/v1/traces", 100)
    for _ in range(20_000):
        traces.tracer.start_span("x").end()
    [processor] = traces.provider._active_span_processor._span_processors
    assert isinstance(processor, BatchSpanProcessor)
    assert len(processor._batch_processor._queue) <= 4_096
