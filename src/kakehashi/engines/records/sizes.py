"""How large a resource may be: one that is no Bundle and no Binary has a limit of its own, far below a transaction's.

What is too large is refused before it is decoded, so that a hostile body costs no more than being received. Pure.
"""

import re

from kakehashi.core.errors import Problem, TooLarge
from kakehashi.fhir.parse import Resource

_MAY_BE_LARGE = frozenset({"Binary", "Bundle"})
_SAYS_SO = re.compile(rb'"resourceType"\s*:\s*"(?:Binary|Bundle)"')


def require_size(body: bytes, most: int) -> None:
    """Raise TooLarge for more than `most` bytes in which no Binary and no Bundle is named: nothing is decoded."""
    if len(body) > most and not _SAYS_SO.search(body):
        raise TooLarge(problems=[_too_large("", most)])


def size_problem(resource: Resource, most: int) -> Problem | None:
    """Return what is wrong with the size of a resource that was read, None when it is well."""
    if len(resource.body) <= most or resource.type in _MAY_BE_LARGE:
        return None
    return _too_large(resource.type, most)


def _too_large(place: str, most: int) -> Problem:
    return Problem(
        "record.size",
        place,
        f"1つのリソースは {most >> 20} MB までです (Binary と Bundle を除く)。添付は Binary に分けてください。",
        f"A resource may have {most >> 20} MB at most (but for Binary and Bundle); put attachments into a Binary.",
        "too-long",
    )
