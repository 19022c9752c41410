"""Which wishes go in by the short way: those that ask for nothing but that one new resource be there."""

from dataclasses import replace

import orjson
import pytest

from kakehashi.core.actors import Actor, Institution, InstitutionType, Purpose, Role
from kakehashi.engines.records.check import Checked
from kakehashi.engines.records.single import plain
from kakehashi.engines.records.wanted import Method, Wanted
from kakehashi.fhir.parse import parse

HOSPITAL = Institution(1, "1311234567", "桜台総合病院", InstitutionType.HOSPITAL)
SYSTEM = Actor("client", Role.SYSTEM, HOSPITAL, Purpose.TREATMENT, scopes=("system/*.cruds",))
NARROW = replace(SYSTEM, scopes=("system/Observation.cruds?category=laboratory", "system/Condition.cruds"))


def wish(resource_type: str = "Observation", **more: object) -> Checked:
    tree = {"resourceType": resource_type, "subject": {"reference": more.pop("subject", "Patient/1")}}
    wanted = Wanted(Method.CREATE, resource_type)
    return Checked(replace(wanted, **more), parse(orjson.dumps(tree)), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "one", [wish(), wish(method=Method.UPDATE, id="a"), wish("Location"), wish("Condition")]
)
def test_a_resource_alone_is_plain(one: Checked) -> None:
    assert plain([one], SYSTEM) is one


@pytest.mark.parametrize(
    "one",
    [
        wish(if_match=1), wish(condition="identifier=1"), wish(if_none_exist="identifier=1"), wish(method=Method.PATCH),
        wish("Patient"), wish("Bundle"), wish("Subscription"), wish("ValueSet"), wish("CodeSystem"),
        wish(subject="Patient?identifier=1"),
    ],
)  # fmt: skip
def test_what_asks_for_more_is_not(one: Checked) -> None:
    assert plain([one], SYSTEM) is None


def test_a_deletion_has_nothing_to_add() -> None:
    assert plain([Checked(Wanted(Method.DELETE, "Observation", "a"), None, None)], SYSTEM) is None


def test_two_belong_together() -> None:
    assert plain([wish(), wish()], SYSTEM) is None
    assert plain([], SYSTEM) is None


def test_where_the_token_s_scopes_have_filters_they_are_looked_at() -> None:
    assert plain([wish("Observation")], NARROW) is None
    assert plain([wish("Condition")], NARROW) is not None
