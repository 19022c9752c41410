"""Password hashing off the event loop, on two threads: many sign-ins at once wait, and others are served."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from kakehashi.trust.signin import passwords


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


# A server's workers are forks: the parent's threads do not live in them, and work given to those would wait for ever.
os.register_at_fork(after_in_child=_threads.cache_clear)


async def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), passwords.hashed, password)


async def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the one hashed; None takes as long and is False."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), passwords.matches, password, kept)
