"""What Bundles must keep beyond their invariants. Source: https://hl7.org/fhir/R4/bundle.html#bundle-unique."""

import re
from typing import Any

from kakehashi.fhir.types import NUMBER

_REST = re.compile(r"https?://\S+/(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})", re.ASCII)


def full_url_agrees(entry: dict[str, Any]) -> bool:
    """Say whether fullUrl, where it is a RESTful address, names the entry's resource."""
    match = _REST.fullmatch(entry.get("fullUrl", ""))
    resource = entry.get("resource")
    if not match or match["type"] not in NUMBER or not resource or "id" not in resource:
        return True
    return bool(match["type"] == resource["resourceType"] and match["id"] == resource["id"])
