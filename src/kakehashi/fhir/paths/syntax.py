"""The grammar of FHIRPath: text to a tree of expressions."""

import re
from dataclasses import dataclass
from typing import TypeAlias

from kakehashi.core.errors import Failure


class UnknownPath(Failure):
    """An expression that this FHIRPath does not know."""

    status, code = 400, "not-supported"

    def __init__(self, text: str, at: int) -> None:
        super().__init__(
            f"この FHIRPath は扱えません ({at + 1} 文字目): {text}",
            f"This FHIRPath is not known here (character {at + 1}): {text}",
            rule="fhirpath",
        )


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant: text, number, truth value; dates and times are texts."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Empty:
    """`{}`."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`%resource`, `%ucum`, …; `$this` is the variable "this"."""

    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """A member of what stands before the dot; before no dot: of the focus."""

    base: "Expression | None"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function, on what stands before the dot or on the focus."""

    base: "Expression | None"
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`base[number]`."""

    base: "Expression"
    number: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what stands between them; `is` and `as` have a Literal type name on the right."""

    sign: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Negative:
    """`-operand`."""

    operand: "Expression"


Expression: TypeAlias = Literal | Empty | Variable | Step | Call | Index | Binary | Negative

_TOKEN = re.compile(
    r"""(?:\s|//[^\n]*|/\*.*?\*/)*(?:
      (?P<time>@(?:\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?
              |T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?))
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*|`[^`]*`)
    | (?P<variable>%(?:[A-Za-z_][\w\-]*|`[^`]*`|'[^']*')|\$[a-z]+)
    | (?P<sign><=|>=|!=|!~|[-+*/=~<>|&.,()\[\]{}])
    | (?P<end>$)
    )""",
    re.VERBOSE | re.ASCII | re.DOTALL,
)
# Binding strength, loosest first (N1, "Precedence").
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"implies"}),
    frozenset({"or", "xor"}),
    frozenset({"and"}),
    frozenset({"in", "contains"}),
    frozenset({"=", "~", "!=", "!~"}),
    frozenset({"<", ">", "<=", ">="}),
    frozenset({"|"}),
    frozenset({"is", "as"}),
    frozenset({"+", "-", "&"}),
    frozenset({"*", "/", "div", "mod"}),
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def parse_path(text: str) -> Expression:
    """Return the expression that a text writes. Raises UnknownPath."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._kind, self._word = "", ""
        self._advance()

    def whole(self) -> Expression:
        found = self._binary(0)
        if self._kind != "end":
            self._fail()
        return found

    def _fail(self) -> None:
        raise UnknownPath(self._text, self._at)

    def _advance(self) -> str:
        """Take the present word and look at the next."""
        taken = self._word
        match = _TOKEN.match(self._text, self._at)
        if not match or not match.lastgroup:
            raise UnknownPath(self._text, self._at)
        self._kind, self._word, self._at = match.lastgroup, match[match.lastgroup], match.end()
        return taken

    def _expect(self, sign: str) -> None:
        if self._word != sign:
            self._fail()
        self._advance()

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._kind in ("sign", "name") and self._word in _LEVELS[level]:
            sign = self._advance()
            right: Expression = (
                Literal(self._type_name()) if sign in ("is", "as") else self._binary(level + 1)
            )
            left = Binary(sign, left, right)
        return left

    def _type_name(self) -> str:
        name = self._advance().strip("`")
        while self._word == ".":
            self._advance()
            name = self._advance().strip("`")  # FHIR.Patient, System.Boolean: the last part is enough
        return name

    def _unary(self) -> Expression:
        if self._kind == "sign" and self._word in "+-" and self._word:
            sign = self._advance()
            operand = self._unary()
            return Negative(operand) if sign == "-" else operand
        return self._postfix(self._term())

    def _postfix(self, base: Expression) -> Expression:
        while self._kind == "sign" and self._word in (".", "["):
            if self._advance() == ".":
                base = self._named(base)
            else:
                base = Index(base, self._binary(0))
                self._expect("]")
        return base

    def _term(self) -> Expression:
        kind = self._kind
        if kind == "name":
            return self._named(None)
        word = self._advance()
        if kind == "number":
            return Literal(float(word) if "." in word else int(word))
        if kind == "text":
            return Literal(_unescaped(word[1:-1]))
        if kind == "time":
            return Literal(word[1:].removeprefix("T"))
        if kind == "variable":
            return Variable(word[1:].strip("`'"))
        if word == "(":
            inside = self._binary(0)
            self._expect(")")
            return inside
        if word == "{":
            self._expect("}")
            return Empty()
        raise UnknownPath(self._text, self._at)

    def _named(self, base: Expression | None) -> Expression:
        """A name after a dot or at the start: `true`, a function or a member."""
        if self._kind != "name":
            self._fail()
        name = self._advance()
        if base is None and name in ("true", "false"):
            return Literal(name == "true")
        if self._word != "(" or self._kind != "sign":
            return Step(base, name.strip("`"))
        self._advance()
        arguments: list[Expression] = []
        while self._word != ")" or self._kind != "sign":
            arguments.append(self._binary(0))
            if self._word == ",":
                self._advance()
            elif self._word != ")":
                self._fail()
        self._advance()
        return Call(base, name, tuple(arguments))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", _escape, text)


def _escape(match: re.Match[str]) -> str:
    mark = match[1]
    return chr(int(mark[1:], 16)) if len(mark) == 5 else _ESCAPES.get(mark, mark)
