"""Values of primitives, from an XML attribute to what JSON writes. Source: https://hl7.org/fhir/R4/json.html#primitive"""

import math
import re
from collections.abc import Callable

import orjson

from kakehashi.fhir.xml.names import Unfit

Convert = Callable[[str], object]

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"0|[-+]?[1-9][0-9]{0,17}", re.ASCII)
_BOOLEAN = {"true": True, "false": False}


def _boolean(text: str) -> bool:
    value = _BOOLEAN.get(text)
    if value is None:
        raise Unfit("value", "boolean")
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Unfit("value", "integer")
    return int(text)


def _decimal(text: str) -> orjson.Fragment:
    """Keep the number as it is written: 1.10 is not 1.1."""
    if not _DECIMAL.fullmatch(text) or math.isinf(float(text)):
        raise Unfit("value", "decimal")
    return orjson.Fragment(text)


CONVERT: dict[str, Convert] = {
    "boolean": _boolean,
    "decimal": _decimal,
    **dict.fromkeys(("integer", "positiveInt", "unsignedInt"), _integer),
}
"""Primitive types that JSON does not write as strings. All others are their text; validation looks at its form."""
