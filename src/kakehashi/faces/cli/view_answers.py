"""What SQL found, shown in the terminal as a table, or written into a file."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow.csv
import pyarrow.parquet as pq

from kakehashi.core.errors import NotSupported
from kakehashi.engines.views.sql import Answer

SHOWN = 100  # rows in the terminal
_WIDEST = 40  # columns of the terminal that one value gets


def show(answer: Answer, say: Callable[[str], None]) -> None:
    """Print the first rows in columns, and how many there are."""
    head: list[list[str]] = []
    count = 0
    for batch in answer.batches():
        for row in batch.slice(0, max(SHOWN - count, 0)).to_pylist():
            head.append([_text(value) for value in row.values()])
        count += batch.num_rows
    names = list(answer.schema.names)
    widths = [min(_WIDEST, max(_width(one) for one in column)) for column in zip(names, *head, strict=True)]
    for line in (names, ["─" * width for width in widths], *head):
        say("  ".join(_padded(one, width) for one, width in zip(line, widths, strict=True)).rstrip())
    more = f"（はじめの {SHOWN} 行）· the first {SHOWN}" if count > SHOWN else ""
    say(f"{count:,} 行 · rows {more}".rstrip())


def write(answer: Answer, file: Path) -> int:
    """Write the rows into a file by its ending and return how many. Raises NotSupported."""
    if file.suffix not in _WRITERS:
        raise NotSupported(
            f"答えは {', '.join(_WRITERS)} のファイルに書けます。",
            f"An answer is written into a file that ends in {', '.join(_WRITERS)}.",
            rule="view.format",
            place="--to",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    try:
        count = _WRITERS[file.suffix](answer, part)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count


def _as_parquet(answer: Answer, file: Path) -> int:
    count = 0
    with pq.ParquetWriter(file, answer.schema, compression="zstd") as out:
        for batch in answer.batches():
            out.write_batch(batch)
            count += batch.num_rows
    return count


def _as_csv(answer: Answer, file: Path) -> int:
    count = 0
    with pyarrow.csv.CSVWriter(file, answer.schema) as out:
        for batch in answer.batches():
            out.write_batch(batch)
            count += batch.num_rows
    return count


def _as_lines(answer: Answer, file: Path) -> int:
    count = 0
    with file.open("wb") as out:
        for batch in answer.batches():
            out.writelines(
                orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE) for row in batch.to_pylist()
            )
            count += batch.num_rows
    return count


_WRITERS: dict[str, Callable[[Answer, Path], int]] = {
    ".parquet": _as_parquet,
    ".csv": _as_csv,
    ".ndjson": _as_lines,
}


def _text(value: object) -> str:
    if value is None:
        return ""
    text = " ".join(str(value).split())
    while _width(text) > _WIDEST:
        text = text[:-2] + "…"
    return text


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Japanese signs take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
