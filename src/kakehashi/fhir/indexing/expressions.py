"""Parse the FHIRPath of search parameters: paths, `|`, `as`, `ofType`, `where`, `extension`, an indexer.

That is all of FHIRPath that R4's search parameters use; anything else is refused by name, so that a new
definition cannot be half understood. Source: https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import re
from dataclasses import dataclass

from kakehashi.core.errors import NotSupported


@dataclass(frozen=True, slots=True)
class Child:
    """`.name`: the members with that name."""

    name: str


@dataclass(frozen=True, slots=True)
class As:
    """`.as(Type)`, `.ofType(Type)` or `(path as Type)`: only values of that type."""

    type: str


@dataclass(frozen=True, slots=True)
class Equals:
    """`.where(path = 'text')`: only items where some value at the path is this text."""

    path: tuple["Step", ...]
    text: str


@dataclass(frozen=True, slots=True)
class PointsAt:
    """`.where(resolve() is Type)`: only references to that resource type."""

    type: str


@dataclass(frozen=True, slots=True)
class Marked:
    """`.where(hasExtension('url'))`: only items that carry the extension."""

    url: str


@dataclass(frozen=True, slots=True)
class Nth:
    """`[0]`: the item at that place."""

    place: int


Step = Child | As | Equals | PointsAt | Marked | Nth

_LEXEME = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|(%?[A-Za-z_][A-Za-z0-9_]*)|(\d+)|([().|=\[\]]))", re.ASCII)


def parse(expression: str) -> tuple[tuple[Step, ...], ...]:
    """Return the alternatives of an expression, each as its steps; the first step is the root's name.

    >>> parse("Patient.name | Person.name")
    ((Child(name='Patient'), Child(name='name')), (Child(name='Person'), Child(name='name')))

    Raises NotSupported, with the expression, for what the grammar above does not hold.
    """
    reader = _Reader(expression)
    found = reader.alternatives()
    reader.end()
    return tuple(found)


class _Reader:
    def __init__(self, expression: str) -> None:
        self.expression, self.place = expression, 0
        self.words: list[str] = []
        end = 0
        text = expression.rstrip()
        while end < len(text):
            match = _LEXEME.match(text, end)
            if not match:
                raise self._refusal()
            self.words.append(match.group().strip())
            end = match.end()

    def _refusal(self) -> NotSupported:
        return NotSupported(
            f"検索パラメータの式が読めません: {self.expression}",
            f"Cannot read the expression: {self.expression}",
        )

    def peek(self) -> str:
        return self.words[self.place] if self.place < len(self.words) else ""

    def take(self, *wanted: str) -> str:
        word = self.peek()
        if not word or (wanted and word not in wanted):
            raise self._refusal()
        self.place += 1
        return word

    def took(self, word: str) -> bool:
        if self.peek() != word:
            return False
        self.place += 1
        return True

    def end(self) -> None:
        if self.peek():
            raise self._refusal()

    def alternatives(self) -> list[tuple[Step, ...]]:
        found = self.typed()
        while self.took("|"):
            found += self.typed()
        return found

    def typed(self) -> list[tuple[Step, ...]]:
        found = self.path()
        if self.took("as"):
            name = self.take()
            found = [(*steps, As(name)) for steps in found]
        return found

    def path(self) -> list[tuple[Step, ...]]:
        if self.took("("):
            found = self.alternatives()
            self.take(")")
        elif self.peek() == "extension":
            found = [tuple(self.call())]
        else:
            found = [(Child(self.take()),)]
        while True:
            if self.took("."):
                steps = self.call()
            elif self.took("["):
                steps = [Nth(int(self.take()))]
                self.take("]")
            else:
                return found
            found = [(*one, *steps) for one in found]

    def call(self) -> list[Step]:
        name = self.take()
        if not self.took("("):
            return [Child(name)]
        steps: list[Step]
        match name:
            case "as" | "ofType":
                steps = [As(self.take())]
            case "extension":
                steps = [Child("extension"), Equals((Child("url"),), self.text())]
            case "where":
                steps = [self.condition()]
            case _:
                raise self._refusal()
        self.take(")")
        return steps

    def condition(self) -> Step:
        if self.peek() == "resolve":
            for word in ("resolve", "(", ")", "is"):
                self.take(word)
            return PointsAt(self.take())
        if self.took("hasExtension"):
            self.take("(")
            url = self.text()
            self.take(")")
            return Marked(url)
        (path,) = self.path()
        self.take("=")
        return Equals(path, self.text())

    def text(self) -> str:
        word = self.take()
        if not word.startswith("'"):
            raise self._refusal()
        return word[1:-1]
