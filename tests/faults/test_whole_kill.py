"""kill -9 of the server and of PostgreSQL under writes through /fhir: nothing confirmed is lost, no half is seen."""

import asyncio
import random

from whole_server import ROUNDS, WholeServer, Writers, require_whole


async def test_the_server_killed_under_writes_starts_again_with_all_it_confirmed(server: WholeServer) -> None:
    writers = Writers(server, "killed")
    for _ in range(ROUNDS):
        await writers.until(12)
        await asyncio.sleep(random.uniform(0, 0.1))
        server.kill()
        await asyncio.to_thread(server.start)
    await writers.until(3)
    await writers.end()
    await require_whole(server, writers)


async def test_postgresql_killed_under_writes_loses_nothing_and_the_server_comes_back_by_itself(
    server: WholeServer,
) -> None:
    assert server.process is not None
    before = server.process.pid
    writers = Writers(server, "orphaned")
    for _ in range(ROUNDS):
        await writers.until(12)
        await asyncio.sleep(random.uniform(0, 0.1))
        server.kill_database()
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.start_database)
    await writers.until(3)
    await writers.end()
    await require_whole(server, writers)
    assert server.process.pid == before
    assert server.process.poll() is None


async def test_both_killed_at_once_as_by_a_power_cut(server: WholeServer) -> None:
    writers = Writers(server, "dark")
    await writers.until(6)
    server.kill()
    server.kill_database()
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(server.start_database)  # this test's own hold on it
    await writers.until(3)
    await writers.end()
    await require_whole(server, writers)


async def test_while_postgresql_is_away_the_answer_is_to_come_again(server: WholeServer) -> None:
    server.kill_database()
    async with server.client() as client:
        away = await client.get("/Patient/nobody")
        assert away.status_code == 503
        assert away.json()["resourceType"] == "OperationOutcome"
        await asyncio.to_thread(server.start_database)
        assert (await client.get("/Patient/nobody")).status_code in (404, 503)
        await asyncio.to_thread(server.wait_ready)
        assert (await client.get("/Patient/nobody")).status_code == 404
