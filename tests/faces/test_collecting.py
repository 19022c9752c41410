"""The garbage collector comes between requests."""

import gc

from kakehashi.faces.collecting import AT_LAST, OFTEN, SELDOM, Collector, in_hand


class Hand:
    """A clock that is turned by hand; `everything`: for each round whether it went over everything."""

    def __init__(self) -> None:
        self.now, self.everything = 0.0, list[bool]()
        self.collector = Collector(lambda: self.now, self.everything.append)

    def request(self, seconds: float) -> None:
        with self.collector.request():
            self.now += seconds


def test_it_comes_after_a_request_when_its_time_has_come() -> None:
    hand = Hand()
    hand.request(OFTEN / 2)
    assert hand.everything == []
    hand.request(OFTEN / 2)
    assert hand.everything == [False]
    hand.request(OFTEN / 2)
    assert hand.everything == [False]


def test_it_waits_for_the_others_but_not_for_ever() -> None:
    hand = Hand()
    with hand.collector.request():
        hand.request(OFTEN)
        assert hand.everything == []
        hand.request(AT_LAST)
        assert hand.everything == [False]
    assert hand.everything == [False]


def test_now_and_then_everything_is_walked() -> None:
    hand = Hand()
    hand.request(SELDOM)
    hand.request(OFTEN)
    assert hand.everything == [True, False]


def test_a_request_that_fails_is_over_too() -> None:
    hand = Hand()
    try:
        with hand.collector.request():
            hand.now += OFTEN
            raise LookupError
    except LookupError:
        assert hand.everything == [False]


def test_it_goes_its_own_way_again_when_the_server_has_ended() -> None:
    with in_hand():
        assert not gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
