"""Bundles put together from stored bytes: the resources go in as they are stored, nothing is written anew."""

from collections.abc import Iterable, Sequence

import orjson

from kakehashi.core.clock import fhir_instant
from kakehashi.faces.api.answer import etag
from kakehashi.store.rows import Row, item

Link = tuple[str, str]  # relation, URL


def bundle(
    kind: str,
    entries: Iterable[bytes],
    *,
    links: Sequence[Link] = (),
    total: int | None = None,
    more: bytes = b"",
) -> bytes:
    """Return a Bundle of ready entries. `more`: further members, each ending in a comma."""
    listed = b",".join(entries)
    parts = [b'{"resourceType":"Bundle","type":"', kind.encode(), b'",', more]
    if total is not None:
        parts.append(b'"total":%d,' % total)
    if links:
        parts += [b'"link":', orjson.dumps([{"relation": name, "url": url} for name, url in links]), b","]
    if listed:
        parts += [b'"entry":[', listed, b"]}"]
        return b"".join(parts)
    return b"".join(parts)[:-1] + b"}"


def entry(
    base: str, resource_type: str, resource_id: str, body: bytes, mode: str = "", score: float | None = None
) -> bytes:
    """Return an entry with a resource; `mode` is that of a search ("match", "include"), `score` how well it matches."""
    head = b'{"fullUrl":"%b/%b/%b","resource":' % (
        base.encode(),
        resource_type.encode(),
        resource_id.encode(),
    )
    said = b"" if score is None else b',"score":%.4f' % score
    tail = b',"search":{"mode":"%b"%b}}' % (mode.encode(), said) if mode else b"}"
    return head + body + tail


def outcome_entry(body: bytes) -> bytes:
    """Return the entry of a searchset that speaks of the search itself."""
    return b'{"resource":' + body + b',"search":{"mode":"outcome"}}'


def history_entry(base: str, row: Row) -> bytes:
    """Return an entry of a history. A deletion has no resource.

    Whether a first version came by POST or PUT is not kept; it is given as POST.
    """
    address = f"{row.type}/{row.id}"
    if row.deleted:
        method, url, status = "DELETE", address, "204"
    elif row.version == 1:
        method, url, status = "POST", row.type, "201"
    else:
        method, url, status = "PUT", address, "200"
    said = {
        "request": {"method": method, "url": url},
        "response": {
            "status": status, "etag": etag(row.version), "lastModified": fhir_instant(row.changed_at),
        },
    }  # fmt: skip
    resource = b"" if row.deleted else b'"resource":' + row.body + b","
    return b'{"fullUrl":"%b/%b",' % (base.encode(), address.encode()) + resource + orjson.dumps(said)[1:]


def response_entry(
    status: str,
    *,
    location: str = "",
    version: int = 0,
    changed: str = "",
    body: bytes = b"",
    outcome: bytes = b"",
) -> bytes:
    """Return an entry of a transaction-response or batch-response."""
    said: dict[str, object] = {"status": status}
    if location:
        said["location"] = location
    if version:
        said["etag"] = etag(version)
    if changed:
        said["lastModified"] = changed
    response = orjson.dumps(said)
    if outcome:
        response = response[:-1] + b',"outcome":' + outcome + b"}"
    return b"{" + (b'"resource":' + body + b"," if body else b"") + b'"response":' + response + b"}"


def version_path(resource_type: str, resource_id: str, version: int) -> str:
    """Return `Type/id/_history/version`."""
    return item(resource_type, resource_id, version)
