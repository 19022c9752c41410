"""Looks that deserve a question, and looks that do not."""

from datetime import UTC, datetime, timedelta

import pytest

from kakehashi.core.actors import InstitutionType
from kakehashi.services.audit.rules import MANY_PERSONS, Look, unusual

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 12:00 in Japan


def look(number=0, *, at=NOON, account="a", person=1, family="佐藤", own="鈴木", kind=InstitutionType.CLINIC):
    return Look(number, at, account, 1, kind, "view", person, family, own)


def rules_of(*looks):
    return [one.rule for one in unusual(looks)]


def test_a_usual_look_raises_nothing():
    assert rules_of(look()) == []


def test_the_same_surname_is_told_once_for_each_pair():
    assert rules_of(look(1, own="佐藤"), look(2, own="佐藤")) == ["surname"]
    assert rules_of(look(1, own="", family="")) == []


NIGHTS = [(21, 59, 0), (22, 0, 1), (5, 59, 1), (6, 0, 0)]


@pytest.mark.parametrize(("hour", "minute", "told"), NIGHTS)
def test_out_of_hours_is_from_22_to_6_in_japan(hour, minute, told):
    at = datetime(2026, 11, 20, hour, minute, tzinfo=UTC) - timedelta(hours=9)
    assert rules_of(look(at=at)) == ["night"] * told
    assert rules_of(look(at=at, kind=InstitutionType.HOSPITAL)) == []


def test_many_persons_within_an_hour_are_told_once():
    minute = timedelta(minutes=1)
    many = [look(n, at=NOON + n * minute, person=n) for n in range(MANY_PERSONS + 5)]
    assert rules_of(*many) == ["many"]
    assert rules_of(*many[:MANY_PERSONS]) == []
    slow = [look(n, at=NOON + n * 3 * minute, person=n) for n in range(MANY_PERSONS + 5)]
    assert "many" not in rules_of(*slow)
    assert rules_of(*(look(n, at=NOON + n * minute, person=1) for n in range(50))) == []
