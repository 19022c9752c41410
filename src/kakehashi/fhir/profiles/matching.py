"""Fixed and pattern values. Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_."""

from collections.abc import Callable
from typing import Any

from kakehashi.fhir.profiles.model import Json


def same(wanted: Json, value: Any) -> bool:
    """Say whether a value is exactly the one wanted: the same members, the same items in the same order."""
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and wanted.keys() == value.keys()
            and all(same(one, value[name]) for name, one in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(wanted) == len(value)
            and all(same(one, given) for one, given in zip(wanted, value, strict=True))
        )
    return _same_primitive(wanted, value)


def fits(pattern: Json, value: Any) -> bool:
    """Say whether a value holds at least what the pattern holds; each item of a list somewhere among the value's."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and fits(one, value[name]) for name, one in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(fits(one, given) for given in value) for one in pattern)
    return _same_primitive(pattern, value)


def _same_primitive(wanted: Json, value: Any) -> bool:
    """JSON's true is not its 1, although Python's are equal."""
    return isinstance(wanted, bool) is isinstance(value, bool) and bool(wanted == value)


def test_of(fixed: Json, pattern: Json) -> Callable[[Any], bool] | None:
    """Return the test that a fixed or a pattern value is, None where neither is given."""
    if fixed is not None:
        if isinstance(fixed, str):
            return lambda value: bool(value == fixed)
        return lambda value: same(fixed, value)
    if pattern is not None:
        if isinstance(pattern, str):
            return lambda value: bool(value == pattern)
        return lambda value: fits(pattern, value)
    return None
