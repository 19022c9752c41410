"""What a PATCH sends: a JSON Patch, a JSON Merge Patch, or a FHIRPath Patch in JSON or XML; alone, or in a Bundle.

Source: https://hl7.org/fhir/R4/http.html#patch
"""

import base64
import binascii
from collections.abc import Callable
from functools import partial

from kakehashi.core.errors import BadRequest, Invalid, Malformed
from kakehashi.engines.records.sizes import require_size
from kakehashi.engines.records.wanted import Patch
from kakehashi.faces.api import formats
from kakehashi.faces.api.call import Call
from kakehashi.faces.api.failures import UnsupportedMedia
from kakehashi.faces.api.headers import media_of
from kakehashi.fhir.decode import decoded
from kakehashi.fhir.parse import Resource, parse
from kakehashi.fhir.patches import json_patch, merge_patch, path_patch, path_reading
from kakehashi.fhir.releases import require_r4
from kakehashi.services.sharing.rules.whole import is_submission

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
_BY_CONTENT = "application/json"  # Parameters are a FHIRPath Patch, any other object is a JSON Merge Patch


async def of_call(call: Call) -> tuple[bytes, Patch]:
    """Return the body as it was sent, and what it does. Raises Malformed, UnsupportedMedia, TooLarge, TooCostly."""
    media = call.header("content-type")
    if media_of(media) in (JSON_PATCH, MERGE_PATCH, _BY_CONTENT):
        body = await call.body_of()
        require_size(body, call.house.settings)
        return body, _of_media(media_of(media), body)
    try:
        formats.of_body(media or "none")
    except UnsupportedMedia:
        raise _other_media() from None
    resource = await call.resource()
    return resource.body, of_parameters(resource)


def of_json(body: bytes) -> Patch:
    """Return what a JSON Patch does. Raises Malformed, TooCostly."""
    return partial(_applied, partial(json_patch.apply, json_patch.read(body)))


def of_merge(body: bytes) -> Patch:
    """Return what a JSON Merge Patch does. Raises Malformed."""
    return partial(_applied, partial(merge_patch.apply, merge_patch.read(body)))


def _of_media(media: str, body: bytes) -> Patch:
    if media == JSON_PATCH:
        return of_json(body)
    if media == MERGE_PATCH:
        return of_merge(body)
    tree = decoded(body)
    if isinstance(tree, dict) and tree.get("resourceType") == "Parameters":
        return of_parameters(parse(body))
    return of_merge(body)


def of_parameters(parameters: Resource) -> Patch:
    """Return what a FHIRPath Patch does. Raises Malformed, TooCostly."""
    return partial(_applied, partial(path_patch.apply, path_reading.read(parameters)))


def of_entry(resource: Resource) -> tuple[str, bytes]:
    """Return media type and body of the patch that an entry of a Bundle carries. Raises Malformed.

    A JSON Patch or Merge Patch comes in a Binary, a FHIRPath Patch as the Parameters that it is.
    """
    if resource.type != "Binary":
        return "application/fhir+json", resource.body
    try:
        content = base64.b64decode(str(resource.tree.get("data", "")), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(
            "Binary.data が base64 ではありません。", "Binary.data is not base64.",
            rule="fhir.primitive", place="Binary.data",
        ) from None  # fmt: skip
    return str(resource.tree.get("contentType", "")), content


def in_entry(resource: Resource) -> Patch:
    """Return what the patch of an entry does. Raises Malformed, UnsupportedMedia, TooCostly."""
    media, body = of_entry(resource)
    if resource.type != "Binary":
        return of_parameters(resource)
    if media_of(media) not in (JSON_PATCH, MERGE_PATCH):
        raise _other_media()
    return _of_media(media_of(media), body)


def require_no_submission(resource: Resource) -> None:
    """Raise BadRequest for a Bundle of the sharing service, which comes by POST only."""
    if is_submission(resource):
        raise BadRequest(
            "電子カルテ情報共有サービスの Bundle は POST で送ってください。"
            "同じ Bundle.identifier の再送が前のものを置き換えます。",
            "POST a Bundle of the sharing service; a resend under the same Bundle.identifier replaces the former.",
            rule="sharing.put",
            place="Bundle.identifier",
        )


def _applied(change: Callable[[bytes], bytes], stored: Resource) -> Resource:
    try:
        resource = parse(change(stored.body))
    except Malformed as failure:
        raise Invalid(problems=failure.problems) from None
    require_r4(resource)
    require_no_submission(resource)
    return resource


def _other_media() -> UnsupportedMedia:
    return UnsupportedMedia(
        f"PATCH は {JSON_PATCH} (JSON Patch)、{MERGE_PATCH} か、Parameters (FHIRPath Patch) で送ってください。",
        f"Send a PATCH as {JSON_PATCH}, as {MERGE_PATCH}, or as Parameters (FHIRPath Patch) in "
        "application/fhir+json or +xml.",
        rule="http.content-type",
    )
