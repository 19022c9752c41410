"""Time stamps (RFC 3161) on checkpoints: a third party says when the log was what a checkpoint states.

A checkpoint's time is the server's own, and whoever has the signing key can sign another past; a stamp of an accredited
authority (総務省認定の時刻認証業務) cannot be had for yesterday. One checkpoint covers every entry before it, so one an
hour is stamped. Stamps lie beside the held checkpoints, in `timestamps.ndjson`: {"at", "note", "token"}, the token
base64 as the authority answered. Without us: `openssl ts -verify -data NOTE -in TOKEN -CAfile ROOTS`.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from kakehashi.core.clock import fhir_instant
from kakehashi.core.errors import Failure
from kakehashi.trust.checkpoints import Verifier
from kakehashi.trust.checkpoints_held import Held

EVERY = timedelta(hours=1)
OVERDUE = timedelta(hours=4)  # X-Road's figure
ANSWER_BYTES = 64_000  # a token with its certificates is 3 to 8 kB

Send = Callable[[bytes], Awaitable[bytes]]
"""Sends a request (application/timestamp-query) to the authority and returns its answer."""


class BadStamp(Failure):
    """An answer or a kept stamp that does not prove what it should."""

    status, code = 502, "security"
    default_ja = (
        "タイムスタンプを検証できません。認証局のアドレスと信頼する証明書 (keys/tsa.pem) を確認してください。"
    )
    default_en = (
        "The time stamp does not verify. Check the authority's address and what is trusted (keys/tsa.pem)."
    )


class StampOverdue(Failure):
    """There are checkpoints, and none was stamped for hours."""

    status, code = 503, "timeout"
    default_ja = (
        "チェックポイントに4時間以上タイムスタンプがありません。時刻認証局への接続を確認してください。"
    )
    default_en = "No checkpoint was time-stamped for four hours. Check the connection to the authority."


@dataclass(frozen=True, slots=True)
class Stamp:
    """That the log had `size` entries with the root its note states, at `time` by the authority's clock."""

    time: datetime
    size: int
    note: str


@dataclass(frozen=True, slots=True)
class Stamper:
    """Stamps the checkpoints held in one folder. `roots`: the authority's certificates that are trusted."""

    held: Held
    verifier: Verifier
    roots: Sequence[x509.Certificate]
    send: Send

    @property
    def file(self) -> Path:
        """The stamps."""
        return self.held.folder / "timestamps.ndjson"

    async def run(self, *, at: datetime) -> Stamp | None:
        """Stamp the newest checkpoint when one is due, and return its stamp.

        Raises BadStamp for an answer that proves nothing, Unavailable from `send`, StampOverdue instead of either once
        nothing was stamped for hours.
        """
        note = self.held.last_note()
        last = self.stamps()[-1:]
        if note is None or (last and (last[0].note == note or at - last[0].time < EVERY)):
            return None
        try:
            return await self._stamped(note, at)
        except Failure as failure:
            if last and at - last[0].time >= OVERDUE:
                raise StampOverdue from failure
            raise

    def stamps(self) -> list[Stamp]:
        """Return every stamp kept, in order. Raises BadStamp for one that does not verify, BadCheckpoint."""
        if not self.file.exists():
            return []
        lines = [orjson.loads(line) for line in self.file.read_bytes().split(b"\n")[:-1] if line]
        return [self._read(line["note"], b64decode(line["token"]), None) for line in lines]

    async def _stamped(self, note: str, at: datetime) -> Stamp:
        request = TimestampRequestBuilder().data(note.encode()).hash_algorithm(HashAlgorithm.SHA512).build()
        token = await self.send(request.as_bytes())
        stamp = self._read(note, token, request.nonce)
        line = (
            orjson.dumps({"at": fhir_instant(at), "note": note, "token": b64encode(token).decode()}) + b"\n"
        )
        with self.file.open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return stamp

    def _read(self, note: str, token: bytes, nonce: int | None) -> Stamp:
        checkpoint = self.verifier.open(note)
        if len(token) > ANSWER_BYTES:
            raise BadStamp
        try:
            answer = decode_timestamp_response(token)
            self._require(answer, note, nonce)
        except (ValueError, VerificationError):
            raise BadStamp from None
        return Stamp(answer.tst_info.gen_time, checkpoint.size, note)

    def _require(self, answer: TimeStampResponse, note: str, nonce: int | None) -> None:
        builder = VerifierBuilder() if nonce is None else VerifierBuilder().nonce(nonce)
        for root in self.roots:
            builder = builder.add_root_certificate(root)
        if not builder.build().verify_message(answer, note.encode()):
            raise BadStamp


def roots_in(home: Path) -> list[x509.Certificate]:
    """Return the authority's trusted certificates, in `home/keys/tsa.pem`; [] without that file. Raises BadStamp."""
    file = home / "keys" / "tsa.pem"
    try:
        return x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else []
    except ValueError:
        raise BadStamp from None
