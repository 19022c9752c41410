"""The reply is lost after the commit, and the request is sent again with the same Idempotency-Key: one effect."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from whole_server import WholeServer, patient, transaction, value


@asynccontextmanager
async def losing_replies(server: WholeServer) -> AsyncIterator[str]:
    """Yield the base URL of a way to the server on which every request arrives and no reply comes back."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length.partition(b":")[2]))
        onward_reader, onward = await asyncio.open_connection("127.0.0.1", server.settings.port)
        onward.write(head + body)
        assert await onward_reader.readuntil(b"\r\n\r\n")  # the server has committed, and said so
        onward.close()
        writer.close()

    proxy = await asyncio.start_server(carry, "127.0.0.1", 0)
    async with proxy:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}/fhir"


async def test_a_transaction_sent_again_after_its_reply_was_lost_has_one_effect(server: WholeServer) -> None:
    name, key = f"lost-{secrets.token_hex(4)}", {"idempotency-key": secrets.token_hex(16)}
    whole = transaction([patient(name), value(f"{name}-1", name, "36.5")])
    whole["entry"].append(
        {
            "resource": value("", name, "37.1") | {"id": None},
            "request": {"method": "POST", "url": "Observation"},
        }
    )
    del whole["entry"][-1]["resource"]["id"]
    async with losing_replies(server) as base, server.client(base) as unlucky:
        with pytest.raises(httpx.RemoteProtocolError):
            await unlucky.post("", json=whole, headers=key)
    async with server.client() as client:
        again, once_more = [await client.post("", json=whole, headers=key) for _ in range(2)]
        assert again.status_code == once_more.status_code == 200
        locations = [
            [one["response"]["location"] for one in sent.json()["entry"]] for sent in (again, once_more)
        ]
        assert locations[0] == locations[1]
        assert all(one.endswith("/_history/1") for one in locations[0])
        found = (await client.get("/Observation", params={"patient": f"Patient/{name}"})).json()
        assert len(found["entry"]) == 2  # without the key the second sending would have made a third


async def test_without_a_key_the_same_request_twice_makes_two(server: WholeServer) -> None:
    name = f"twice-{secrets.token_hex(4)}"
    async with server.client() as client:
        assert (await client.post("", json=transaction([patient(name)]))).status_code == 200
        new = {key: one for key, one in value("x", name, "36.5").items() if key != "id"}
        for _ in range(2):
            assert (await client.post("/Observation", json=new)).status_code == 201
        found = (await client.get("/Observation", params={"patient": f"Patient/{name}"})).json()
        assert len(found["entry"]) == 2


async def test_the_same_key_with_another_body_is_refused_and_has_no_effect(server: WholeServer) -> None:
    name, key = f"other-{secrets.token_hex(4)}", {"idempotency-key": secrets.token_hex(16)}
    async with server.client() as client:
        assert (await client.post("", json=transaction([patient(name)]), headers=key)).status_code == 200
        other = await client.post("", json=transaction([patient(f"{name}-b")]), headers=key)
        assert other.status_code == 422
        assert (await client.get(f"/Patient/{name}-b")).status_code == 404
