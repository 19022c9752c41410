"""The authority over HTTP: what is asked, and what an absent or broken one leads to."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from kakehashi.core.errors import Unavailable
from kakehashi.core.settings import BadSetting, Settings, load_settings
from kakehashi.faces import time_authority
from kakehashi.trust.timestamps import ANSWER_BYTES


@contextmanager
def authority(status: int, answer: bytes) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that answers so, and what it was asked."""
    asked: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(
                (str(self.headers["content-type"]), self.rfile.read(int(self.headers["content-length"])))
            )
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


async def test_the_query_goes_out_as_the_standard_says_and_the_answer_comes_back() -> None:
    with authority(200, b"token") as (url, asked):
        assert await time_authority.send(url, b"query") == b"token"
    assert asked == [("application/timestamp-query", b"query")]


async def test_a_refusal_or_silence_is_unavailable() -> None:
    with authority(500, b"") as (url, _), pytest.raises(Unavailable):
        await time_authority.send(url, b"query")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(time_authority.send(url, b"query"), 30)


async def test_no_more_than_a_token_is_taken_back() -> None:
    with authority(200, bytes(ANSWER_BYTES * 4)) as (url, _):
        assert (
            len(await time_authority.send(url, b"query")) == ANSWER_BYTES + 1
        )  # more than a Stamper believes


def test_without_an_authority_nothing_is_stamped(tmp_path: Path) -> None:
    assert time_authority.stamper(Settings(home=tmp_path)) is None
    assert time_authority.stamper(Settings(home=tmp_path, tsa_url="https://tsa.example/"))


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(BadSetting, match="tsa_url"):
        load_settings(env={"KAKEHASHI_TSA_URL": "file:///etc/passwd"})
