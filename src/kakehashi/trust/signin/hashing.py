"""Password hashing off the event loop, on two threads: many sign-ins at once wait, and others are served."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from kakehashi.trust.signin import passwords

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


async def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, passwords.hashed, password)


async def matches(password: str, kept: str | None) -> bool:
    """Say whether a password is the one hashed; None takes as long and is False."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, passwords.matches, password, kept)
