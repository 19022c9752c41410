"""Many texts: a rare word, a common one and several are found as few texts would be looked through one by one."""

from random import Random

import pytest
from naive_terms import NAMES, stands_in

from kakehashi.fhir.text import normal
from kakehashi.terms import words
from kakehashi.terms.columns import Texts

_RNG = Random(7)
SAID = [
    normal(f"c{number} {_RNG.choice(NAMES)} {'稀' if number % 997 == 0 else ''}") for number in range(9_000)
]
TEXTS = Texts.of((words.marked(one) + words.END).encode() for one in SAID)


@pytest.mark.parametrize(
    "asked",
    ["稀", "c899", "99", "c", "糖尿", "type", "diab 糖尿", "稀 c", "しんふ", "ype", "1 dia type", "無い"],
)
def test_a_filter_over_many_texts(asked: str) -> None:
    wanted = normal(asked).split()
    expected = [number for number, text in enumerate(SAID) if all(stands_in(word, text) for word in wanted)]
    found = words.matching(TEXTS, words.words_of(normal(asked)))
    assert [place for place, inside in enumerate(found) if inside] == expected


def test_each_way_of_looking_is_taken_here() -> None:
    common, rare = ([stands_in(word, text) for text in SAID].count(True) for word in ("c", "稀"))
    assert common > words._MANY > words._FEW > rare > 0
