"""Where somebody is insured, and what a yes at the reader opens."""

import sys
from datetime import date
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "viewer"))
from viewer_words import sheet

from kakehashi.core.errors import BadRequest
from kakehashi.core.kinds import Kind, kinds
from kakehashi.people.identifiers import MEMBER_SYSTEM
from kakehashi.services.eligibility.coverage import State, eligibility_of
from kakehashi.services.eligibility.finding import Wanted, birth_of, card_of
from kakehashi.services.eligibility.rules import ITEMS, items_in, kinds_of
from kakehashi.trust.consents import CONSENTABLE

TODAY = date(2026, 11, 21)
KENPO, KOKUHO = 5, 6


def coverage(start="2025-04-01", end="2027-03-31", *, status="active", where=KENPO, copay=30):
    return sheet(
        Kind.COVERAGE, "Coverage", where=where, status=status, period={"start": start, "end": end},
        identifier=[{"system": MEMBER_SYSTEM, "value": "06490014:4912:4900036:01"}],
        relationship={"coding": [{"code": "self"}]},
        costToBeneficiary=[{"valueQuantity": {"value": copay, "code": "%"}}],
    )  # fmt: skip


STATES = [
    # coverages, state
    ([], State.NONE),
    ([coverage()], State.VALID),
    ([coverage(end="2026-11-21")], State.VALID),  # the last day counts
    ([coverage(end="2026-11-20")], State.INVALID),
    ([coverage(start="2026-11-22")], State.INVALID),
    ([coverage(status="cancelled")], State.INVALID),
    ([coverage(status="entered-in-error")], State.NONE),
    ([coverage(), coverage(where=KOKUHO)], State.MANY),
    ([coverage(), coverage(where=KOKUHO, end="2026-03-31")], State.VALID),
]


@pytest.mark.parametrize(("held", "state"), STATES)
def test_the_state_is_what_a_reception_acts_on(held, state):
    assert eligibility_of(held, TODAY).state is state


def test_what_stands_on_the_card_is_read_and_what_holds_comes_first():
    first, second = eligibility_of([coverage(end="2020-01-01"), coverage(copay=20)], TODAY).insured
    assert (first.insurer, first.symbol, first.number, first.branch) == ("06490014", "4912", "4900036", "01")
    assert (first.copay, first.valid, first.dependent, second.valid) == (20, True, False, False)


def test_every_kind_that_can_be_consented_to_is_asked_in_exactly_one_item():
    """A new kind cannot ship until it is in one of the questions at the reader."""
    asked = [item.kinds for item in ITEMS]
    assert sum(asked) == CONSENTABLE & ~kinds(Kind.PATIENT, Kind.COVERAGE)
    assert not any(one & other for n, one in enumerate(asked) for other in asked[:n])


def test_a_yes_opens_its_item_and_who_it_is_and_nothing_else():
    opened = kinds_of(["medicines"])
    assert opened == kinds(Kind.PATIENT, Kind.PRESCRIPTION, Kind.DISPENSE)
    assert [item.name for item in items_in(opened)] == ["medicines"]


@pytest.mark.parametrize("names", [[], ["everything"], ["care", "everything"]])
def test_nothing_chosen_or_something_unknown_is_no_consent(names):
    with pytest.raises(BadRequest):
        kinds_of(names)


CARDS = [("06490014", "4900036", "1", "01"), ("６４９０１４", "4900036", "", ""), ("649014", "1", "2", "02")]


@pytest.mark.parametrize(("insurer", "number", "branch", "kept"), CARDS)
def test_a_card_is_read_in_full_width_and_with_short_numbers(insurer, number, branch, kept):
    card = card_of(Wanted("card", insurer=insurer, number=number, branch=branch))
    assert len(card.insurer) == 8 and card.branch == kept


@pytest.mark.parametrize(
    ("field", "value"), [("insurer", "12"), ("insurer", "abcdefgh"), ("number", ""), ("branch", "x")]
)
def test_what_is_wrong_on_a_card_is_named(field, value):
    good = {"insurer": "06490014", "number": "1", "branch": "01"}
    with pytest.raises(BadRequest) as refused:
        card_of(Wanted("card", **(good | {field: value})))
    assert refused.value.problems[0].place == field


@pytest.mark.parametrize(
    ("said", "day"),
    [("1962-05-14", date(1962, 5, 14)), ("１９６２/０５/１４", date(1962, 5, 14)), ("", None)],
)
def test_birth_dates_are_read(said, day):
    assert birth_of(Wanted("items", birth=said)) == day
