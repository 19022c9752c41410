"""How large a measured store is: so many resources, or the records of so many people."""

from dataclasses import dataclass
from typing import Literal

_WORDS = {"k": 1_000, "m": 1_000_000}


@dataclass(frozen=True, slots=True)
class Size:
    """One size of the benchmark; 0 is a store that another filled."""

    count: int = 0
    of: Literal["resources", "people"] = "resources"

    @property
    def name(self) -> str:
        """Its name in a path and in JSON: `resources-50000`, `people-300`."""
        return f"{self.of}-{self.count}"

    def __str__(self) -> str:
        if not self.count:
            return "-"
        return f"{self.count:,} people" if self.of == "people" else f"{self.count:,}"


UNSIZED = Size()


def number_of(word: str) -> int:
    """Return 50000 for "50k", 5000000 for "5m". Raises ValueError."""
    number = int(word[:-1]) * _WORDS[word[-1]] if word[-1:] in _WORDS else int(word)
    if number < 1:
        raise ValueError(word)
    return number


def numbers(words: str) -> list[int]:
    """Return the numbers of a list as the command line has it: "50k,500k". Raises ValueError."""
    return [number_of(word) for word in words.split(",")]


def sizes_of(resources: list[int], people: list[int]) -> list[Size]:
    """Return sizes in resources, then sizes in people."""
    return [*(Size(count) for count in resources), *(Size(count, "people") for count in people)]
