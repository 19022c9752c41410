"""The documents as tests see them: which there are, their links, commands and tables. Reads; judges nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Fence:
    """A block of code: its language ("sh", "text", …) and what is in it."""

    language: str
    text: str


def documents() -> list[Path]:
    """Return every Markdown file of the project, by name."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])


def links(text: str) -> list[str]:
    """Return where a document points within the project: paths and #anchors; addresses of others are left out."""
    found = _LINK.findall(_FENCE.sub("", text))
    return [one for one in found if not re.match(r"[a-z]+:", one)]


def fences(text: str) -> list[Fence]:
    """Return the blocks of code of a document, in order."""
    return [Fence(*found) for found in _FENCE.findall(text)]


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make: lower case, blanks as hyphens, punctuation gone."""
    plain = (re.sub(r"[`*]", "", heading) for heading in _HEADING.findall(_FENCE.sub("", text)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def commands(text: str) -> Iterator[str]:
    """Yield each command line that begins with `kakehashi`, from blocks and from code within a line."""
    for fence in fences(text):
        if fence.language in ("", "sh", "bash"):
            joined = fence.text.replace("\\\n", " ")
            found = re.findall(r"(?:^|[\s(/])kakehashi +([a-z][^\n#|>)]*)", joined)
            yield from (re.split(r"  +", line)[0] for line in found)
    for code in _INLINE.findall(_FENCE.sub("", text)):
        if found := re.match(r"kakehashi +([a-z].*)", code):
            yield found[1]


def table_under(text: str, heading: str) -> list[list[str]]:
    """Return the rows (without their head) of the first table under a heading."""
    _, _, rest = text.partition(f"\n{heading}\n")
    rows = []
    for line in rest.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]
