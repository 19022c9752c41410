"""Expressions become functions: `compile_path(text)(nodes, env) -> nodes`."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from kakehashi.fhir.paths import functions, numbers
from kakehashi.fhir.paths.costs import bounded
from kakehashi.fhir.paths.keys import reference_key
from kakehashi.fhir.paths.likeness import alike
from kakehashi.fhir.paths.nodes import Env, Node, Nodes, shape_of, step
from kakehashi.fhir.paths.syntax import (
    Binary,
    Call,
    Empty,
    Expression,
    Index,
    Literal,
    Negative,
    Step,
    UnknownPath,
    Variable,
    parse_path,
)
from kakehashi.fhir.paths.values import equal, key, order
from kakehashi.fhir.shapes import is_type

Path: TypeAlias = Callable[[Nodes, Env], Nodes]

TRUE, FALSE = [Node(True, "boolean")], [Node(False, "boolean")]
_CONSTANTS = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
_LITERALS = {bool: "boolean", int: "integer", float: "decimal", str: "string"}


@cache
def compile_path(text: str) -> Path:
    """Return the function of an expression. Raises UnknownPath."""
    return compiled(parse_path(text), text)


def truth(nodes: Nodes) -> bool | None:
    """Return nodes as a condition: empty is None, a single value that is no boolean is true."""
    if not nodes:
        return None
    value = nodes[0].value
    return value if len(nodes) == 1 and type(value) is bool else True


def compiled(expression: Expression, text: str) -> Path:
    """Return the function of a parsed expression; `text` is for the error."""
    match expression:
        case Literal(value):
            constant = [Node(value, _LITERALS[type(value)])]
            return lambda _focus, _env: constant
        case Empty():
            return lambda _focus, _env: []
        case Variable(name):
            return _variable(name, text)
        case Step(base, name):
            if base is None:
                return _first_step(name)
            return (_far_step if _from_variable(base) else _step)(compiled(base, text), name)
        case Index(base, number):
            return _index(compiled(base, text), compiled(number, text))
        case Negative(operand):
            inner = compiled(operand, text)
            return lambda focus, env: numbers.negative(inner(focus, env))
        case Binary():
            return _binary(expression, text)
        case Call():
            return _call(expression, text)


def boolean(value: bool | None) -> Nodes:
    """Return a truth value as nodes; None is empty."""
    return [] if value is None else TRUE if value else FALSE


def _variable(name: str, text: str) -> Path:
    if name == "this":
        return lambda focus, _env: focus
    if constant := _CONSTANTS.get(name):
        node = [Node(constant, "string")]
        return lambda _focus, _env: node
    if name == "resource":
        return lambda _focus, env: [env.resource]
    if name == "rootResource":
        return lambda _focus, env: [env.root]
    if name == "context":
        return lambda _focus, env: [env.context]
    if name == "rowIndex":
        return lambda _focus, env: [Node(env.row, "integer")]
    raise UnknownPath(text, max(text.find(name), 0))


def _first_step(name: str) -> Path:
    """A path may start with the type of its focus: `Appointment.status`."""
    if not name[:1].isupper():
        return lambda focus, _env: [found for one in focus for found in step(one, name)]
    return lambda focus, _env: [
        one for one in focus if (known := shape_of(one)) and is_type(known.name, name)
    ]


def _step(base: Path, name: str) -> Path:
    return lambda focus, env: [found for one in base(focus, env) for found in step(one, name)]


def _far_step(base: Path, name: str) -> Path:
    """A step that starts from the whole resource, wherever it stands: it may be taken again for each of many items."""

    def run(focus: Nodes, env: Env) -> Nodes:
        found = [deeper for one in base(focus, env) for deeper in step(one, name)]
        if env.budget:
            env.budget.spend(len(found))
        return found

    return run


def _from_variable(expression: Expression) -> bool:
    while isinstance(expression, Step) and expression.base is not None:
        expression = expression.base
    return isinstance(expression, Variable) and expression.name != "this"


def _index(base: Path, number: Path) -> Path:
    def run(focus: Nodes, env: Env) -> Nodes:
        at = number(focus, env)
        place = at[0].value if at else -1
        return base(focus, env)[place : place + 1] if type(place) is int and place >= 0 else []

    return run


def _call(call: Call, text: str) -> Path:
    base: Path = (lambda focus, _env: focus) if call.base is None else compiled(call.base, text)
    name, count = call.name, len(call.arguments)
    if name in ("is", "as", "ofType") and count == 1:
        wanted = functions.type_name(call.arguments[0], text)
        return functions.typed(name, base, wanted)
    if name == "getReferenceKey" and count == 1:
        kind = functions.type_name(call.arguments[0], text)
        return lambda focus, env: reference_key(base(focus, env), kind)
    arguments = [compiled(one, text) for one in call.arguments]
    if name in functions.PLAIN and count in functions.PLAIN[name][0]:
        return functions.plain(functions.PLAIN[name][1], base, arguments)
    if name in functions.LAMBDAS and count in functions.LAMBDAS[name][0]:
        return functions.LAMBDAS[name][1](base, arguments)
    raise UnknownPath(text, max(text.find(name), 0))


def _binary(expression: Binary, text: str) -> Path:
    left = compiled(expression.left, text)
    if expression.sign in ("is", "as"):
        assert isinstance(expression.right, Literal)
        return functions.typed(expression.sign, left, str(expression.right.value))
    right = compiled(expression.right, text)
    if logic := _LOGIC.get(expression.sign):
        return lambda focus, env: boolean(logic(truth(left(focus, env)), lambda: truth(right(focus, env))))
    if operation := _OPERATIONS.get(expression.sign):
        return lambda focus, env: operation(left(focus, env), right(focus, env))
    raise UnknownPath(text, max(text.find(expression.sign), 0))


Late: TypeAlias = Callable[[], bool | None]


def both(a: bool | None, late: Late) -> bool | None:
    """Three-valued `and`."""
    if a is False:
        return False
    b = late()
    return False if b is False else None if a is None or b is None else True


def either(a: bool | None, late: Late) -> bool | None:
    """Three-valued `or`."""
    if a is True:
        return True
    b = late()
    return True if b is True else None if a is None or b is None else False


def implies(a: bool | None, late: Late) -> bool | None:
    """Three-valued `implies`."""
    if a is False:
        return True
    b = late()
    return True if b is True else b if a is True else None


def differ(a: bool | None, late: Late) -> bool | None:
    """Three-valued `xor`."""
    b = late()
    return None if a is None or b is None else a is not b


_LOGIC: dict[str, Callable[[bool | None, Late], bool | None]] = {
    "and": both,
    "or": either,
    "implies": implies,
    "xor": differ,
}


def equals(left: Nodes, right: Nodes) -> bool | None:
    """Collections are equal when their items are, in order; with an empty side the answer is empty."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    answers = [equal(a, b) for a, b in zip(left, right, strict=True)]
    return False if False in answers else None if None in answers else True


def _differs(left: Nodes, right: Nodes) -> Nodes:
    same = equals(left, right)
    return [] if same is None else boolean(not same)


def _ordered(accept: Callable[[int], bool]) -> Callable[[Nodes, Nodes], Nodes]:
    def run(left: Nodes, right: Nodes) -> Nodes:
        if not left or not right:
            return []
        found = order(left[0], right[0])
        return [] if found is None else boolean(accept(found))

    return run


def _within(left: Nodes, right: Nodes) -> Nodes:
    return boolean(key(left[0]) in {key(one) for one in right}) if left else []


def _concatenated(left: Nodes, right: Nodes) -> Nodes:
    texts = (numbers.text_of(one.value) for one in (*left[:1], *right[:1]))
    return [Node(bounded("".join(texts)), "string")]


_OPERATIONS: dict[str, Callable[[Nodes, Nodes], Nodes]] = {
    "=": lambda left, right: boolean(equals(left, right)),
    "!=": _differs,
    "<": _ordered(lambda found: found < 0),
    "<=": _ordered(lambda found: found <= 0),
    ">": _ordered(lambda found: found > 0),
    ">=": _ordered(lambda found: found >= 0),
    "~": lambda left, right: boolean(alike(left, right)),
    "!~": lambda left, right: boolean(not alike(left, right)),
    "in": _within,
    "contains": lambda left, right: _within(right, left),
    "|": lambda left, right: functions.distinct([*left, *right]),
    "&": _concatenated,
    "+": numbers.sum_of,
    "-": numbers.difference,
    "*": numbers.product,
    "/": numbers.quotient,
    "div": numbers.whole_quotient,
    "mod": numbers.remainder,
}
