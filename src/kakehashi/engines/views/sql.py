"""SQL over views, on DuckDB: each table a Parquet file, made for the question in a folder of its own, or there before.

The SQL may come from anybody: it is one SELECT, it reaches these files and nothing else (no other file, no network, no
extension, no setting). The folder is for this user alone and gone afterwards. A day is a day in Japan.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from kakehashi.core.errors import BadRequest, TooCostly

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_SHUT = (
    "SET TimeZone = 'Asia/Tokyo'",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


class BadSql(BadRequest):
    """SQL that cannot be run here."""


class Tables:
    """Tables by name, which can be asked once they are shut. `folder`: where Parquet files may be made for them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection, self.folder = connection, folder
        self._files: list[str] = []

    def lend(self, name: str, parquet: Path) -> None:
        """Name a Parquet file as a table; it is read where it lies."""
        place = str(parquet.resolve()).replace("'", "''")
        self._connection.execute(
            f"CREATE VIEW {_quoted(name)} AS SELECT * FROM read_parquet('{place}')"  # noqa: S608 - both quoted
        )
        self._files.append(f"'{place}'")

    def shut(self) -> None:
        """Shut everything out but the tables. Whoever gives the SQL may be anybody from here on."""
        self._connection.execute(f"SET allowed_paths = [{', '.join(self._files)}]")
        for one in _SHUT:
            self._connection.execute(one)

    def ask(self, sql: str) -> "Answer":
        """Return what a SELECT finds. Raises BadSql, TooCostly."""
        try:
            statements = self._connection.extract_statements(sql)
            if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
                raise _not_one_select()
            return Answer(self._connection.sql(statements[0]).to_arrow_reader())
        except duckdb.Error as error:
            raise _told(str(error)) from None


class Answer:
    """What a SELECT finds, in batches as they are made; to be taken once, while the tables are there."""

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._reader = reader
        self.schema: pa.Schema = reader.schema

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows. Raises BadSql, TooCostly for what goes wrong only on the way (a cast, a lack of memory)."""
        try:
            yield from self._reader
        except (duckdb.Error, pa.ArrowException) as error:
            raise _told(str(error)) from None


@contextmanager
def tables() -> Iterator[Tables]:
    """Yield empty tables; they are gone on leaving."""
    with tempfile.TemporaryDirectory(prefix="kakehashi-views-") as folder:
        connection = duckdb.connect(str(Path(folder) / "views.duckdb"))
        try:
            yield Tables(connection, Path(folder))
        finally:
            connection.close()


def named_in(sql: str, known: Iterable[str]) -> list[str]:
    """Return those of the known tables that SQL seems to speak of, so that no other has to be made."""
    words = {word.lower() for word in re.findall(r"[A-Za-z0-9_]+", sql, re.ASCII)}
    return [name for name in known if name.lower() in words]


def is_name(text: str) -> bool:
    """Say whether a text can be a table's name."""
    return _NAME.fullmatch(text) is not None


def _quoted(name: str) -> str:
    if not is_name(name):
        raise BadSql(
            f"「{name}」は表の名前にできません。半角英数字と _ を使ってください。",
            f"'{name}' cannot name a table; use ASCII letters, digits and _.",
            rule="view.name",
        )
    return f'"{name}"'


def _not_one_select() -> BadSql:
    return BadSql(
        "SELECT 文を 1 つだけ書いてください。", "Write one SELECT and nothing else.", rule="view.sql.select"
    )


def _told(said: str) -> BadSql | TooCostly:
    text = said.strip()
    if "Out of Memory" in text:
        return TooCostly(
            "メモリーが足りません。", "There is not enough memory for this.", rule="view.sql.memory"
        )
    return BadSql(f"この SQL は実行できません: {text}", f"This SQL cannot be run: {text}", rule="view.sql")
