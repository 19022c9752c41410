"""Texts taken apart, trimmed and written otherwise.

Sources: FHIRPath N1, "String manipulation"; 3.0.0 (draft) for `encode`, `escape` and their ways back, `trim`, `split`.
"""

import base64
import binascii
import html
from collections.abc import Callable, Sequence
from typing import TypeAlias

import orjson

from kakehashi.fhir.paths.costs import bounded
from kakehashi.fhir.paths.nodes import Env, Node, Nodes

Plain: TypeAlias = Callable[[Nodes, Env, Sequence[Nodes]], Nodes]
Rewriting: TypeAlias = Callable[[str], str]


def _characters(nodes: Nodes, env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    return _paid(_text(nodes) or "", env)


def _trimmed(nodes: Nodes, _env: Env, _arguments: Sequence[Nodes]) -> Nodes:
    text = _text(nodes)
    return [] if text is None else [Node(text.strip(), "string")]


def _split(nodes: Nodes, env: Env, arguments: Sequence[Nodes]) -> Nodes:
    text, between = _text(nodes), _text(arguments[0])
    if text is None or between is None:
        return []
    return _paid(text.split(between) if between else text, env)


def _rewritten(ways: dict[str, Rewriting]) -> Plain:
    def run(nodes: Nodes, _env: Env, arguments: Sequence[Nodes]) -> Nodes:
        text, way = _text(nodes), ways.get(_text(arguments[0]) or "")
        if text is None or way is None:
            return []
        try:
            return [Node(bounded(way(text)), "string")]
        except ValueError:
            return []

    return run


def _paid(parts: Sequence[str], env: Env) -> Nodes:
    """Return the parts of a text, each paid for: a text can have a million."""
    if env.budget:
        env.budget.spend(len(parts))
    return [Node(one, "string") for one in parts]


def _text(nodes: Nodes) -> str | None:
    value = nodes[0].value if len(nodes) == 1 else None
    return value if isinstance(value, str) else None


def _unhexed(text: str) -> str:
    return bytes.fromhex(text).decode()


def _unbased(text: str, signs: bytes) -> str:
    try:
        return base64.b64decode(text, altchars=signs, validate=True).decode()
    except binascii.Error:
        raise ValueError from None


def _unescaped(text: str) -> str:
    return str(orjson.loads(f'"{text}"'))


_ENCODE: dict[str, Rewriting] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "urlbase64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}
_DECODE: dict[str, Rewriting] = {
    "base64": lambda text: _unbased(text, b"+/"),
    "urlbase64": lambda text: _unbased(text, b"-_"),
    "hex": _unhexed,
}
_ESCAPE: dict[str, Rewriting] = {
    "html": lambda text: html.escape(text, quote=False).replace('"', "&quot;"),
    "json": lambda text: orjson.dumps(text).decode()[1:-1],
}
_UNESCAPE: dict[str, Rewriting] = {"html": html.unescape, "json": _unescaped}

TEXTS: dict[str, tuple[tuple[int, ...], Plain]] = {
    "toChars": ((0,), _characters),
    "trim": ((0,), _trimmed),
    "split": ((1,), _split),
    "encode": ((1,), _rewritten(_ENCODE)),
    "decode": ((1,), _rewritten(_DECODE)),
    "escape": ((1,), _rewritten(_ESCAPE)),
    "unescape": ((1,), _rewritten(_UNESCAPE)),
}
