# ruff: noqa: S608 (what is put together are fixed texts and placeholders; every value is an argument)
"""Words of `_text` and `_content` as SQL over one alias of `resource`. Pure.

Marks (grams) let the index resource_grams narrow; the texts decide, each for itself, as fhir/content.py says it.
"""

import re

from kakehashi.fhir.content import begins_word
from kakehashi.fhir.indexing import grams
from kakehashi.fhir.indexing.words import KEY, NARRATIVE
from kakehashi.search.plan import Content
from kakehashi.store.window_sql import Arguments

_SIGN = re.compile(r"[^0-9A-Za-z\u0080-\U0010ffff]")
_BETWEEN = "E'\\x1e'"  # texts stand between


def condition(asked: Content, alias: str, arguments: Arguments, *, narrow: bool) -> str:
    """Return the test that a row's texts hold one; `narrow`: rows are to be found by the index, not met in order."""
    word = arguments.add(asked.text, "text")
    tests = [*(narrowing(asked, alias) if narrow else ()), f"strpos({alias}.texts, {word}) > 0"]
    text = f"substr(t, {KEY})"  # without U+001E, which parted them, a key is one shorter
    if begins_word(asked.text):
        escaped = _SIGN.sub(lambda sign: f"\\{sign[0]}", asked.text)
        test = f"{text} ~ {arguments.add(f'(^|[^0-9a-z]){escaped}', 'text')}"
    else:
        test = f"strpos({text}, {word}) > 0"
    if asked.narrative:
        test = f"starts_with(t, {arguments.add(NARRATIVE[1:], 'text')}) AND {test}"
    tests.append(f"EXISTS (SELECT FROM string_to_table({alias}.texts, {_BETWEEN}) AS t WHERE {test})")
    return "(" + " AND ".join(tests) + ")"


def narrowing(asked: Content, alias: str) -> list[str]:
    """Return tests of marks, as numbers in the text: how many rows have each decides which PostgreSQL looks up."""
    exact, some = grams.asked(asked.text)
    tests = [f"{alias}.grams @> {_array(exact)}"] if exact else []
    return tests + [f"{alias}.grams && {_array(one)}" for one in some]


def score(words: tuple[str, ...], alias: str, arguments: Arguments) -> str:
    """Return a row's score (search/scores.py) for these words. Each text is gone through once for each of them."""
    if not words:
        return "0.0::float8"
    places = [arguments.add(one, "text") for one in words]
    times = ", ".join(
        f"sum((length(d.x) - length(replace(d.x, {word}, ''))) / length({word}))::float8 AS n{number}"
        for number, word in enumerate(places)
    )
    parts = " + ".join(f"n{number} / (n{number} + 1)" for number in range(len(places)))
    texts = f"SELECT DISTINCT substr(t, {KEY}) AS x FROM string_to_table({alias}.texts, {_BETWEEN}) AS t"
    return f"(SELECT (0.0::float8 + {parts}) / {len(places)} FROM (SELECT {times} FROM ({texts}) AS d) AS c)"


def _array(marks: list[int]) -> str:
    return f"'{{{','.join(map(str, marks))}}}'::smallint[]"
