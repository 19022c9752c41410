"""What an expression that somebody else wrote may cost: steps, and the length of texts.

Only what can multiply is counted: functions that evaluate their argument for each item, `descendants`, and steps from
a variable, which start from the whole resource however deep they stand. Everything else is bounded by the length of the
expression times the size of the resource.
"""

from kakehashi.core.errors import TooCostly
from kakehashi.fhir.primitives import LONGEST

DEEPEST = 256  # rounds of `repeat`; JSON nests no deeper (fhir/malformed.py)
_REPLACED = 64 << 20  # characters that a replacement may have to write, at the worst


class Budget:
    """Steps that are left. Expressions of R4 and of installed profiles have none, and are not counted."""

    __slots__ = ("left",)

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take steps away. Raises TooCostly."""
        self.left -= steps
        if self.left < 0:
            raise too_costly()


def bounded(text: str) -> str:
    """Return a text that is not longer than R4's strings may be. Raises TooCostly."""
    if len(text) > LONGEST:
        raise too_costly()
    return text


def require_replaceable(text: str, by: str) -> None:
    """Raise TooCostly where replacing could write far too much."""
    if (len(text) + 1) * (len(by) + 1) > _REPLACED:
        raise too_costly()


def too_costly() -> TooCostly:
    """Return the refusal of an expression that takes too much."""
    return TooCostly(
        "この FHIRPath は 1 件のリソースに手間がかかりすぎます。式を簡単にしてください。",
        "This FHIRPath takes too much work on one resource; make it simpler.",
        rule="fhirpath.cost",
    )
