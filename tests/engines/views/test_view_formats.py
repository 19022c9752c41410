"""Rows as files: every format says what FHIR said, in the types that were asked for."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kakehashi.core.errors import NotSupported
from kakehashi.engines.views.bodies import decoded
from kakehashi.engines.views.formats import Format, encoded, writer
from kakehashi.engines.views.tables import schema_of
from kakehashi.fhir.views.columns import BadRow, BadView
from kakehashi.fhir.views.compiling import compile_view
from kakehashi.fhir.views.running import View

LAB = (
    b'{"resourceType":"Observation","id":"o1","status":"final","issued":"2026-05-19T15:00:00.5+09:00",'
    b'"effectiveDateTime":"2026-05-19","code":{"text":"\xe8\xa1\x80\xe7\xb3\x96, \\"GLU\\""},'
    b'"valueQuantity":{"value":5.40},"note":[{"text":"a"},{"text":"b"}]}'
)
BARE = b'{"resourceType":"Observation","id":"o2","status":"final","effectiveDateTime":"2026-05"}'


def column(name: str, path: str, sql: str = "", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        **({"tag": [{"name": "ansi/type", "value": sql}]} if sql else {}),
        **more,
    }


VALUE, TIME = "value.ofType(Quantity).value", "effective.ofType(dateTime)"
COLUMNS = [
    column("id", "id"),
    column("item", "code.text"),
    column("value", VALUE),
    column("number", VALUE, "DOUBLE PRECISION"),
    column("exact", VALUE, "decimal(9, 3)"),
    column("day", TIME, "DATE"),
    column("moment", TIME, "TIMESTAMP WITH TIME ZONE"),
    column("issued", "issued"),
    column("coded", "code.exists()"),
    column("place", "%rowIndex"),
    column("notes", "note.text", collection=True),
]


def view_of(*columns: dict[str, Any]) -> View:
    return compile_view({"resource": "Observation", "select": [{"column": list(columns)}]})


def file_of(form: Format, view: View, *bodies: bytes) -> bytes:
    """The file that two parts make: one for each resource."""
    file = io.BytesIO()
    out = writer(form, view, file)
    for body in bodies:
        out.append(encoded(form, view, view.rows(decoded(body))))
    out.close()
    return file.getvalue()


def test_json_and_its_lines_keep_the_digits_of_decimals() -> None:
    view = view_of(*COLUMNS)
    lines = file_of(Format.NDJSON, view, LAB, BARE).splitlines()
    assert b'"value":5.40,' in lines[0] and b'"value":null' in lines[1]
    assert orjson.loads(lines[0])["notes"] == ["a", "b"]
    assert orjson.loads(file_of(Format.JSON, view, LAB, BARE)) == [orjson.loads(one) for one in lines]
    assert orjson.loads(file_of(Format.JSON, view)) == []


def test_csv_has_a_head_and_cells_as_written() -> None:
    [head, first, second] = list(
        csv.reader(io.StringIO(file_of(Format.CSV, view_of(*COLUMNS), LAB, BARE).decode()))
    )
    assert head == [one["name"] for one in COLUMNS]
    assert first[:4] == ["o1", '血糖, "GLU"', "5.40", "5.40"]
    assert first[-3:] == ["true", "0", '["a","b"]']
    assert second[2:5] == ["", "", ""] and second[-1] == "[]"


def test_parquet_and_arrow_have_the_types_that_were_asked_for() -> None:
    view = view_of(*COLUMNS)
    table = pq.read_table(io.BytesIO(file_of(Format.PARQUET, view, LAB, BARE)))
    with pa.ipc.open_stream(file_of(Format.ARROW, view, LAB, BARE)) as stream:
        assert stream.read_all() == table
    assert table.schema == schema_of(view)
    first, second = table.to_pylist()
    assert first == {
        "id": "o1", "item": '血糖, "GLU"', "value": "5.40", "number": 5.4, "exact": Decimal("5.400"),
        "day": date(2026, 5, 19), "moment": datetime(2026, 5, 18, 15, tzinfo=UTC),
        "issued": datetime(2026, 5, 19, 6, 0, 0, 500_000, tzinfo=UTC), "coded": True, "place": 0, "notes": ["a", "b"],
    }  # fmt: skip
    assert (second["day"], second["moment"], second["value"], second["notes"]) == (None, None, None, [])


def test_a_view_without_rows_is_a_table_with_its_columns() -> None:
    empty = pq.read_table(io.BytesIO(file_of(Format.PARQUET, view_of(*COLUMNS))))
    assert (empty.num_rows, empty.column_names) == (0, [one["name"] for one in COLUMNS])


@pytest.mark.parametrize(
    ("sql", "path", "kind"),
    [
        ("BIGINT", "%rowIndex", pa.int64()),
        ("varchar(20)", "status", pa.string()),
        ("REAL", VALUE, pa.float32()),
        ("NUMERIC", VALUE, pa.decimal128(38, 0)),
        ("character  varying", VALUE, pa.string()),
        ("TIMESTAMP(6)", TIME, pa.timestamp("us", tz="UTC")),
        ("BINARY", "value.ofType(base64Binary)", pa.binary()),
        ("BOOLEAN", "code.exists()", pa.bool_()),
    ],
)
def test_the_sql_type_of_a_tag_is_the_columns_type(sql: str, path: str, kind: pa.DataType) -> None:
    assert schema_of(view_of(column("a", path, sql))).field("a").type == kind


@pytest.mark.parametrize("sql", ["MONEY", "DECIMAL(99,2)", "DECIMAL(4,9)", "'; DROP"])
def test_a_tag_that_names_no_type_is_a_mistake(sql: str) -> None:
    with pytest.raises(BadView) as refused:
        schema_of(view_of(column("a", "status", sql)))
    assert refused.value.problems[0].place == "ViewDefinition.select[0].column[0].tag"


@pytest.mark.parametrize(
    ("sql", "path"), [("INTEGER", "status"), ("DATE", "code.text"), ("DECIMAL(2,1)", "status")]
)
def test_a_value_that_cannot_become_its_type_is_refused(sql: str, path: str) -> None:
    with pytest.raises(BadRow) as refused:
        file_of(Format.PARQUET, view_of(column("a", path, sql)), LAB)
    assert refused.value.problems[0].rule == "view.sql"


def test_a_large_table_is_written_in_row_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kakehashi.engines.views.formats.GROUP", 4)
    view = view_of(column("id", "id"))
    file = pq.ParquetFile(io.BytesIO(file_of(Format.PARQUET, view, *[LAB] * 10)))
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [4, 4, 2]


def test_an_unknown_format_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NotSupported) as refused:
        Format.named("xlsx", place="_format")
    assert "parquet" in refused.value.problems[0].en
