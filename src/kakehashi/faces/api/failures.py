"""Refusals that only HTTP knows, and the one place that turns problems into an OperationOutcome.

Source: https://hl7.org/fhir/R4/operationoutcome.html
"""

import re
from collections.abc import Iterable, Mapping

import orjson

from kakehashi.core.errors import Failure, Problem

RULES = "urn:kakehashi:rule"  # the system of Problem.rule
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PATH = re.compile(r"[A-Z][A-Za-z]*(\.[A-Za-z].*)?|[_a-z][A-Za-z:._-]*", re.ASCII)


class NotAcceptable(Failure):
    """Another format than FHIR JSON or FHIR XML is wanted."""

    status, code = 406, "not-supported"
    default_ja = (
        "application/fhir+json か application/fhir+xml で答えます。Accept か _format を直してください。"
    )
    default_en = "Answers are application/fhir+json or application/fhir+xml; correct Accept or _format."


class NotAllowed(Failure):
    """There is such an address, but not for this method."""

    status, code = 405, "not-supported"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted(allowed))
        super().__init__(
            f"この宛先で使えるメソッドは {self.allowed} です。",
            f"Methods at this address: {self.allowed}.",
            rule="http.method",
        )


class UnsupportedMedia(Failure):
    """The body is of another media type or encoding than this address takes."""

    status, code = 415, "not-supported"


class AddressTooLong(Failure):
    """The address is longer than any search needs."""

    status, code = 414, "too-long"
    default_ja = "アドレスが長すぎます。検索は POST _search で送ってください。"
    default_en = "The address is too long; send the search as POST _search."


class HeadersTooLarge(Failure):
    """More header bytes than any request needs."""

    status, code = 431, "too-long"
    default_ja = "ヘッダーが大きすぎます。"
    default_en = "The headers are too large."


class TimedOut(Failure):
    """The body did not come in time."""

    status, code = 408, "timeout"
    default_ja = "本文が時間内に届きませんでした。"
    default_en = "The body did not arrive in time."


def outcome_of(problems: Iterable[Problem]) -> bytes:
    """Return the OperationOutcome: Japanese in details.text, English in diagnostics, the place in expression."""
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": [_issue(one) for one in problems]})


def all_well(ja: str, en: str) -> bytes:
    """Return the OperationOutcome of something that went well."""
    return outcome_of([Problem("", "", ja, en, "informational", "information")])


def _issue(problem: Problem) -> Mapping[str, object]:
    said: dict[str, object] = {"severity": problem.severity, "code": problem.code}
    details: dict[str, object] = {"text": _clean(problem.ja)}
    if problem.rule:
        details = {"coding": [{"system": RULES, "code": problem.rule}], **details}
    said["details"] = details
    en = _clean(problem.en)
    said["diagnostics"] = f"{en} [{problem.source}]" if problem.source else en
    if problem.place:
        said["expression" if _PATH.fullmatch(problem.place) else "location"] = [_clean(problem.place)]
    return said


def _clean(text: str) -> str:
    """Return a text without what no FHIR string may have: what a caller sent may be said again in it."""
    return _UNFIT.sub("\ufffd", text)
