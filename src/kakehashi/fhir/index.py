"""What search needs to know of a resource: `index(resource)`. The parts are in `indexing/`.

Source: https://hl7.org/fhir/R4/search.html, https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from kakehashi.fhir.indexing.entries import Index, entries
from kakehashi.fhir.parse import Resource

__all__ = ["Index", "index"]


def index(resource: Resource) -> Index:
    """Return the index entries of a valid resource; an unknown type has none."""
    return entries(resource.type, resource.tree)
