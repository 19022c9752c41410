r"""The language of `_filter`: text to a tree and back. What the tree asks for is filtering.py's.

`given eq "peter" and (birthdate ge 2014-10-10 or not (gender eq male))`; paths may be chains
(`subject:Patient.name`), with a filter on the way (`subject[gender eq male].name`), or go back by
`_has:Observation:patient:code`. `and` and `or` have no precedence: they are taken from left to right.
Source: https://hl7.org/fhir/R4/search_filter.html
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn, cast, get_args

import orjson

from kakehashi.core.errors import BadSearchValue
from kakehashi.search.refusals import too_costly

Operator = Literal[
    "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "ni", "re"
]  # fmt: skip
TESTS: Final = 50  # tests in one filter
DEPTH: Final = 16  # parentheses, brackets and `not` inside each other
EXAMPLE: Final = 'given eq "peter" and birthdate ge 2014-10-10'

_BLANK = re.compile(r"\s*")
_BACK = re.compile(r"_has:[A-Z][A-Za-z]*:[A-Za-z0-9_\-]+:", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*(?::[A-Z][A-Za-z]*)?", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(r'[^\s")\]][^\s)\]]*')
_WORD = re.compile(r"[A-Za-z]+", re.ASCII)
_PLAIN = re.compile(r'[^\s"()\[\]]+')  # what is written without quotes


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path, `subject` or `subject:Patient`, with the filter in its brackets; or `_has:Type:code:`."""

    name: str
    filter: "Filter | None" = None

    @property
    def back(self) -> bool:
        """Whether the step goes to what refers here."""
        return self.name.startswith("_has:")


@dataclass(frozen=True, slots=True)
class Compared:
    """A path, compared with a value. `place`: where in the text it stands, from 0; equal tests may stand anywhere."""

    path: tuple[Step, ...]
    operator: Operator
    value: str
    place: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compared) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._said())

    def _said(self) -> tuple[object, ...]:
        return self.path, self.operator, self.value


@dataclass(frozen=True, slots=True)
class Both:
    """Either side's filter and the other's: `and`, or `or`."""

    left: "Filter"
    word: Literal["and", "or"]
    right: "Filter"


@dataclass(frozen=True, slots=True)
class Negated:
    """`not (…)`."""

    part: "Filter"


Filter = Compared | Both | Negated


def read(text: str) -> Filter:
    """Return the tree of a filter. Raises BadSearchValue, which names the position, and TooCostly."""
    reader = _Reader(text)
    found = reader.filter(0)
    if reader.blank() < len(text):
        reader.refuse("and, or")
    return found


def written(one: Filter) -> str:
    """Return the text of a tree; `read` makes the same tree of it."""
    match one:
        case Both(left, word, right):
            inner = f"({written(right)})" if isinstance(right, Both) else written(right)
            return f"{written(left)} {word} {inner}"
        case Negated(part):
            return f"not ({written(part)})"
        case Compared(path, operator, value):
            return f"{_path(path)} {operator} {_value(value)}"


def _path(path: tuple[Step, ...]) -> str:
    said = ""
    for place, step in enumerate(path):
        inner = f"[{written(step.filter)}]" if step.filter is not None else ""
        last = place + 1 == len(path)
        said += step.name + inner + ("" if last or step.back else ".")
    return said


def _value(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else orjson.dumps(value).decode()


class _Reader:
    """Goes through the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.tests = text, 0, 0

    def blank(self) -> int:
        match = _BLANK.match(self.text, self.place)
        assert match is not None
        self.place = match.end()
        return self.place

    def filter(self, depth: int) -> Filter:
        """One part, or several with `and` and `or` between."""
        if depth > DEPTH:
            raise too_costly(
                "_filter",
                f"括弧と not の入れ子は {DEPTH} 段までです。",
                f"at most {DEPTH} levels of parentheses.",
            )
        found = self.part(depth)
        while word := self.word("and", "or"):
            found = Both(found, cast(Literal["and", "or"], word), self.part(depth))
        return found

    def part(self, depth: int) -> Filter:
        if self.sign("("):
            return self.closed(depth, ")")
        if self.word("not"):
            if not self.sign("("):
                self.refuse("(")
            return Negated(self.closed(depth, ")"))
        return self.test(depth)

    def closed(self, depth: int, sign: str) -> Filter:
        found = self.filter(depth + 1)
        if not self.sign(sign):
            self.refuse(sign)
        return found

    def test(self, depth: int) -> Compared:
        self.tests += 1
        if self.tests > TESTS:
            raise too_costly("_filter", f"条件は {TESTS} 個までです。", f"at most {TESTS} tests.")
        place = self.blank()
        path = self.path(depth)
        operator = self.word(*get_args(Operator))
        if not operator:
            self.refuse(", ".join(get_args(Operator)))
        return Compared(path, cast(Operator, operator), self.value(), place)

    def path(self, depth: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        while True:
            if back := _BACK.match(self.text, self.place):
                self.place = back.end()
                steps.append(Step(back[0]))
                continue
            name = _NAME.match(self.text, self.place)
            if name is None:
                self.refuse("name, subject:Patient.name")
            self.place = name.end()
            inner = self.closed(depth, "]") if self.sign("[") else None
            steps.append(Step(name[0], inner))
            if not self.text.startswith(".", self.place):
                if inner is not None:
                    self.refuse(".")
                return tuple(steps)
            self.place += 1

    def value(self) -> str:
        begin = self.blank()
        if string := _STRING.match(self.text, begin):
            self.place = string.end()
            try:
                return str(orjson.loads(string[0]))
            except orjson.JSONDecodeError:
                self.place = begin
                self.refuse('"…" (JSON)')
        token = _TOKEN.match(self.text, begin)
        if token is None:
            self.refuse('"peter", 2014-10-10, http://loinc.org|718-7')
        self.place = token.end()
        return token[0]

    def sign(self, sign: str) -> bool:
        """Take a sign, if it is next."""
        begin = self.blank()
        found = self.text.startswith(sign, begin)
        self.place = begin + len(sign) if found else begin
        return found

    def word(self, *words: str) -> str:
        """Take one of the words, if it is next and ends there; "" if not."""
        match = _WORD.match(self.text, self.blank())
        if (
            match is None
            or match[0] not in words
            or self.text[match.end() : match.end() + 1] in tuple(".:-_[")
        ):
            return ""
        self.place = match.end()
        return match[0]

    def refuse(self, wanted: str) -> NoReturn:
        """Say where the text stops being a filter, and what would go on."""
        raise unreadable(self.place, wanted)


def unreadable(place: int, wanted: str) -> BadSearchValue:
    """A filter cannot be read from a place on (characters, from 0); `wanted` would do there."""
    return BadSearchValue(
        f"_filter は {place + 1} 文字目から読めません。そこに書けるもの: {wanted}。例: {EXAMPLE}",
        f"_filter cannot be read from character {place + 1} on. There may stand: {wanted}. Example: {EXAMPLE}",
        rule="search.filter",
        place="_filter",
    )
