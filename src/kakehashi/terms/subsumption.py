"""Which of two codes includes the other. Pure. Source: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html"""

from typing import Literal

from kakehashi.core.errors import Invalid
from kakehashi.terms.code_system import CodeSystem
from kakehashi.terms.refusals import cyclic_codes, unsupported

Outcome = Literal["equivalent", "subsumes", "subsumed-by", "not-subsumed"]


def subsumes(system: CodeSystem, first: str, second: str) -> Outcome:
    """Say how the first code stands to the second. Raises Invalid for a code that is not there, NotSupported."""
    if system.head.get("hierarchyMeaning") == "part-of":
        raise unsupported(
            "hierarchyMeaning",
            "このコード体系の階層は部分関係 (part-of) で、包含を意味しません。",
            "the hierarchy of this code system means part-of, which is no subsumption.",
        )
    if system.cyclic:
        raise cyclic_codes(system.url, system.cyclic)
    one, other = (place_of(system, code) for code in (first, second))
    if one == other:
        return "equivalent"
    if one in system.concepts.tree.above(other):
        return "subsumes"
    if other in system.concepts.tree.above(one):
        return "subsumed-by"
    return "not-subsumed"


def place_of(system: CodeSystem, code: str) -> int:
    """Return the place of a code. Raises Invalid."""
    place = system.concepts.find(code)
    if place is None:
        raise Invalid(
            f"コード {code} は {system.url} にありません。",
            f"There is no code {code} in {system.url}.",
            rule="terminology.code",
            place="code",
        )
    return place
