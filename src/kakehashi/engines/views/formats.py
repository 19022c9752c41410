"""The formats that a view's rows are written in: how rows become bytes, and how such bytes become a file.

Rows are encoded wherever they were made (another process perhaps), and appended in one place, in order. Texts, JSON
numbers and CSV cells are as FHIR wrote them; Parquet and Arrow have the types of tables.py. A list in CSV is JSON.
"""

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from typing import IO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from kakehashi.core.errors import NotSupported
from kakehashi.engines.views.bodies import written
from kakehashi.engines.views.tables import batch_of, schema_of
from kakehashi.fhir.paths.numbers import text_of
from kakehashi.fhir.views.columns import Row, Value
from kakehashi.fhir.views.running import View

GROUP = 100_000  # rows of one row group of a Parquet file


class Format(StrEnum):
    """A format, under the name that `_format` and a file's ending have."""

    NDJSON = "ndjson"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"  # IPC stream

    @classmethod
    def named(cls, name: str, *, place: str = "") -> "Format":
        """Return the format of a name. Raises NotSupported."""
        if name in {one.value for one in cls}:
            return cls(name)
        known = ", ".join(cls)
        raise NotSupported(
            f"形式「{name}」は使えません。使える形式: {known}", f"There is no format '{name}' here; there are {known}.",
            rule="view.format", place=place,
        )  # fmt: skip


class Writer(Protocol):
    """Puts encoded rows into one file, in order."""

    def append(self, piece: bytes) -> None:
        """Add encoded rows."""

    def close(self) -> None:
        """End the file; what it was written to stays open."""


def encoded(form: Format, view: View, rows: Sequence[Row]) -> bytes:
    """Return rows in a format, without what stands at the head and the end of a file. Raises BadRow."""
    if not rows:
        return b""
    if form in (Format.PARQUET, Format.ARROW):
        return _as_arrow(view, rows)
    if form is Format.CSV:
        return _as_csv(rows)
    names = [column.name for column in view.columns]
    lines = [written(dict(zip(names, row, strict=True))) for row in rows]
    return b",\n".join(lines) if form is Format.JSON else b"\n".join(lines) + b"\n"


def writer(form: Format, view: View, file: IO[bytes]) -> Writer:
    """Return the writer of a file in a format. Raises BadView where a column's SQL type is unknown."""
    schema = schema_of(view)
    if form is Format.PARQUET:
        return _Parquet(schema, file)
    if form is Format.ARROW:
        return _Arrow(schema, file)
    if form is Format.CSV:
        return _Text(file, head=_as_csv([tuple(column.name for column in view.columns)]))
    if form is Format.JSON:
        return _Text(file, head=b"[", between=b",\n", end=b"]\n")
    return _Text(file)


def _as_csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return written(value).decode()
    return text_of(value)


def _as_arrow(view: View, rows: Sequence[Row]) -> bytes:
    schema = schema_of(view)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(batch_of(view, rows, schema))
    held: bytes = sink.getvalue().to_pybytes()
    return held


class _Text:
    def __init__(self, file: IO[bytes], *, head: bytes = b"", between: bytes = b"", end: bytes = b"") -> None:
        self._file, self._between, self._end = file, between, end
        self._begun = False
        file.write(head)

    def append(self, piece: bytes) -> None:
        if piece:
            self._file.write(self._between + piece if self._begun else piece)
            self._begun = True

    def close(self) -> None:
        self._file.write(self._end)


class _Arrow:
    def __init__(self, schema: pa.Schema, file: IO[bytes]) -> None:
        self._stream = pa.ipc.new_stream(file, schema)

    def append(self, piece: bytes) -> None:
        for batch in batches(piece):
            self._stream.write_batch(batch)

    def close(self) -> None:
        self._stream.close()


class _Parquet:
    """Batches are gathered into row groups of GROUP rows, which is what later reads by group want."""

    def __init__(self, schema: pa.Schema, file: IO[bytes]) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(file, schema, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def append(self, piece: bytes) -> None:
        for batch in batches(piece):
            self._held.append(batch)
            self._rows += batch.num_rows
        if self._rows >= GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_batches(self._held, self._schema), row_group_size=GROUP)
        self._held, self._rows = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()


def batches(piece: bytes) -> list[pa.RecordBatch]:
    """Return the batches that rows were encoded as (Format.ARROW)."""
    if not piece:
        return []
    with pa.ipc.open_stream(piece) as stream:
        return list(stream)
