"""The functions of FHIRPath. PLAIN take and give nodes; LAMBDAS evaluate their arguments for each item."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import re2

from kakehashi.fhir.paths.boundaries import boundary
from kakehashi.fhir.paths.conversions import CONVERSIONS
from kakehashi.fhir.paths.costs import DEEPEST, bounded, require_replaceable, too_costly
from kakehashi.fhir.paths.keys import reference_key, resource_key
from kakehashi.fhir.paths.mathematics import MATHEMATICS
from kakehashi.fhir.paths.nodes import Env, Node, Nodes, children, descendants, shape_of
from kakehashi.fhir.paths.numbers import text_of
from kakehashi.fhir.paths.syntax import Expression, Step, UnknownPath
from kakehashi.fhir.paths.texts import TEXTS
from kakehashi.fhir.paths.values import key
from kakehashi.fhir.shapes import is_type
from kakehashi.fhir.types import NUMBER

Path: TypeAlias = Callable[[Nodes, Env], Nodes]
Plain: TypeAlias = Callable[[Nodes, Env, Sequence[Nodes]], Nodes]

TRUE, FALSE = [Node(True, "boolean")], [Node(False, "boolean")]


def type_name(argument: Expression, text: str) -> str:
    """Return the type that an argument names: `Patient`, `FHIR.Patient`."""
    if isinstance(argument, Step):
        return argument.name
    raise UnknownPath(text, 0)


def typed(name: str, base: Path, wanted: str) -> Path:
    """`is` answers (of nothing: false, since R4's invariants are written so, ras-2), `as` and `ofType` filter."""
    if name == "is":
        return lambda focus, env: _answer(any(has_type(node, wanted) for node in base(focus, env)[:1]))
    return lambda focus, env: [node for node in base(focus, env) if has_type(node, wanted)]


def has_type(node: Node, wanted: str) -> bool:
    """Say whether a node is of a type or one that specialises it; `Boolean` (System) is `boolean` (FHIR)."""
    known = shape_of(node)
    name = known.name if known else node.type
    return is_type(name, wanted) or name.lower() == wanted.lower()


def plain(function: Plain, base: Path, arguments: list[Path]) -> Path:
    """Return the path that applies a plain function."""
    if not arguments:
        return lambda focus, env: function(base(focus, env), env, ())
    return lambda focus, env: function(base(focus, env), env, [one(focus, env) for one in arguments])


def distinct(nodes: Nodes) -> Nodes:
    """Return the nodes without repetitions, in order."""
    return list({key(node): node for node in reversed(nodes)}.values())[::-1]


def _answer(value: bool) -> Nodes:
    return TRUE if value else FALSE


def _holds(nodes: Nodes) -> bool:
    return bool(nodes) and nodes[0].value is not False


def _paid(nodes: Nodes, env: Env) -> Nodes:
    """Return the nodes that an argument is evaluated for, each paid for."""
    if env.budget:
        env.budget.spend(len(nodes) + 1)
    return nodes


def _where(base: Path, arguments: list[Path]) -> Path:
    condition = arguments[0]
    return lambda focus, env: [one for one in _paid(base(focus, env), env) if _holds(condition([one], env))]


def _select(base: Path, arguments: list[Path]) -> Path:
    projection = arguments[0]
    return lambda focus, env: [
        found for one in base(focus, env) for found in _paid(projection([one], env), env)
    ]


def _all(base: Path, arguments: list[Path]) -> Path:
    condition = arguments[0]
    return lambda focus, env: _answer(
        all(_holds(condition([one], env)) for one in _paid(base(focus, env), env))
    )


def _exists_where(base: Path, arguments: list[Path]) -> Path:
    condition = arguments[0]
    return lambda focus, env: _answer(
        any(_holds(condition([one], env)) for one in _paid(base(focus, env), env))
    )


def _iif(base: Path, arguments: list[Path]) -> Path:
    condition, yes, *no = arguments

    def run(focus: Nodes, env: Env) -> Nodes:
        found = base(focus, env)
        if _holds(condition(found, env)):
            return yes(found, env)
        return no[0](found, env) if no else []

    return run


def _repeat(base: Path, arguments: list[Path]) -> Path:
    """What was found before is not gone into again (N1), so that `repeat($this)` ends."""
    projection = arguments[0]

    def run(focus: Nodes, env: Env) -> Nodes:
        found: dict[object, Node] = {}
        fresh = base(focus, env)
        for _ in range(DEEPEST):
            deeper = [more for one in fresh for more in _paid(projection([one], env), env)]
            new = {key(one): one for one in reversed(deeper)}
            fresh = [one for name, one in reversed(new.items()) if name not in found]
            if not fresh:
                return list(found.values())
            found |= {key(one): one for one in fresh}
        raise too_costly()

    return run


def _descendants(nodes: Nodes, env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    return _paid([deep for one in nodes for deep in descendants(one)], env)


LAMBDAS: dict[str, tuple[tuple[int, ...], Callable[[Path, list[Path]], Path]]] = {
    "where": ((1,), _where),
    "select": ((1,), _select),
    "all": ((1,), _all),
    "exists": ((1,), _exists_where),
    "iif": ((2, 3), _iif),
    "repeat": ((1,), _repeat),
}


def _text(test: Callable[[str, str], bool]) -> Plain:
    """A test of texts: of no text it is false, not empty, since R4's invariants are written so (bdl-8, ref-1)."""

    def run(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
        if not nodes or not arguments[0]:
            return FALSE
        return _answer(test(str(nodes[0].value), str(arguments[0][0].value)))

    return run


def _not(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    return _answer(nodes[0].value is False) if nodes else []


def _join(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    """The texts in one, with what stands between them; of nothing it is the empty text."""
    between = str(arguments[0][0].value) if arguments and arguments[0] else ""
    texts = [text_of(one.value) for one in nodes if one.value is not None]
    return [Node(bounded(between.join(texts)), "string")]


def _substring(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    if not nodes or not arguments[0]:
        return []
    text, start = str(nodes[0].value), arguments[0][0].value
    end = start + arguments[1][0].value if len(arguments) > 1 and arguments[1] else len(text)
    return [Node(text[start:end], "string")] if 0 <= start < len(text) else []


def _index_of(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    if not nodes or not arguments[0]:
        return []
    return [Node(str(nodes[0].value).find(str(arguments[0][0].value)), "integer")]


def _replace(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    if not nodes or not all(arguments):
        return []
    old, new = (str(one[0].value) for one in arguments)
    text = str(nodes[0].value)
    require_replaceable(text, new)
    return [Node(bounded(text.replace(old, new)), "string")]


def _replace_matches(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    if not nodes or not all(arguments):
        return []
    pattern, by = (str(one[0].value) for one in arguments)
    text = str(nodes[0].value)
    require_replaceable(text, by)
    return [Node(bounded(re2.sub(pattern, by, text)), "string")]


def _matches(text: str, pattern: str) -> bool:
    """RE2: its time grows with the text only, whatever the pattern."""
    return re2.search(pattern, text) is not None


def _resolve(nodes: Nodes, env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    """The target as far as the resource itself tells: contained resources whole, others only by their type."""
    found = (_target(node, env) for node in nodes)
    return [one for one in found if one]


def _target(node: Node, env: Env) -> Node | None:
    text = node.value.get("reference") if isinstance(node.value, dict) else node.value
    if not isinstance(text, str):
        return None
    if text.startswith("#"):
        inside = env.root.value.get("contained") or ()
        return next((Node(one, "Resource") for one in inside if one.get("id") == text[1:]), None)
    parts = text.partition("/_history/")[0].split("/")
    if len(parts) > 1 and parts[-2] in NUMBER:
        return Node({"resourceType": parts[-2], "id": parts[-1]}, "Resource")
    return None


def _intersect(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    wanted = {key(one) for one in arguments[0]}
    return distinct([one for one in nodes if key(one) in wanted])


def _exclude(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    barred = {key(one) for one in arguments[0]}
    return [one for one in nodes if key(one) not in barred]


def _subset_of(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    return _answer({key(one) for one in nodes} <= {key(one) for one in arguments[0]})


def _count_of(arguments: Sequence[Nodes]) -> int:
    """The number that `skip` and `take` are given; none is 0."""
    return max(int(arguments[0][0].value), 0) if arguments[0] else 0


def _extension(nodes: Nodes, env: Env, arguments: Sequence[Nodes]) -> Nodes:
    url = arguments[0][0].value if arguments[0] else None
    found: Nodes = []
    for node in nodes:
        owner = node.value if isinstance(node.value, dict) else node.shadow or {}
        found += [Node(one, "Extension") for one in owner.get("extension", ()) if one.get("url") == url]
    return found


def _superset_of(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
    return _answer({key(one) for one in nodes} >= {key(one) for one in arguments[0]})


def _truths(wanted: bool, among: Callable[[Iterable[bool]], bool]) -> Plain:
    """`allTrue()` and its like."""
    return lambda nodes, _env, _args: _answer(among(one.value is wanted for one in nodes))


PLAIN: dict[str, tuple[tuple[int, ...], Plain]] = {
    **CONVERSIONS,
    **MATHEMATICS,
    **TEXTS,
    "allTrue": ((0,), _truths(True, all)),
    "anyTrue": ((0,), _truths(True, any)),
    "allFalse": ((0,), _truths(False, all)),
    "anyFalse": ((0,), _truths(False, any)),
    "supersetOf": ((1,), _superset_of),
    "exists": ((0,), lambda nodes, _env, _args: _answer(bool(nodes))),
    "empty": ((0,), lambda nodes, _env, _args: _answer(not nodes)),
    "not": ((0,), _not),
    "count": ((0,), lambda nodes, _env, _args: [Node(len(nodes), "integer")]),
    "first": ((0,), lambda nodes, _env, _args: nodes[:1]),
    "last": ((0,), lambda nodes, _env, _args: nodes[-1:]),
    "tail": ((0,), lambda nodes, _env, _args: nodes[1:]),
    "hasValue": ((0,), lambda nodes, _env, _args: _answer(len(nodes) == 1 and _valued(nodes[0]))),
    "distinct": ((0,), lambda nodes, _env, _args: distinct(nodes)),
    "isDistinct": ((0,), lambda nodes, _env, _args: _answer(len({key(one) for one in nodes}) == len(nodes))),
    "children": ((0,), lambda nodes, _env, _args: [child for one in nodes for child in children(one)]),
    "descendants": ((0,), _descendants),
    "combine": ((1,), lambda nodes, _env, args: [*nodes, *args[0]]),
    "union": ((1,), lambda nodes, _env, args: distinct([*nodes, *args[0]])),
    "intersect": ((1,), _intersect),
    "exclude": ((1,), _exclude),
    "subsetOf": ((1,), _subset_of),
    "skip": ((1,), lambda nodes, _env, args: nodes[_count_of(args) :]),
    "take": ((1,), lambda nodes, _env, args: nodes[: _count_of(args)]),
    "indexOf": ((1,), _index_of),
    "replace": ((2,), _replace),
    "trace": ((1, 2), lambda nodes, _env, _args: nodes),
    "startsWith": ((1,), _text(str.startswith)),
    "endsWith": ((1,), _text(str.endswith)),
    "contains": ((1,), _text(str.__contains__)),
    "matches": ((1,), _text(_matches)),
    "replaceMatches": ((2,), _replace_matches),
    "substring": ((1, 2), _substring),
    "length": ((0,), lambda nodes, _env, _args: [Node(len(str(one.value)), "integer") for one in nodes[:1]]),
    "lower": ((0,), lambda nodes, _env, _args: [Node(str(one.value).lower(), "string") for one in nodes[:1]]),
    "upper": ((0,), lambda nodes, _env, _args: [Node(str(one.value).upper(), "string") for one in nodes[:1]]),
    "resolve": ((0,), _resolve),
    "extension": ((1,), _extension),
    "join": ((0, 1), _join),
    "lowBoundary": ((0,), lambda nodes, _env, _args: boundary(nodes, low=True)),
    "highBoundary": ((0,), lambda nodes, _env, _args: boundary(nodes, low=False)),
    "getResourceKey": ((0,), lambda nodes, _env, _args: resource_key(nodes)),
    "getReferenceKey": ((0,), lambda nodes, _env, _args: reference_key(nodes)),
}


def _valued(node: Node) -> bool:
    return node.value is not None and not isinstance(node.value, dict)
