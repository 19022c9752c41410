"""How large a resource may be: a Bundle, a Binary, terminology and all others have limits, the last by far the lowest.

What is too large is refused before it is decoded, so that a hostile body costs no more than being received. Pure.
"""

import re

from kakehashi.core.errors import Problem, TooLarge
from kakehashi.core.settings import Settings
from kakehashi.fhir.parse import Resource

_MAY_BE_LARGE = frozenset({"Binary", "Bundle", "CodeSystem", "ConceptMap", "ValueSet"})


def _saying(*names: str) -> re.Pattern[bytes]:
    """What stands in JSON or XML of one of these types. Each step is taken once: a hostile body costs one pass."""
    some = "|".join(sorted(names)).encode()
    return re.compile(rb'"resourceType"\s*+:\s*+"(?:%b)"|<(?:[\w.-]++:)?(?:%b)[\s/>]' % (some, some))


_SAYS_SO, _SAYS_BUNDLE = _saying(*_MAY_BE_LARGE), _saying("Bundle")


def require_size(body: bytes, settings: Settings) -> None:
    """Raise TooLarge for too many bytes (JSON or XML), by the types that are named in them: nothing is decoded."""
    if len(body) > settings.max_resource_bytes and not _SAYS_SO.search(body):
        raise TooLarge(problems=[_too_large("", settings.max_resource_bytes)])
    if len(body) > settings.max_bundle_bytes and _SAYS_BUNDLE.search(body):
        raise TooLarge(
            f"Bundle は {settings.max_bundle_mb} MB までです。分けて送ってください。"
            "大きな添付は Binary として単独で送れます。",
            f"A Bundle may have {settings.max_bundle_mb} MB at most; send it in parts, or a large attachment "
            "as a Binary by itself.",
            rule="record.bundle-size",
            place="Bundle",
        )


def size_problem(resource: Resource, most: int) -> Problem | None:
    """Return what is wrong with the size of a resource that was read, None when it is well."""
    if len(resource.body) <= most or resource.type in _MAY_BE_LARGE:
        return None
    return _too_large(resource.type, most)


def _too_large(place: str, most: int) -> Problem:
    return Problem(
        "record.size",
        place,
        f"1つのリソースは {most >> 20} MB までです (Binary、Bundle、用語を除く)。添付は Binary に分けてください。",
        f"A resource may have {most >> 20} MB at most (but Binary, Bundle, terminology); put attachments in a Binary.",
        "too-long",
    )
