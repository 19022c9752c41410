"""Make a dictionary: `python -m kakehashi.store.compression_training NUMBER FOLDER…` (NDJSON of synthetic people).

What could speak of a person never reaches the training: only member names, URLs, codes and their official
display texts, and a few plain words stay; ids, names, dates, numbers and free text are emptied first.
"""

import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import zstandard

from kakehashi.fhir.served import served

SIZE = 64 * 1024  # bytes; 112 kB saves under 1 % more
_EACH_TYPE = 1500  # samples of a resource type, so that laboratory results do not drown the others
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_PLAIN = {"system", "code", "unit", "status", "use", "url", "mode", "type", "intent", "resourceType"}
_OFFICIAL_TEXT = re.compile(r"[^\d]{1,60}")
_OFFICIAL = re.compile(r"(https?://|urn:oid:)[!-~]{1,120}")
_CODE = re.compile(r"[A-Za-z][A-Za-z\-]{0,30}|[A-Za-z0-9.\-]{1,12}")


def cleaned(value: object, name: str = "", inside: str = "") -> object:
    """Return JSON with everything emptied that is not structure, an official URL, a code or its display text."""
    if isinstance(value, dict):
        return {key: cleaned(item, key, name) for key, item in value.items() if key != "div"}
    if isinstance(value, list):
        return [cleaned(item, name, inside) for item in value[:4]]
    if isinstance(value, str):
        return value if _stays(value, name, inside) else _stub(value)
    return value if isinstance(value, bool) or value is None else 0


def samples(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield cleaned resources in the served form."""
    for turn, line in enumerate(lines):
        separators = (
            (",", ":") if turn % 2 else (", ", ": ")
        )  # senders write either way, and their bytes are kept
        body = json.dumps(cleaned(orjson.loads(line)), ensure_ascii=False, separators=separators).encode()
        yield served(body, id="", version=1, changed_at=_SOME_DAY)[:4096]


def train(number: int, folders: list[Path]) -> bytes:
    """Return a dictionary trained on the NDJSON files of these folders."""
    chosen: list[bytes | bytearray | memoryview] = []
    for file in sorted(path for folder in folders for path in folder.glob("*.ndjson")):
        lines = file.read_bytes().splitlines()
        random.Random(number).shuffle(lines)  # noqa: S311 - which samples, not a secret
        chosen += samples(lines[:_EACH_TYPE])
    return zstandard.train_dictionary(SIZE, chosen, dict_id=number, level=3).as_bytes()


def _stays(value: str, name: str, inside: str) -> bool:
    if _OFFICIAL.fullmatch(value):
        return name != "value"
    if name == "display":
        return inside == "coding" and bool(_OFFICIAL_TEXT.fullmatch(value))
    return name in _PLAIN and bool(_CODE.fullmatch(value))


def _stub(value: str) -> str:
    """Return what is left of a text: the kind of a reference, else nothing."""
    kind, slash, _ = value.partition("/")
    return kind + slash if slash and kind.isalpha() else ""


def main(arguments: list[str]) -> None:
    """Write `dictionaries/<number>.zdict` beside this module."""
    number, *folders = arguments
    target = Path(__file__).parent / "dictionaries" / f"{number}.zdict"
    target.write_bytes(train(int(number), [Path(folder) for folder in folders]))


if __name__ == "__main__":
    main(sys.argv[1:])
