"""Which resources an `_include` brings: those that the resources of a page refer to.

Source: https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Iterable

from kakehashi.fhir.indexing.program import program
from kakehashi.fhir.parse import Resource
from kakehashi.search.plan import Include


def pointed_at(includes: Iterable[Include], resource: Resource) -> list[tuple[str, str]]:
    """Return (type, id) of what the resource refers to by the includes that are for its type, each once.

    References by URL and logical ones name no resource of this server and bring nothing.
    """
    asked = [one for one in includes if one.type in (resource.type, "*")]
    if not asked:
        return []
    compiled = program(resource.type)
    found: dict[tuple[str, str], None] = {}
    for place, values in compiled.extract(resource.tree).items():
        parameter = compiled.parameters[place]
        if parameter.kind != "reference":
            continue
        for include in asked:
            if include.parameter in (None, parameter):
                wanted = [(t, i) for t, i, *_ in values if t and i and include.target in (None, t)]
                found.update(dict.fromkeys(wanted))
    return list(found)
