"""Every `kakehashi …` that a document names is a command that there is, with options that it has."""

import re
import shlex
from pathlib import Path

import paper
import pytest
from cyclopts import App

from kakehashi.faces.cli.main import app


def _named() -> list[tuple[str, str]]:
    found = []
    for page in paper.documents():
        found += [(page.name, line) for line in paper.commands(page.read_text("utf-8"))]
    return sorted(set(found))


def _resolved(line: str) -> tuple[App, list[str]]:
    """Return the innermost command that the words name, and the words left."""
    here, words = app, shlex.split(line, comments=True)
    while words and words[0] in list(here):
        here, words = here[words[0]], words[1:]
    return here, words


def _options(command: App) -> set[str]:
    arguments = command.assemble_argument_collection()
    return {name for argument in arguments for name in argument.names if name.startswith("--")}


@pytest.mark.parametrize(("page", "line"), _named())
def test_a_named_command_exists_with_its_options(page: str, line: str):
    command, rest = _resolved(re.sub(r"[…\[\]]", "", line))
    assert command is not app, f"{page}: there is no command {line!r}"
    options = {word.partition("=")[0] for word in rest if word.startswith("--")}
    unknown = options - _options(command) - {"--help", "--version"}
    assert not unknown, f"{page}: {line!r} has no {sorted(unknown)}"


def test_the_readme_names_every_command():
    said = {line.split()[0] for line in paper.commands((paper.ROOT / "README.md").read_text("utf-8"))}
    there = {name for name in app if not name.startswith("-")}
    assert there <= said


def test_the_manuals_do_name_commands(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("```sh\nkakehashi loaf --quick x\n```\nand `kakehashi serve`", "utf-8")
    assert list(paper.commands(page.read_text("utf-8"))) == ["loaf --quick x", "serve"]
    assert _resolved("loaf --quick x")[0] is app
