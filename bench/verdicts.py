"""What came of the lines that were loaded: how many of each kind were taken, and which rules refused the others.

A kind is a resource's type or, for what the sharing service got, the profile of the Bundle. The rules stand in the
file that `kakehashi load` leaves for each file with refusals, by the number of the line.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')  # the first is the line's own: it begins with it
_PROFILE = re.compile(rb'"profile"\s*:\s*\[\s*"[^"]*/([A-Za-z0-9_\-]+)"')
Key = tuple[str, str]  # a kind, a rule
_UNREADABLE = "?"
_NO_RULE = "-"


@dataclass(slots=True)
class Verdicts:
    """Lines by kind, those refused of them, and the rules that refused them.

    broken: lines by kind and rule (a line may break several); first: where a rule was first broken, in its words.
    """

    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: Counter[Key] = field(default_factory=Counter)
    first: dict[Key, str] = field(default_factory=dict)

    def add(self, path: Path, refusals: Path | None) -> None:
        """Count the lines of a file, and what its file of refusals says; None: nothing was refused."""
        said = _refusals(refusals) if refusals else {}
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                kind = kind_of(line)
                self.sent[kind] += 1
                if number in said:
                    self._refuse(kind, said[number], f"{path.parent.name}/{path.name}, line {number}")

    def _refuse(self, kind: str, problems: list[Mapping[str, str]], where: str) -> None:
        self.refused[kind] += 1
        for problem in {one["rule"] or _NO_RULE: one for one in reversed(problems)}.values():
            key = kind, problem["rule"] or _NO_RULE
            self.broken[key] += 1
            self.first.setdefault(key, f"{problem['place']}: {problem['en']} ({where})")

    @property
    def whole(self) -> bool:
        """Whether everything was taken."""
        return not self.refused

    def lines(self) -> Iterator[str]:
        """Yield the report: a line a kind, then a line for each kind and rule that refused."""
        yield f"  {'kind':<34}{'lines':>12}{'taken':>12}{'share':>10}"
        for kind, sent in sorted(self.sent.items()):
            yield _row(kind, sent, sent - self.refused[kind])
        yield _row("all", self.sent.total(), self.sent.total() - self.refused.total())
        if self.whole:
            yield "  refused: nothing"
        for (kind, rule), count in self.broken.most_common():
            yield f"  refused by {rule}: {count:,} of {kind}; first {self.first[kind, rule]}"

    def row(self) -> dict[str, object]:
        """Return it for JSON."""
        by_rule = [
            {"kind": kind, "rule": rule, "lines": count, "first": self.first[kind, rule]}
            for (kind, rule), count in self.broken.most_common()
        ]
        return {"sent": dict(self.sent), "refused": dict(self.refused), "by_rule": by_rule}


def kind_of(line: bytes) -> str:
    """Return the type of a line's resource, or the profile of a Bundle; "?" where there is neither."""
    found = _TYPE.search(line)
    if found is None:
        return _UNREADABLE
    if found[1] == b"Bundle" and (profile := _PROFILE.search(line)):
        return profile[1].decode()
    return found[1].decode()


def _refusals(path: Path) -> dict[int, list[Mapping[str, str]]]:
    with path.open("rb") as file:
        return {said["line"]: said["problems"] for said in map(orjson.loads, file)}


def _row(kind: str, sent: int, taken: int) -> str:
    return f"  {kind:<34}{sent:>12,}{taken:>12,}{taken / sent:>10.2%}"
