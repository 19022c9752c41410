"""Long work in short turns, so that whoever else waits for this thread is served while a large body is read.

The work is a generator: it stops (yields) after each bit of some milliseconds, and returns its value at the end.
Threads would not do it: the decoders hold the interpreter's lock from the first byte to the last.
"""

import asyncio
from collections.abc import Generator
from typing import TypeAlias, TypeVar

Value = TypeVar("Value")
Turns: TypeAlias = Generator[None, None, Value]

BIT = 250_000  # bytes of JSON between two stops: some five milliseconds of decoding or validation


def at_once(work: Turns[Value]) -> Value:
    """Do all of the work without a stop and return its value."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: Value = done.value
            return value


async def in_turns(work: Turns[Value]) -> Value:
    """Do the work and return its value; at each stop others have their turn."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: Value = done.value
            return value
        await asyncio.sleep(0)
