"""One FHIR server that is measured by HTTP alone, as the command line describes it."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from bench.drive import Ways
from bench.machine import used
from bench.wire import Target

EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class Base:
    """A server. url: its FHIR base, or "embedded" for the set-up of this repository.

    token: for its Authorization header. process, postgresql: whose processor time is its own, where it runs on this
    machine. database: URL of its PostgreSQL database, to know its size.
    """

    url: str
    token: str = ""
    process: int | None = None
    postgresql: int | None = None
    database: str = ""

    @property
    def ways(self) -> Ways:
        """How it is driven and metered."""
        return Ways(self.url, Target.of(self.url), lambda: used(self.process, self.postgresql))


class Named(argparse.Action):
    """`--base URL`: another server."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take it."""
        namespace.base = [*namespace.base, Base(str(values))]


class OfIt(argparse.Action):
    """`--token T` and others: said of the --base before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take it. Ends the process where there is no --base before it."""
        if not namespace.base:
            parser.error(f"{option_string} belongs to the --base before it, and there is none")
        *others, last = namespace.base
        namespace.base = [*others, replace(last, **{self.dest: values})]


async def disk_bytes(database: str) -> int:
    """Return the size of a PostgreSQL database, tidied first: index entries that wait go where they belong."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("VACUUM")
        return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await connection.close()
