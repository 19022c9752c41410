"""The one error tree. A class knows its HTTP status and FHIR issue code; its problems show the way out.

A problem's text may repeat what the caller sent, so it goes to the caller only: logs take `code` and `rule`.
Source of the codes: https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and how to mend it, in Japanese and English."""

    rule: str  # stable name of the rule broken: "fhir.cardinality", "R0211", "search.value"
    place: str  # FHIRPath-like: "Bundle.entry[0].resource.name[1].family"; "" for the whole
    ja: str
    en: str
    code: str = "invalid"  # FHIR issue type
    severity: Severity = "error"
    source: str = ""  # law, guide or page that the rule comes from

    def moved(self, prefix: str) -> "Problem":
        """Return the same problem seen from a container: `prefix` replaces the leading resource type."""
        _, dot, rest = self.place.partition(".")
        place = f"{prefix}.{rest}" if dot else prefix
        return Problem(self.rule, place, self.ja, self.en, self.code, self.severity, self.source)


class Failure(Exception):
    """What a caller must be told. Subclasses fix `status` (HTTP) and `code` (FHIR issue type)."""

    status: int = 500
    code: str = "exception"
    default_ja: str = "処理中に問題が起きました。"
    default_en: str = "Something went wrong on our side."

    def __init__(
        self,
        ja: str | None = None,
        en: str | None = None,
        *,
        rule: str = "",
        place: str = "",
        problems: Sequence[Problem] = (),
    ) -> None:
        first = Problem(rule or self.code, place, ja or self.default_ja, en or self.default_en, self.code)
        self.problems: tuple[Problem, ...] = tuple(problems) or (first,)
        super().__init__(self.problems[0].en)


class Malformed(Failure):
    """The bytes are not what their media type says (broken JSON, wrong encoding, too deep)."""

    status, code = 400, "structure"


class BadRequest(Failure):
    """The request is readable, but asks for something that has no meaning here."""

    status, code = 400, "invalid"


class BadSearchValue(Failure):
    """A search value or parameter that cannot be read."""

    status, code = 400, "value"


class NotSupported(Failure):
    """Something FHIR knows that this server does not do."""

    status, code = 400, "not-supported"


class Unauthenticated(Failure):
    """Nobody is signed in, or the token is not (or no longer) good."""

    status, code = 401, "login"
    default_ja = "サインインが必要です。"
    default_en = "Please sign in."


class Refused(Failure):
    """Role, consent or window says no. Why is for the log: told here it would tell on the patient."""

    status, code = 403, "forbidden"
    default_ja = "この操作は許可されていません。"
    default_en = "This is not permitted for you."


class NotFound(Failure):
    """Nothing there, or nothing that this caller may see: the two are never told apart."""

    status, code = 404, "not-found"
    default_ja = "見つかりません。"
    default_en = "Not found."


class Gone(Failure):
    """It was deleted."""

    status, code = 410, "deleted"
    default_ja = "削除されています。"
    default_en = "This has been deleted."


class Conflict(Failure):
    """Another change came first, or the state does not allow this step."""

    status, code = 409, "conflict"


class VersionMismatch(Failure):
    """If-Match names another version than the current one."""

    status, code = 412, "conflict"


class ManyMatches(Failure):
    """A conditional operation found more than one."""

    status, code = 412, "multiple-matches"


class TooLarge(Failure):
    """More bytes than this door takes."""

    status, code = 413, "too-long"


class Invalid(Failure):
    """Well-formed, but it breaks rules; `problems` names each."""

    status, code = 422, "invalid"


class KeyReused(Failure):
    """The idempotency key was used before, with another body."""

    status, code = 422, "duplicate"


class TooCostly(Failure):
    """It would take more rows or time than one request may."""

    status, code = 422, "too-costly"


class TooMany(Failure):
    """Too many attempts; wait."""

    status, code = 429, "throttled"


class Unavailable(Failure):
    """The store, the log or the disk is not there; come again."""

    status, code = 503, "transient"
    default_ja = "一時的に利用できません。しばらくしてからやり直してください。"
    default_en = "Not available for the moment. Please try again shortly."
