"""JSON to and fro for views: decimals keep the text that they were written in."""

from typing import Any

import msgspec
import orjson

from kakehashi.core.errors import Malformed
from kakehashi.fhir.parse import Tree, parse
from kakehashi.fhir.paths.numbers import Written

_DECODER = msgspec.json.Decoder(float_hook=Written)


def decoded(body: bytes) -> Tree:
    """Return the JSON of a resource. Raises Malformed."""
    try:
        tree: Any = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return parse(body).tree  # says what is wrong
    if not isinstance(tree, dict):
        raise Malformed(
            "リソース (JSON のオブジェクト) ではありません。",
            "This is no resource (a JSON object).",
            rule="json.object",
        )
    return tree


def written(value: object) -> bytes:
    """Return values as JSON, decimals as they were written."""
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Written):
        return orjson.Fragment(value.text.encode())
    raise TypeError
