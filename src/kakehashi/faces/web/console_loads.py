"""What the load command has left in `<home>/loads`: how far each file came, and what was refused. Reads files only."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

# `<name>-<digest>.<share>-of-<shares>.json`, written by the load command; refusals: `<name>-<digest>-refused.ndjson`.
_SHARE = re.compile(r"(?P<file>.+)-(?P<digest>[0-9a-f]{16})(?:\.\d+-of-\d+)?\.json")
_MOST_LINES = 2_000  # refusals read from one file


@dataclass(frozen=True, slots=True)
class Load:
    """One loaded file. `key` names it in addresses."""

    key: str
    file: str
    at: datetime
    stored: int
    refused: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused line of a file, and the first of its problems."""

    line: int
    rule: str
    place: str
    ja: str
    en: str
    source: str


def loads(home: Path) -> list[Load]:
    """Return the files that were loaded, newest first."""
    found: dict[str, list[tuple[datetime, int, int]]] = {}
    names: dict[str, str] = {}
    for path in (home / "loads").glob("*.json"):
        named = _SHARE.fullmatch(path.name)
        if named is None:
            continue
        said = orjson.loads(path.read_bytes())
        names[named["digest"]] = named["file"]
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        found.setdefault(named["digest"], []).append((at, said["stored"], said["refused"]))
    made = [
        Load(
            key,
            names[key],
            max(at for at, _, _ in shares),
            sum(stored for _, stored, _ in shares),
            sum(refused for _, _, refused in shares),
        )
        for key, shares in found.items()
    ]
    return sorted(made, key=lambda one: one.at, reverse=True)


def refusals(home: Path, key: str) -> tuple[list[Refused], Counter[str]]:
    """Return refused lines of the file with this key (at most 2,000), and how often each rule was broken."""
    found: list[Refused] = []
    rules: Counter[str] = Counter()
    for path in (home / "loads").glob("*-refused.ndjson"):
        if not path.name.endswith(f"-{key}-refused.ndjson") or len(key) != 16:
            continue
        with path.open("rb") as file:
            for _, line in zip(range(_MOST_LINES), file, strict=False):
                said = orjson.loads(line)
                rules.update(problem["rule"] for problem in said["problems"])
                found += [
                    Refused(
                        said["line"],
                        *(str(one.get(name, "")) for name in ("rule", "place", "ja", "en", "source")),
                    )
                    for one in said["problems"][:1]
                ]
    return found, rules
