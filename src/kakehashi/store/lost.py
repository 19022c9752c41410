"""What it means that the database is out of reach, or that another change was in the way."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from kakehashi.core.errors import Conflict, Unavailable

_LOST: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InternalClientError,  # a connection that died in the middle of an answer
    ConnectionError,
)
_RACES = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)


@contextmanager
def out_of_reach(*also: type[BaseException]) -> Iterator[None]:
    """Turn the loss of the database into Unavailable, and a lost race into Conflict; `also` counts as lost."""
    try:
        yield
    except _LOST + also as lost:
        raise Unavailable from lost
    except asyncpg.InterfaceError as fault:
        if "clos" not in str(
            fault
        ):  # "connection is closed", "pool is closing"; the others are our own mistakes
            raise
        raise Unavailable from fault
    except _RACES as race:
        raise Conflict(
            "ほかの処理と重なりました。もう一度お試しください。",
            "Another change was in the way. Please try again.",
            rule="store.race",
        ) from race
