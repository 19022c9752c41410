"""What goes back over the wire: status, headers, bytes; and the headers that every FHIR answer has."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path

from kakehashi.core.errors import Failure
from kakehashi.faces.api.failures import NotAllowed, outcome_of
from kakehashi.trust.oauth.failures import InvalidToken

FHIR = b"application/fhir+json; charset=utf-8"
JSON = b"application/json"
Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Answer:
    """One answer. `media` b"": no body and no content type."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: list[Header] = field(default_factory=list)
    media: bytes = FHIR
    file: Path | None = None  # sent instead of `body`, as it is read
    length: int = 0  # bytes of the file

    def raw_headers(self) -> list[Header]:
        """Return the headers to send. Records of persons are kept by no cache and sniffed by no browser."""
        own = [
            (b"content-length", b"%d" % (self.length if self.file else len(self.body))),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if (self.body or self.file) and self.media:
            own.append((b"content-type", self.media))
        return own + self.headers


def version_headers(version: int, changed_at: datetime) -> list[Header]:
    """Return ETag and Last-Modified of one version."""
    return [(b"etag", etag(version).encode()), (b"last-modified", http_date(changed_at))]


def etag(version: int) -> str:
    """Return the weak ETag of a version: `W/"3"`."""
    return f'W/"{version}"'


def http_date(at: datetime) -> bytes:
    """Return a moment in UTC as HTTP writes it."""
    return _http_date(int(at.timestamp()))


@lru_cache(maxsize=4096)
def _http_date(second: int) -> bytes:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True).encode()


def of_failure(failure: Failure) -> Answer:
    """Return the answer that a failure is: its status, and its problems as an OperationOutcome."""
    headers: list[Header] = []
    if failure.status == 401:
        error = b', error="invalid_token"' if isinstance(failure, InvalidToken) else b""
        headers.append((b"www-authenticate", b'Bearer realm="kakehashi"' + error))
    if isinstance(failure, NotAllowed):
        headers.append((b"allow", failure.allowed.encode()))
    if failure.status in (429, 503):
        headers.append((b"retry-after", b"5"))
    return Answer(failure.status, outcome_of(failure.problems), headers)
