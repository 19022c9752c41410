"""SQL over tables: it may ask of them what it likes, and of everything else nothing."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kakehashi.engines.views import sql
from kakehashi.engines.views.sql import BadSql, Tables

SECRET = "nobody else's business"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Tables]:
    (tmp_path / "secret.csv").write_text(f"a\n{SECRET}\n", "utf-8")
    pq.write_table(pa.table({"a": [SECRET]}), tmp_path / "other.parquet")
    with sql.tables() as tables:
        for name, rows in (
            ("labs", {"who": ["p", "q"], "value": [1.5, 2.5]}),
            ("who", {"who": ["p"], "家": ["見本"]}),
        ):
            pq.write_table(pa.table(rows), tables.folder / f"{name}.parquet")
            tables.lend(name, tables.folder / f"{name}.parquet")
        tables.shut()
        yield tables


def rows(tables: Tables, text: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for batch in tables.ask(text).batches() for row in batch.to_pylist()]


def test_tables_can_be_joined_and_counted(asked: Tables) -> None:
    assert rows(asked, "SELECT 家, value FROM labs JOIN who USING (who)") == [("見本", 1.5)]
    assert rows(asked, "WITH x AS (SELECT sum(value) s FROM labs) SELECT s FROM x;") == [(4.0,)]


def test_a_day_is_a_day_in_japan(asked: Tables) -> None:
    [(day,)] = rows(asked, "SELECT TIMESTAMPTZ '2026-05-19T20:00:00Z'::DATE::VARCHAR")
    assert day == "2026-05-20"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM '{folder}/secret.csv'",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SELECT * FROM read_parquet('{folder}/other.parquet')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "COPY labs TO '{folder}/out.csv'",
        "ATTACH '{folder}/out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "DROP TABLE labs",
        "CREATE TABLE x AS SELECT 1",
        "SELECT 1; SELECT 2",
        "PRAGMA database_list",
        "",
        "SELECT",
        "SELECT * FROM asked",
        "SELECT getenv('HOME')",
    ],
)
def test_nothing_else_can_be_reached(asked: Tables, tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSql) as refused:
        rows(asked, text.format(folder=tmp_path))
    assert SECRET not in str(refused.value)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other.parquet", "secret.csv"]


def test_what_goes_wrong_on_the_way_is_told_too(asked: Tables) -> None:
    with pytest.raises(BadSql):
        rows(asked, "SELECT who::INTEGER FROM labs")


def test_the_folder_is_for_this_user_and_gone_afterwards() -> None:
    with sql.tables() as tables:
        folder = tables.folder
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


@pytest.mark.parametrize("name", ["", "a b", 'a"b', "表", "1a"])
def test_a_table_has_a_plain_name(name: str, tmp_path: Path) -> None:
    with sql.tables() as tables, pytest.raises(BadSql):
        tables.lend(name, tmp_path / "x.parquet")


def test_only_the_tables_that_sql_names_are_made() -> None:
    known = ["labs", "who", "other"]
    assert sql.named_in('select * from LABS l join "who" using (who)', known) == ["labs", "who"]
