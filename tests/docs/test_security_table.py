"""Each promise of docs/security.md names the test that holds it."""

import re

import paper

PAGE = paper.ROOT / "docs/security.md"
ROWS = paper.table_under(PAGE.read_text("utf-8"), "## What is promised") if PAGE.exists() else []
_TEST = re.compile(r"\]\(\.\./(tests/[\w/]+(?:\.py)?)\)")


def test_each_promise_names_a_mechanism_and_a_test_that_is_there():
    assert len(ROWS) >= 15
    for promise, mechanism, held in ROWS:
        tests = _TEST.findall(held)
        assert mechanism and tests, promise
        assert [one for one in tests if not (paper.ROOT / one).exists()] == [], promise


def test_what_is_not_done_is_said():
    assert (
        len(re.findall(r"^\* ", PAGE.read_text("utf-8").partition("## What is not done")[2], re.MULTILINE))
        >= 8
    )
