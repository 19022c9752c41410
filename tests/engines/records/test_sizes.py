"""A resource has a limit of its own, a Bundle another, a Binary the body's. Refused unread, whichever way it comes."""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.core.clock import system_clock
from kakehashi.core.errors import Failure, Invalid, TooLarge
from kakehashi.core.settings import Settings
from kakehashi.engines.house import House
from kakehashi.engines.records import bulk
from kakehashi.engines.records.sizes import require_size
from kakehashi.engines.records.submit import Sent, submit
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse
from kakehashi.store.database import Database

SITE = Institution(1, "1311234567", "東山病院（架空）", InstitutionType.HOSPITAL)
SYSTEM = Actor("load", Role.SYSTEM, SITE, Purpose.TREATMENT, scopes=("system/*.cruds",))
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MOST = 1 << 20
LIMITS = Settings(max_resource_mb=1, max_bundle_mb=3)


@pytest.fixture
def house(db: Database, tmp_path: Path) -> House:
    return House(db, Settings(home=tmp_path, max_resource_mb=1, max_bundle_mb=3), system_clock)


def of_size(size: int, kind: str = "Organization", **more: object) -> bytes:
    """A resource of so many bytes."""
    tree = {"resourceType": kind, **more, "language": ""}
    return orjson.dumps({**tree, "language": "a" * (size - len(orjson.dumps(tree)))})


def test_one_of_the_largest_size_is_let_in_and_one_byte_more_is_not() -> None:
    require_size(of_size(MOST), LIMITS)
    with pytest.raises(TooLarge) as refusal:
        require_size(of_size(MOST + 1), LIMITS)
    [problem] = refusal.value.problems
    assert (problem.rule, problem.code) == ("record.size", "too-long")
    assert "1 MB" in problem.ja and "1 MB" in problem.en


@pytest.mark.parametrize("kind", ["Binary", "Bundle"])
def test_a_binary_and_a_bundle_may_be_larger(kind: str) -> None:
    require_size(of_size(MOST * 2, kind), LIMITS)


def test_a_bundle_has_a_limit_of_its_own_and_a_binary_has_the_bodys() -> None:
    require_size(of_size(MOST * 3, "Bundle"), LIMITS)
    require_size(of_size(MOST * 4, "Binary"), LIMITS)
    for body in (of_size(MOST * 3 + 1, "Bundle"), of_size(MOST * 4, contained=[{"resourceType": "Bundle"}])):
        with pytest.raises(TooLarge) as refusal:
            require_size(body, LIMITS)
        [problem] = refusal.value.problems
        assert (problem.rule, problem.code, problem.place) == ("record.bundle-size", "too-long", "Bundle")
        assert "3 MB" in problem.ja and "3 MB" in problem.en


async def test_a_line_that_is_too_large_is_named_and_the_others_are_stored(house: House) -> None:
    small = orjson.dumps({"resourceType": "Organization", "name": "見本"})
    taken = await bulk.take(house, [(1, small), (2, of_size(MOST + 1)), (3, small)], by=SYSTEM, at=NOON)
    assert taken.stored == {"Organization": 2}
    assert [(one.line, [problem.rule for problem in one.problems]) for one in taken.refused] == [
        (2, ["record.size"])
    ]


async def test_one_that_only_speaks_of_a_bundle_is_refused_once_it_is_read(house: House) -> None:
    sly = of_size(MOST + 1, contained=[{"resourceType": "Bundle"}])
    taken = await bulk.take(house, [(1, sly)], by=SYSTEM, at=NOON)
    assert [problem.rule for problem in taken.refused[0].problems] == ["record.size"]


async def test_in_a_transaction_it_is_refused_with_its_place(house: House) -> None:
    body = of_size(MOST + 1)
    wish = Wanted(
        Method.CREATE, "Organization", body=body, resource=parse(body), place="Bundle.entry[3].resource"
    )
    with pytest.raises(Failure) as refusal:
        await submit(house, [wish], by=SYSTEM, at=NOON, sent=Sent())
    assert isinstance(refusal.value, Invalid)
    assert [(one.rule, one.place) for one in refusal.value.problems] == [
        ("record.size", "Bundle.entry[3].resource")
    ]
