"""Rows as Arrow: which type a column has, and how its values become that.

The types are SQL on FHIR's defaults (a decimal is text, exactly as written; an instant is a time stamp), unless the
column's tag `ansi/type` names another. A date or time that is too rough for its SQL type (2024-05 as DATE) is null; a
day as a time stamp is its midnight in Japan. Source: SQL on FHIR v2, "Type Hinting with Tags".
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

import pyarrow as pa

from kakehashi.core.errors import Problem
from kakehashi.fhir.paths.numbers import text_of
from kakehashi.fhir.views.columns import BadRow, BadView, Column, Row
from kakehashi.fhir.views.running import View

JAPAN = timezone(timedelta(hours=9))
_STAMP = pa.timestamp("us", tz="UTC")
_DAY = 10  # characters of YYYY-MM-DD
_ROUGH = re.compile(r"\d{4}(-\d\d)?", re.ASCII)  # known to the year or month only
_DEFAULTS = {
    "boolean": pa.bool_(),
    "integer": pa.int32(),
    "positiveInt": pa.int32(),
    "unsignedInt": pa.int32(),
    "integer64": pa.int64(),
    "instant": _STAMP,
    "base64Binary": pa.binary(),
}
_TAGS = {
    **dict.fromkeys(("BOOLEAN", "BOOL"), pa.bool_()),
    "SMALLINT": pa.int16(),
    **dict.fromkeys(("INT", "INTEGER"), pa.int32()),
    "BIGINT": pa.int64(),
    **dict.fromkeys(("DOUBLE PRECISION", "DOUBLE", "FLOAT"), pa.float64()),
    "REAL": pa.float32(),
    "DATE": pa.date32(),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), _STAMP),
    **dict.fromkeys(("CHARACTER VARYING", "VARCHAR", "CHARACTER", "CHAR", "TEXT", "TIME"), pa.string()),
    **dict.fromkeys(("BINARY", "BINARY VARYING", "VARBINARY"), pa.binary()),
}
_DECIMAL = re.compile(r"(?:DECIMAL|NUMERIC)(?:\((\d{1,2})(?:,(\d{1,2}))?\))?", re.ASCII)
_LARGEST = 38  # digits of decimal128


def schema_of(view: View) -> pa.Schema:
    """Return the Arrow schema of a view. Raises BadView for a tag that names no SQL type."""
    fields = []
    for column in view.columns:
        kind = _type_of(column)
        fields.append(pa.field(column.name, pa.list_(kind) if column.collection else kind))
    return pa.schema(fields)


def batch_of(view: View, rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Return rows as one batch. Raises BadRow where a value cannot become its SQL type."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(view.columns)
    arrays = [
        pa.array(_converted(values, column, field.type), field.type)
        for values, column, field in zip(columns, view.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _type_of(column: Column) -> pa.DataType:
    if not column.sql:
        return _DEFAULTS.get(column.type, pa.string())
    said = re.sub(r"\s+", " ", column.sql.upper().strip())
    plain = re.sub(r"^((?:CHARACTER|CHAR|VARCHAR|CHARACTER VARYING|TIMESTAMP|FLOAT))\(\d+\)", r"\1", said)
    if plain in _TAGS:
        return _TAGS[plain]
    if found := _DECIMAL.fullmatch(said.replace(" ", "")):
        digits, scale = int(found[1] or _LARGEST), int(found[2] or 0)
        if 1 <= digits <= _LARGEST and scale <= digits:
            return pa.decimal128(digits, scale)
    raise BadView(
        problems=[
            Problem(
                "view.sql", f"{column.place}.tag",
                f"SQL の型 {column.sql} は使えません (例: DATE、DOUBLE PRECISION、DECIMAL(18,4))。",
                f"There is no SQL type {column.sql} here; write DATE, DOUBLE PRECISION, DECIMAL(18,4) or the like.",
            )
        ]
    )  # fmt: skip


def _converted(values: Sequence[Any], column: Column, kind: pa.DataType) -> Sequence[Any]:
    inner = kind.value_type if column.collection else kind
    convert = _converter(column, inner)
    if convert is None:
        return values
    try:
        if column.collection:
            return [None if some is None else [convert(one) for one in some] for some in values]
        return [None if one is None else convert(one) for one in values]
    except (ValueError, InvalidOperation, OverflowError, binascii.Error):
        raise BadRow(
            f"列 {column.name}: 値を {column.sql or column.type} にできません。",
            f"Column {column.name}: a value cannot become {column.sql or column.type}.",
            rule="view.sql",
            place=column.place,
        ) from None


def _converter(column: Column, kind: pa.DataType) -> Callable[[Any], Any] | None:
    """Return what makes a value fit its Arrow type, None where it does already."""
    for is_kind, convert in _CONVERTERS:
        if is_kind(kind):
            return convert
    if pa.types.is_decimal(kind):
        return partial(_decimal, step=Decimal(1).scaleb(-kind.scale))
    if pa.types.is_string(kind):
        return text_of if column.type in ("decimal", "boolean") or column.type not in _TEXTS else None
    return _truth if column.type != "boolean" else None


def _whole(value: Any) -> int:
    return value if type(value) is int else int(Decimal(str(value)))


def _decimal(value: Any, *, step: Decimal) -> Decimal:
    return Decimal(str(value)).quantize(step)


def _truth(value: Any) -> bool:
    return {"true": True, "false": False}[text_of(value)]


def _date(value: Any) -> date | None:
    return None if _ROUGH.fullmatch(value) else date.fromisoformat(value[:_DAY])


def _moment(value: Any) -> datetime | None:
    if _ROUGH.fullmatch(value):
        return None
    found = datetime.fromisoformat(value.replace(":60", ":59"))  # a leap second
    return found if found.tzinfo else found.replace(tzinfo=JAPAN)


_TEXTS = frozenset(
    "string code id uri url canonical oid uuid markdown xhtml date dateTime time instant base64Binary".split()
)
_CONVERTERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]], ...] = (
    (pa.types.is_integer, _whole),
    (pa.types.is_floating, lambda value: float(text_of(value))),
    (pa.types.is_date, _date),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_binary, base64.b64decode),
)
