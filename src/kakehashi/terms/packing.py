"""A compiled terminology resource: a head of facts and lists of concepts, and the frame in which it is kept. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import zstandard

from kakehashi.terms.columns import Concepts, Texts, in_order
from kakehashi.terms.hierarchy import arranged
from kakehashi.terms.words import END, marked

FORM = 1  # of the frame: raise it when the same resource compiles otherwise, and old frames are made anew
Fold = Callable[[str], str]
"""Text to the one spelling in which it is compared (fhir/text.py: normal)."""
Json = dict[str, Any]
_LARGEST = 1 << 30  # bytes of an unpacked frame


@dataclass(frozen=True, slots=True)
class Packed:
    """What a CodeSystem, ValueSet or ConceptMap was compiled to."""

    head: Json
    lists: tuple[Concepts, ...]

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return 4_000 + sum(one.size for one in self.lists)

    def framed(self) -> bytes:
        """Return the frame."""
        body = msgspec.msgpack.encode((self.head, [one.sections() for one in self.lists]))
        return zstandard.ZstdCompressor(level=3).compress(body)

    @classmethod
    def of_frame(cls, frame: bytes) -> "Packed":
        """Return what a frame holds."""
        body = zstandard.ZstdDecompressor().decompress(frame, max_output_size=_LARGEST)
        head, lists = msgspec.msgpack.decode(body, type=tuple[Json, list[list[Any]]])
        return cls(head, tuple(map(Concepts.of_sections, lists)))


@dataclass(slots=True)
class Gathered:
    """Concepts as they are met in a resource, before they get their places."""

    codes: list[str]
    details: list[bytes]
    words: list[str]
    parents: list[list[int]]
    inactive: list[bool]
    abstract: list[bool]

    @classmethod
    def empty(cls) -> "Gathered":
        """Return none yet."""
        return cls([], [], [], [], [], [])

    def add(
        self, code: str, detail: Json, *, words: str = "", inactive: bool = False, abstract: bool = False
    ) -> int:
        """Take a concept in and return its number."""
        self.codes.append(code)
        self.details.append(msgspec.json.encode(detail))
        self.words.append(words)
        self.parents.append([])
        self.inactive.append(inactive)
        self.abstract.append(abstract)
        return len(self.codes) - 1

    def columns(self, *, exact: bool = True) -> tuple[Concepts, list[str]]:
        """Return the concepts in columns, and the codes of those that lie in or under a cycle."""
        order, tree, astray = arranged(self.parents)
        codes = [self.codes[number] for number in order]
        concepts = Concepts(
            Texts.of(code.encode() for code in codes),
            Texts.of(self.details[number] for number in order),
            Texts.of((marked(self.words[number]) + END).encode() for number in order),
            in_order(codes, exact=exact),
            tree,
            bytes(self.inactive[number] for number in order),
            bytes(self.abstract[number] for number in order),
            exact,
        )
        return concepts, [self.codes[number] for number in astray]


def members(value: object) -> list[Json]:
    """Return the objects of a JSON array; nothing for what is none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a JSON string, "" for anything else."""
    return value if isinstance(value, str) else ""


def split(canonical: str) -> tuple[str, str]:
    """Return URL and version ("" for none) of a canonical."""
    url, _, version = canonical.partition("|")
    return url, version
