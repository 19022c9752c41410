"""The rules that the guides name are rules that there are, and the READMEs count them rightly."""

import re
import sys
from pathlib import Path

import paper

from kakehashi.services.sharing.rules import RULES
from kakehashi.services.sharing.rules.table import AT_REGISTRATION

sys.path.append(str(Path(__file__).parents[1] / "services" / "sharing"))
from mistakes import MISTAKES

RULE = re.compile(r"`((?:R\d{3,6}|C1\.[a-z.-]+|json\.[a-z-]+))`")


def test_the_vendors_guide_names_no_rule_that_is_not_there() -> None:
    known = {rule.id for rule in RULES} | {name for name, *_ in AT_REGISTRATION}
    known |= {rule for _, rules in MISTAKES.values() for rule in rules if rule.startswith("json.")}
    named = set(RULE.findall((paper.ROOT / "docs/vendor.md").read_text("utf-8")))
    assert named and named <= known, sorted(named - known)


def test_the_table_of_mistakes_names_every_rule_that_the_tests_send_against() -> None:
    page = (paper.ROOT / "docs/vendor.md").read_text("utf-8")
    table = page.partition("## What goes wrong most")[2].partition("## What comes back")[0]
    sent = {rule for _, rules in MISTAKES.values() for rule in rules} - {"C1.submission.unknown"}
    assert sent <= set(RULE.findall(table)), sorted(sent - set(RULE.findall(table)))


def test_the_readmes_count_the_rules() -> None:
    for name, words in (("README.md", "{} rules"), ("README.ja.md", "{}の規則")):
        assert words.format(len(RULES)) in (paper.ROOT / name).read_text("utf-8"), name
