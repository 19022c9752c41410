"""References inside one transaction: `urn:uuid:…` (or any fullUrl) becomes the id that the store gave.

So do addresses of attachments and links in narratives that name an entry by `urn:…`; not a `url` that is the
canonical address of a definition, nor an identifier that happens to be the same.

Only the text of the reference itself changes; every other byte stays as it was received.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Mapping
from functools import partial

import orjson

from kakehashi.fhir.parse import Resource

_REFERENCE = re.compile(rb'("reference"\s*:\s*")([^"\\]{1,2000})(")')
_ADDRESS = re.compile(rb'("(?:url|uri|valueUr[il])"\s*:\s*"|(?:href|src)=\\")(urn:[^"\\]{1,200})(\\?")')


def rewritten(resource: Resource, names: Mapping[str, str]) -> Resource:
    """Return the resource with each reference that is in `names` replaced (`Type/id`); itself if there is none."""
    body = resource.body
    if names and b'"reference"' in body:
        body = _REFERENCE.sub(partial(_replaced, names), body)
    if names and b"urn:" in body:
        body = _ADDRESS.sub(partial(_replaced, names), body)
    if body == resource.body:
        return resource
    return Resource(resource.type, resource.id, body, orjson.loads(body))  # read and found good before


def conditional(resource: Resource) -> list[str]:
    """Return the conditional references (`Patient?identifier=…`) of a resource, each once, in order."""
    if b"?" not in resource.body:
        return []
    found = (match[2].decode() for match in _REFERENCE.finditer(resource.body))
    return list(dict.fromkeys(one for one in found if "?" in one and not one.startswith(("http:", "https:"))))


def _replaced(names: Mapping[str, str], match: re.Match[bytes]) -> bytes:
    new = names.get(match[2].decode())
    return match[0] if new is None else match[1] + new.encode() + match[3]
