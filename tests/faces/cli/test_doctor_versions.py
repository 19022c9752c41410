"""`doctor` warns of a PostgreSQL whose statistics or dumps leak past row-level security (A10)."""

from dataclasses import replace

import pytest

from kakehashi.faces.cli import doctor
from kakehashi.faces.cli.doctor import is_safe
from kakehashi.store import inspection
from kakehashi.store.database import Database


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("15.13", "15.14"),
        ("16.9", "16.10"),
        ("17.5", "17.6"),
        ("14.99", "18.0"),
        ("9.6", "18.3"),
        ("17.0", "19.1"),
    ],
)
def test_what_is_older_than_the_mends_is_unsafe(older: str, newer: str) -> None:
    assert not is_safe(number(older))
    assert is_safe(number(newer))


@pytest.mark.parametrize("mended", ["15.14", "16.10", "17.6"])
def test_a_minor_of_one_major_says_nothing_of_another(mended: str) -> None:
    major, _, minor = mended.partition(".")
    assert all(is_safe(number(f"{major}.{later}")) for later in range(int(minor), 40))
    assert not any(is_safe(number(f"{major}.{earlier}")) for earlier in range(int(minor)))


async def test_the_warning_names_the_version_and_what_to_do(db: Database) -> None:
    async with db.transaction() as tx:
        found = await inspection.inspect(tx)
    assert is_safe(found.number), "the tests' own server is a mended one"
    old = replace(found, number=number("16.9"), settings=found.settings | {"version": "16.9"})
    first = next(iter(doctor._database(old)))
    assert (first.good, first.unsafe, first.en) == (False, True, "PostgreSQL 16.9")
    assert "CVE-2025-8713" in first.todo_en


def number(version: str) -> int:
    """`server_version_num` of a version: 15.14 is 150014, 9.6 is 90600."""
    major, minor = map(int, version.split("."))
    return major * 10_000 + minor * (1 if major >= 10 else 100)
