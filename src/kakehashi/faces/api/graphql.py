"""`$graphql`, imported when somebody first asks for it.

graphql-core and the schema take a worker 45 MB and a second, which most never need.
"""

import asyncio

from kakehashi.faces.api.answer import Answer
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.route import Handler


async def run(call: Call) -> Answer:
    """GET or POST [base]/$graphql, [base]/[type]/[id]/$graphql: see graphql_run.py."""
    if not _LOADED:
        _LOADED.append(await asyncio.to_thread(_handler))
    return await _LOADED[0](call)


_LOADED: list[Handler] = []


def _handler() -> Handler:
    from kakehashi.faces.api import graphql_run

    return graphql_run.run
