"""Names and contents of the files that a vendor's program and this service pass each other. Pure.

The ministry's 外部インターフェイス仕様書 is not public, so this contract is our own; it follows the shape of the
public one of オンライン資格確認 (request and result folders, `…req_…`, `…res_…`):

    request   C1req_<institution, 10 digits>_<YYYYMMDDhhmmss>_<1 to 36 of A-Z a-z 0-9 ->.json
    result    C1res_<the same>.json   and   C1res_<the same>.csv

A request holds one Bundle (UTF-8 JSON). A sender writes under another name (`….tmp`) and renames when complete.
What is asked for stands in the Bundle (submission.py), not in the name.
"""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import Problem
from kakehashi.terms import japan

REQUEST, RESULT = "C1req_", "C1res_"

_NAME: Final = re.compile(
    rf"C1req_(?P<institution>{japan.INSTITUTION_FORM})_(?P<moment>[0-9]{{14}})_(?P<serial>[A-Za-z0-9\-]{{1,36}})\.json",
    re.ASCII,
)
COLUMNS: Final = ("ファイル名", "結果", "番号", "重さ", "規則", "場所", "内容", "message")


@dataclass(frozen=True, slots=True)
class RequestName:
    """A request file, as its name tells it."""

    name: str
    institution: str
    moment: str  # YYYYMMDDhhmmss, as the sender's clock had it
    serial: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one request. `stored`: ids of the rows kept, none when refused."""

    accepted: bool
    problems: tuple[Problem, ...] = ()
    operation: str = ""
    stored: tuple[str, ...] = ()


def read_name(name: str) -> RequestName | Problem:
    """Return what a file name says, or the rule that it breaks; the problem does not repeat the name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return Problem(
            "C1.file.name", "",
            "ファイル名は C1req_医療機関10桁_年月日時分秒14桁_36字以内の英数字とハイフン.json としてください。",
            "Name the file C1req_<10-digit institution>_<YYYYMMDDhhmmss>_<up to 36 letters, digits, hyphens>.json.",
            "value", source="docs: 電文ファイルの約束 (架け橋)",
        )  # fmt: skip
    return RequestName(name, found["institution"], found["moment"], found["serial"])


def is_request(name: str) -> bool:
    """Say whether a file in the request folder is complete and meant for us; all else is left alone."""
    return name.startswith(REQUEST) and name.endswith(".json")


def result_name(request: str, suffix: str) -> str:
    """Return the name of the result file: `suffix` is "json" or "csv"."""
    return f"{RESULT}{request.removeprefix(REQUEST).removesuffix('.json')}.{suffix}"


def idempotency_key(name: str, body: bytes) -> str:
    """Return the key under which a file is submitted, so that a second try has one effect."""
    return f"file:{name}:{hashlib.sha256(body).hexdigest()}"


def result_json(request: str, verdict: Verdict, *, at: datetime) -> bytes:
    """Return the result as JSON: accepted or refused, and each problem with rule, place and mend."""
    return orjson.dumps(
        {
            "request": request,
            "result": "accepted" if verdict.accepted else "refused",
            "operation": verdict.operation,
            "processed": fhir_instant(at),
            "stored": list(verdict.stored),
            "problems": [
                {
                    "severity": problem.severity,
                    "rule": problem.rule,
                    "place": problem.place,
                    "ja": problem.ja,
                    "en": problem.en,
                    "source": problem.source,
                }
                for problem in verdict.problems
            ],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def result_csv(request: str, verdict: Verdict) -> bytes:
    """Return the result as CSV (RFC 4180, UTF-8 with BOM): a heading, then one line a problem, or one without."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    result = "受付" if verdict.accepted else "拒否"
    for line in _lines(verdict.problems):
        writer.writerow((request, result, *line))
    return out.getvalue().encode("utf-8-sig")


def _lines(problems: Sequence[Problem]) -> list[tuple[str, ...]]:
    if not problems:
        return [("", "", "", "", "", "")]
    return [
        (str(number), problem.severity, problem.rule, problem.place, problem.ja, problem.en)
        for number, problem in enumerate(problems, 1)
    ]
