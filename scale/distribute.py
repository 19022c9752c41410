"""Turn a migrated, empty installation into one that is distributed by person over Citus's workers (docs/scale.md).

python -m scale.distribute postgresql://owner@coordinator/kakehashi
"""

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import asyncpg

# The same on every node: what a person is found by, and what shards join with.
REFERENCE = (
    "institution", "person", "person_identifier", "person_link", "person_description", "person_merge",
    "person_suspension", "person_candidate", "terminology",
)  # fmt: skip
# By the hash of the person's key; rows of one person are on one worker, whatever the table.
BY_PERSON = (
    "resource", "resource_version", "removal", "legal_hold", "consent", "withholding", "disclosure_stop",
    "referral_grant", "emergency_opening", "proxy_grant",
)  # fmt: skip
SHARDS = 128
_PARTS = Path(__file__).with_name("distribute.sql").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Node:
    """A worker, as the coordinator reaches it."""

    host: str
    port: int


def parts() -> dict[str, str]:
    """Return the statements of distribute.sql by name."""
    named = re.split(r"^-- (\w+) --$", _PARTS, flags=re.MULTILINE)[1:]
    return dict(zip(named[::2], named[1::2], strict=True))


async def distribute(coordinator: str, workers: dict[Node, str], *, shards: int = SHARDS) -> None:
    """Distribute. `workers`: each with the owner's URL of the database there. Raises asyncpg.PostgresError."""
    sql = parts()
    db = await asyncpg.connect(coordinator, server_settings={"citus.enable_ddl_propagation": "off"})
    try:
        await db.execute(sql["walls"])
        await db.execute(sql["plans"])
        types, functions = await db.fetch(sql["types"]), await db.fetch(sql["functions"])
        for url in workers.values():
            await _prepared(url, [one["made"] for one in (*types, *functions)])
        for node in workers:
            await db.execute(f"SELECT citus_add_node('{node.host}', {node.port:d})")
        for catalog, found in (("pg_type", types), ("pg_proc", functions)):
            for one in found:
                await db.execute(sql["known"], catalog, one["oid"])
        await db.execute("SET citus.enable_ddl_propagation = on")
        for table in REFERENCE:
            await db.execute(f"SELECT create_reference_table('{table}')")
        await db.execute(f"SELECT create_distributed_table('resource', 'person', shard_count => {shards:d})")
        for table in BY_PERSON[1:]:
            await db.execute(
                f"SELECT create_distributed_table('{table}', 'person', colocate_with => 'resource')"
            )
    finally:
        await db.close()


async def _prepared(url: str, objects: list[str]) -> None:
    """Make on a worker what Citus does not bring there by itself."""
    worker = await asyncpg.connect(url, server_settings={"citus.enable_ddl_propagation": "off"})
    try:
        await worker.execute("SET check_function_bodies = off; GRANT USAGE ON SCHEMA public TO kakehashi_app")
        for one in objects:
            await worker.execute(one)
    finally:
        await worker.close()


async def _told(url: str) -> None:
    db = await asyncpg.connect(url)
    rows = await db.fetch("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 ORDER BY groupid")
    await db.close()
    nodes = {Node(row["nodename"], row["nodeport"]) for row in rows}
    await distribute(url, {one: re.sub(r"@[^/]*/", f"@{one.host}:{one.port}/", url) for one in nodes})


if __name__ == "__main__":
    asyncio.run(_told(sys.argv[1]))
