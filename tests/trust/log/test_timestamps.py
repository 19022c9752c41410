"""Time stamps on checkpoints by a real authority of our own (openssl ts): what is believed, what not, what is due."""

import asyncio
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from cryptography import x509

from kakehashi.core.errors import Unavailable
from kakehashi.trust.checkpoints import BadCheckpoint, Signer
from kakehashi.trust.checkpoints_held import Held
from kakehashi.trust.timestamps import EVERY, OVERDUE, BadStamp, Send, Stamper, StampOverdue, roots_in

OPENSSL = shutil.which("openssl") or ""
pytestmark = pytest.mark.skipif(
    not OPENSSL, reason="needs the openssl command to play the time-stamping authority"
)
SIGNER = Signer("example.org/log", bytes(range(32)))
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[stamp]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[req]
distinguished_name = name
[name]
"""


def run(folder: Path, *words: str, given: bytes = b"") -> bytes:
    return subprocess.run([OPENSSL, *words], input=given, cwd=folder, check=True, capture_output=True).stdout


class Authority:
    """A time-stamping authority with a root of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "cnf").write_text(CONFIG.format(folder=folder), "utf-8")
        (folder / "serial").write_text("01\n", "utf-8")
        new = (
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "3650",
        )
        run(folder, *new, "-config", "cnf", "-subj", "/CN=Sample root", "-extensions", "ca", "-keyout", "ca.key",
            "-out", "ca.pem")  # fmt: skip
        run(folder, *new, "-config", "cnf", "-subj", "/CN=Sample TSA", "-extensions", "stamp", "-CA", "ca.pem",
            "-CAkey", "ca.key", "-keyout", "tsa.key", "-out", "tsa.pem")  # fmt: skip

    @property
    def root(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / "ca.pem").read_bytes())

    async def send(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        return await asyncio.to_thread(
            run, self.folder, "ts", "-reply", "-config", "cnf", "-section", "one", "-queryfile", "query",
            "-signer", "tsa.pem", "-inkey", "tsa.key",
        )  # fmt: skip

    def verifies(self, note: str, token: bytes) -> bool:
        """Ask openssl, which shares nothing with us."""
        (self.folder / "note").write_text(note, "utf-8")
        (self.folder / "token").write_bytes(token)
        words = ("ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "ca.pem")
        return (
            subprocess.run([OPENSSL, *words], cwd=self.folder, check=False, capture_output=True).returncode
            == 0
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def stamper(tmp_path: Path, authority: Authority) -> Stamper:
    """A folder with one checkpoint."""
    held = Held(tmp_path / "checkpoints")
    held.add(SIGNER.sign(7, bytes(32))[1], at=datetime.now(UTC))
    return Stamper(held, SIGNER.verifier, [authority.root], authority.send)


def asking(stamper: Stamper, send: Send) -> Stamper:
    return Stamper(stamper.held, stamper.verifier, stamper.roots, send)


def later(stamper: Stamper, after: timedelta) -> datetime:
    """A moment after the last stamp, with a checkpoint that it does not cover."""
    stamper.held.add(SIGNER.sign(9, bytes(32))[1], at=datetime.now(UTC))
    return stamper.stamps()[-1].time + after


async def down(query: bytes) -> bytes:
    raise Unavailable


async def test_a_stamp_says_when_and_verifies_without_us(stamper: Stamper, authority: Authority) -> None:
    stamp = await stamper.run(at=datetime.now(UTC))
    assert stamp and stamp.size == 7 and abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert stamper.stamps() == [stamp]
    kept = orjson.loads(stamper.file.read_bytes())
    token = b64decode(kept["token"])
    assert authority.verifies(kept["note"], token)
    assert not authority.verifies(kept["note"].replace("\n7\n", "\n8\n"), token)


async def test_one_an_hour_is_stamped_and_nothing_twice(stamper: Stamper) -> None:
    assert await stamper.run(at=datetime.now(UTC))
    assert await stamper.run(at=datetime.now(UTC) + 2 * EVERY) is None, "nothing new to stamp"
    assert await stamper.run(at=later(stamper, EVERY / 2)) is None
    stamp = await stamper.run(at=later(stamper, EVERY))
    assert stamp and stamp.size == 9 and len(stamper.stamps()) == 2


async def test_an_authority_that_nobody_trusts_proves_nothing(stamper: Stamper, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    for send, roots in ((other.send, stamper.roots), (stamper.send, [other.root]), (stamper.send, [])):
        with pytest.raises(BadStamp):
            await Stamper(stamper.held, stamper.verifier, roots, send).run(at=datetime.now(UTC))
    assert stamper.stamps() == []


async def test_an_answer_to_another_question_proves_nothing(stamper: Stamper) -> None:
    answers: list[bytes] = []

    async def remember(query: bytes) -> bytes:
        answers.append(await stamper.send(query))
        return answers[0]  # always the first answer: another nonce, later another note

    first = await asking(stamper, remember).run(at=datetime.now(UTC))
    assert first
    with pytest.raises(BadStamp):
        await asking(stamper, remember).run(at=later(stamper, EVERY))
    assert stamper.stamps() == [first]


def damaged(how: Callable[[bytes], bytes], send: Send) -> Callable[[bytes], Awaitable[bytes]]:
    async def answer(query: bytes) -> bytes:
        return how(await send(query))

    return answer


@pytest.mark.parametrize(
    "how",
    [
        lambda good: b"", lambda good: b"<html>busy</html>", lambda good: good[:-9],
        lambda good: good[:-3] + bytes([good[-3] ^ 1]) + good[-2:], lambda good: good + bytes(70_000),
    ],
)  # fmt: skip
async def test_a_broken_answer_proves_nothing_and_is_not_kept(
    stamper: Stamper, how: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(BadStamp):
        await asking(stamper, damaged(how, stamper.send)).run(at=datetime.now(UTC))
    assert not stamper.file.exists()


async def test_a_kept_stamp_that_somebody_moved_to_another_checkpoint_is_found(stamper: Stamper) -> None:
    await stamper.run(at=datetime.now(UTC))
    kept = orjson.loads(stamper.file.read_bytes())
    kept["note"] = SIGNER.sign(8, bytes(32))[1]
    stamper.file.write_bytes(orjson.dumps(kept) + b"\n")
    with pytest.raises(BadStamp):
        stamper.stamps()
    kept["note"] = Signer("example.org/log", bytes(32)).sign(7, bytes(32))[1]
    stamper.file.write_bytes(orjson.dumps(kept) + b"\n")
    with pytest.raises(BadCheckpoint):
        stamper.stamps()


async def test_an_authority_out_of_reach_is_asked_again_and_becomes_an_alarm(stamper: Stamper) -> None:
    await stamper.run(at=datetime.now(UTC))
    with pytest.raises(Unavailable):
        await asking(stamper, down).run(at=later(stamper, EVERY))
    with pytest.raises(StampOverdue):
        await asking(stamper, down).run(at=later(stamper, OVERDUE))
    assert await stamper.run(at=later(stamper, OVERDUE)), "and then it goes on"


def test_trusted_certificates_lie_in_the_home_folder(tmp_path: Path, authority: Authority) -> None:
    assert roots_in(tmp_path) == []
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "tsa.pem").write_bytes((authority.folder / "ca.pem").read_bytes())
    assert roots_in(tmp_path) == [authority.root]
    (tmp_path / "keys" / "tsa.pem").write_text("no certificate", "utf-8")
    with pytest.raises(BadStamp):
        roots_in(tmp_path)
