"""Traces by OpenTelemetry: a span for each request and for each of its steps, sent to a collector by OTLP over HTTP.

Spans are made when a request is answered, from what its watch noted: nothing of OpenTelemetry is in the way while it is
served. Attributes are our own words and numbers; no address, no id, no value of a search, no subject of a token.
Sources: https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from kakehashi import __version__
from kakehashi.core.settings import BadSetting
from kakehashi.faces.slow import Answered
from kakehashi.store.watch import OUTBOUND, Step, Watch

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

# traceparent of version 00; a later version's begins alike (W3C Trace Context 3.2)
_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_WAITING = 4_096  # spans that wait to be sent; those beyond are dropped
_MOST = 128  # steps of a request that become spans
_PATIENCE = 2_000  # milliseconds that a stop waits for the collector


@dataclass(frozen=True, slots=True)
class Traces:
    """Makes the spans of answered requests and sends them in the background."""

    provider: "TracerProvider"
    tracer: "Tracer"

    @classmethod
    def to(cls, endpoint: str, percent: int) -> Self:
        """Return what sends `percent` of all traces to a collector. Raises BadSetting where a package is missing."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import SpanLimits, TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
        except ImportError:
            raise _missing() from None
        share = TraceIdRatioBased(percent / 100)
        # A caller may say that a trace is not kept; that it is, we decide: else anybody could have all of them kept.
        sampler = ParentBased(share, remote_parent_sampled=share, remote_parent_not_sampled=ALWAYS_OFF)
        resource = Resource({"service.name": "kakehashi", "service.version": __version__})
        provider = TracerProvider(
            sampler=sampler,
            resource=resource,
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attributes=16),
        )
        exporter = OTLPSpanExporter(endpoint=endpoint, headers={}, timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_WAITING))
        return cls(provider, provider.get_tracer("kakehashi", __version__))

    def note(self, answered: Answered, watch: Watch, parent: str = "") -> None:
        """Make the spans of a request. `parent`: its traceparent as it came, "" for none."""
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        began = watch.at
        span = self.tracer.start_span(
            f"{answered.interaction} {answered.type}".strip(),
            context=context_of(parent),
            kind=SpanKind.SERVER if answered.status else SpanKind.INTERNAL,
            start_time=began,
            attributes=_attributes(answered),
        )
        if span.is_recording():
            within = set_span_in_context(span)
            for step in watch.steps[:_MOST]:
                self._step(within, step, began + int((step.began - watch.began) * 1e9))
            if answered.status >= 500:
                span.set_status(Status(StatusCode.ERROR))
        span.end(end_time=began + int(answered.seconds * 1e9))

    def _step(self, within: "Context", step: Step, began: int) -> None:
        from opentelemetry.trace import SpanKind

        attributes: dict[str, str | int] = {}
        if step.statement:
            attributes = {"db.system.name": "postgresql", "db.query.summary": step.name}
        if step.rows is not None:
            attributes["db.response.returned_rows"] = step.rows
        kind = SpanKind.CLIENT if step.statement or step.name == OUTBOUND else SpanKind.INTERNAL
        span = self.tracer.start_span(step.name, within, kind=kind, start_time=began, attributes=attributes)
        span.end(end_time=began + int(step.seconds * 1e9))

    def close(self) -> None:
        """Send what waits, as far as the collector takes it soon."""
        self.provider.force_flush(_PATIENCE)
        self.provider.shutdown()


def _attributes(answered: Answered) -> dict[str, str | int]:
    if not answered.status:  # nobody asked
        return {}
    return {
        "http.request.method": answered.method,
        "http.route": answered.route,
        "http.response.status_code": answered.status,
        "fhir.interaction": answered.interaction,
        "fhir.type": answered.type,
        "kakehashi.request": answered.request,
    }


def context_of(parent: str) -> "Context":
    """Return the context that a traceparent names; an empty one where it names none."""
    from opentelemetry.context import Context
    from opentelemetry.trace import (
        INVALID_SPAN_ID,
        INVALID_TRACE_ID,
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    match = _PARENT.match(parent)
    if not match or parent.startswith("ff") or (parent.startswith("00") and len(parent) != 55):
        return Context()
    trace, span = int(match[1], 16), int(match[2], 16)
    if trace == INVALID_TRACE_ID or span == INVALID_SPAN_ID:
        return Context()
    told = SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(int(match[3], 16)))
    return set_span_in_context(NonRecordingSpan(told), Context())


def _missing() -> BadSetting:
    return BadSetting(
        "traces_endpoint を使うには pip install 'kakehashi[traces]' が必要です。",
        "traces_endpoint needs pip install 'kakehashi[traces]'.",
        rule="settings.traces",
        place="traces_endpoint",
    )
