"""The operator's guide names every setting, with its variable and its default, and no other."""

from dataclasses import fields

import paper

from kakehashi.core.settings import Settings


def _table() -> dict[str, list[str]]:
    text = (paper.ROOT / "docs/operator.md").read_text("utf-8")
    return {row[0].strip("`"): row for row in paper.table_under(text, "## Settings")}


def test_every_setting_stands_in_the_table_and_nothing_else_does():
    assert set(_table()) == {field.name for field in fields(Settings)}


def test_each_setting_says_its_variable_and_its_default():
    defaults = Settings()
    for name, row in _table().items():
        default = getattr(defaults, name)
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert row[1] == f"`KAKEHASHI_{name.upper()}`"
        assert row[2] == (f"`{shown}`" if shown else "(empty)"), name
